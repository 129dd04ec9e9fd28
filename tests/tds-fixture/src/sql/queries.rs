//! Parses SELECT and what it selects from.

use super::ast::{Body, Expr, Item, Query, Select, Table};
use super::lexer::Token;
use super::parser::Parser;
use crate::error::SqlError;

impl Parser<'_> {
    /// WITH, SELECT, UNION, ORDER BY.
    pub(crate) fn query(&mut self) -> Result<Query, SqlError> {
        self.nested(|parser| {
            let with = parser.with()?;
            parser.query_after(with)
        })
    }

    /// The common table expressions before a statement.
    pub(crate) fn with(&mut self) -> Result<Vec<(String, Vec<String>, Query)>, SqlError> {
        let mut with = Vec::new();
        if self.words("with") {
            loop {
                let name = self.identifier()?;
                let columns = if self.is_symbol("(") { self.identifiers()? } else { Vec::new() };
                self.expect_words("as")?;
                self.expect("(")?;
                let query = self.query()?;
                self.expect(")")?;
                with.push((name, columns, query));
                if !self.symbol(",") {
                    break;
                }
            }
        }
        Ok(with)
    }

    pub(crate) fn query_after(&mut self, with: Vec<(String, Vec<String>, Query)>) -> Result<Query, SqlError> {
        let body = self.body()?;
        let order = self.order_by()?;
        let mut offset = None;
        let mut fetch = None;
        if self.words("offset") {
            offset = Some(self.expression()?);
            let _ = self.words("rows") || self.words("row");
            if self.words("fetch") {
                let _ = self.words("next") || self.words("first");
                fetch = Some(self.expression()?);
                let _ = self.words("rows") || self.words("row");
                self.expect_words("only")?;
            }
        }
        if self.words("option") {
            self.parenthesized()?;
        }
        Ok(Query { with, body, order, offset, fetch })
    }

    fn body(&mut self) -> Result<Body, SqlError> {
        let mut left = self.body_part()?;
        loop {
            let operator = if self.words("union all") {
                "UNION ALL"
            } else if self.words("union") {
                "UNION"
            } else if self.words("except") {
                "EXCEPT"
            } else if self.words("intersect") {
                "INTERSECT"
            } else {
                return Ok(left);
            };
            left = Body::Both { operator, left: Box::new(left), right: Box::new(self.body_part()?) };
        }
    }

    fn body_part(&mut self) -> Result<Body, SqlError> {
        if self.symbol("(") {
            let query = self.query()?;
            self.expect(")")?;
            return Ok(Body::Nested(Box::new(query)));
        }
        if self.words("values") {
            return Ok(Body::Values(self.rows()?));
        }
        self.expect_words("select")?;
        let mut select = Select { distinct: self.words("distinct"), ..Select::default() };
        self.words("all");
        select.top = self.top()?;
        select.items = self.items()?;
        if self.words("into") {
            select.into = Some(self.name()?);
        }
        if self.words("from") {
            select.from = self.tables()?;
        }
        if self.words("where") {
            select.filter = Some(self.expression()?);
        }
        if self.words("group by") {
            select.group = self.expression_list()?;
        }
        if self.words("having") {
            select.having = Some(self.expression()?);
        }
        if self.is_word("for") && !self.is_word_at(1, "browse") {
            return Err(SqlError::lacks("FOR XML and FOR JSON"));
        }
        Ok(Body::Select(Box::new(select)))
    }

    pub(crate) fn top(&mut self) -> Result<Option<Expr>, SqlError> {
        if !self.words("top") {
            return Ok(None);
        }
        let count = if self.symbol("(") {
            let count = self.expression()?;
            self.expect(")")?;
            count
        } else {
            match self.next() {
                Token::Number(text) => Expr::Number(text),
                Token::Variable(name) => Expr::Variable(name.to_lowercase()),
                _ => return Err(self.wrong()),
            }
        };
        if self.words("percent") {
            return Err(SqlError::lacks("TOP … PERCENT"));
        }
        self.words("with ties");
        Ok(Some(count))
    }

    /// `(1, 2), (3, 4)`
    fn rows(&mut self) -> Result<Vec<Vec<Expr>>, SqlError> {
        let mut rows = Vec::new();
        loop {
            self.expect("(")?;
            let mut row = Vec::new();
            loop {
                // DEFAULT is a call without arguments to the compiler.
                row.push(if self.words("default") {
                    Expr::Column(super::ast::Name(vec!["default".into()]))
                } else {
                    self.expression()?
                });
                if !self.symbol(",") {
                    break;
                }
            }
            rows.push(row);
            self.expect(")")?;
            if !self.symbol(",") {
                return Ok(rows);
            }
        }
    }

    pub(crate) fn items(&mut self) -> Result<Vec<Item>, SqlError> {
        let mut items = Vec::new();
        loop {
            items.push(self.item()?);
            if !self.symbol(",") {
                return Ok(items);
            }
        }
    }

    fn item(&mut self) -> Result<Item, SqlError> {
        // `@x = …` assigns, `name = …` names.
        if matches!(self.peek_at(1), Token::Symbol("=")) {
            match self.peek().clone() {
                Token::Variable(name) => {
                    self.next();
                    self.next();
                    return Ok(Item { value: self.expression()?, alias: None, assigns: Some(name.to_lowercase()) });
                }
                Token::Word(name) | Token::Quoted(name) | Token::Text(name, _) => {
                    self.next();
                    self.next();
                    return Ok(Item { value: self.expression()?, alias: Some(name), assigns: None });
                }
                _ => {}
            }
        }
        let value = self.expression()?;
        Ok(Item { value, alias: self.alias()?, assigns: None })
    }

    fn alias(&mut self) -> Result<Option<String>, SqlError> {
        if self.words("as") {
            if let Token::Text(text, _) = self.peek().clone() {
                self.next();
                return Ok(Some(text));
            }
            return self.identifier().map(Some);
        }
        match self.peek().clone() {
            Token::Word(word) if !super::parser::is_reserved(&word) && !is_statement(&word) => {
                self.next();
                Ok(Some(word))
            }
            Token::Quoted(word) => {
                self.next();
                Ok(Some(word))
            }
            Token::Text(word, _) => {
                self.next();
                Ok(Some(word))
            }
            _ => Ok(None),
        }
    }

    pub(crate) fn tables(&mut self) -> Result<Vec<Table>, SqlError> {
        let mut tables = vec![self.joined()?];
        while self.symbol(",") {
            tables.push(self.joined()?);
        }
        Ok(tables)
    }

    fn joined(&mut self) -> Result<Table, SqlError> {
        let mut left = self.table()?;
        loop {
            let kind = if self.words("cross join") {
                "CROSS JOIN"
            } else if self.words("cross apply") || self.words("outer apply") {
                return Err(SqlError::lacks("APPLY"));
            } else if self.words("inner join") || self.words("join") {
                "JOIN"
            } else if self.words("left outer join") || self.words("left join") {
                "LEFT JOIN"
            } else if self.words("right outer join") || self.words("right join") {
                "RIGHT JOIN"
            } else if self.words("full outer join") || self.words("full join") {
                "FULL JOIN"
            } else {
                return Ok(left);
            };
            let right = Box::new(self.table()?);
            let on = if kind == "CROSS JOIN" {
                None
            } else {
                self.expect_words("on")?;
                Some(self.expression()?)
            };
            left = Table::Join { kind, left: Box::new(left), right, on };
        }
    }

    fn table(&mut self) -> Result<Table, SqlError> {
        if self.symbol("(") {
            if self.is_any_word(&["select", "with", "values"]) || self.is_symbol("(") {
                let query = Box::new(self.query()?);
                self.expect(")")?;
                let alias = self.alias()?.ok_or_else(|| self.wrong())?;
                let columns = if self.is_symbol("(") { self.identifiers()? } else { Vec::new() };
                return Ok(Table::Derived { query, alias, columns });
            }
            let inner = self.joined()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if let Token::Variable(name) = self.peek().clone() {
            self.next();
            let alias = self.alias()?;
            return Ok(Table::Named { name: super::ast::Name(vec![name]), alias });
        }
        let name = self.name()?;
        if self.symbol("(") {
            let arguments = if self.is_symbol(")") { Vec::new() } else { self.expression_list()? };
            self.expect(")")?;
            let alias = self.alias()?;
            if alias.is_some() && self.is_symbol("(") {
                self.identifiers()?;
            }
            return Ok(Table::Function { name, arguments, alias });
        }
        let alias = self.alias()?;
        // Hints, with or without WITH.
        if self.words("with")
            || matches!((self.peek(), self.peek_at(1)), (Token::Symbol("("), Token::Word(word)) if word.eq_ignore_ascii_case("nolock"))
        {
            self.parenthesized()?;
        }
        Ok(Table::Named { name, alias })
    }

    /// Takes what stands in parentheses, whatever it is.
    pub(crate) fn parenthesized(&mut self) -> Result<(), SqlError> {
        self.expect("(")?;
        let mut depth = 1;
        while depth > 0 {
            match self.next() {
                Token::Symbol("(") => depth += 1,
                Token::Symbol(")") => depth -= 1,
                Token::End => return Err(self.wrong()),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Words that begin a statement though they aren't reserved, and clauses that end one.
fn is_statement(word: &str) -> bool {
    ["go", "throw", "offset", "output", "deny", "cross", "option"].iter().any(|known| known.eq_ignore_ascii_case(word))
}
