//! Parses expressions, by precedence.

use super::ast::{Call, Expr, Name, Order};
use super::lexer::Token;
use super::parser::{Parser, is_reserved};
use crate::error::SqlError;

impl Parser<'_> {
    /// A value or a condition: OR binds least.
    pub(crate) fn expression(&mut self) -> Result<Expr, SqlError> {
        self.nested(|parser| {
            let mut left = parser.conjunction()?;
            while parser.words("or") {
                left = Expr::Binary("OR", Box::new(left), Box::new(parser.conjunction()?));
            }
            Ok(left)
        })
    }

    pub(crate) fn expression_list(&mut self) -> Result<Vec<Expr>, SqlError> {
        let mut list = vec![self.expression()?];
        while self.symbol(",") {
            list.push(self.expression()?);
        }
        Ok(list)
    }

    fn conjunction(&mut self) -> Result<Expr, SqlError> {
        let mut left = self.negation()?;
        while self.words("and") {
            left = Expr::Binary("AND", Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expr, SqlError> {
        if self.words("not") { Ok(Expr::Not(Box::new(self.nested(Self::negation)?))) } else { self.comparison() }
    }

    fn comparison(&mut self) -> Result<Expr, SqlError> {
        let mut left = self.sum()?;
        loop {
            const COMPARISONS: [(&str, &str); 8] =
                [("=", "="), ("<>", "<>"), ("!=", "<>"), ("<=", "<="), (">=", ">="), ("!<", ">="), ("!>", "<="), ("<", "<")];
            let operator =
                COMPARISONS.iter().chain(&[(">", ">")]).find(|(written, _)| self.is_symbol(written)).map(|(_, meant)| *meant);
            if let Some(operator) = operator {
                self.next();
                left = Expr::Binary(operator, Box::new(left), Box::new(self.sum()?));
                continue;
            }
            if self.words("is") {
                let negated = self.words("not");
                if self.words("distinct from") {
                    let right = self.sum()?;
                    let same = Expr::Binary("IS", Box::new(left), Box::new(right));
                    left = if negated { same } else { Expr::Not(Box::new(same)) };
                    continue;
                }
                self.expect_words("null")?;
                left = Expr::IsNull { negated, left: Box::new(left) };
                continue;
            }
            let mark = self.mark();
            let negated = self.words("not");
            if self.words("like") {
                let pattern = Box::new(self.sum()?);
                let escape = if self.words("escape") { Some(Box::new(self.sum()?)) } else { None };
                left = Expr::Like { negated, left: Box::new(left), pattern, escape };
            } else if self.words("between") {
                let low = Box::new(self.sum()?);
                self.expect_words("and")?;
                left = Expr::Between { negated, left: Box::new(left), low, high: Box::new(self.sum()?) };
            } else if self.words("in") {
                self.expect("(")?;
                left = if self.is_any_word(&["select", "with"]) {
                    Expr::InQuery { negated, left: Box::new(left), query: Box::new(self.query()?) }
                } else {
                    Expr::InList { negated, left: Box::new(left), list: self.expression_list()? }
                };
                self.expect(")")?;
            } else {
                self.back_to(mark);
                return Ok(left);
            }
        }
    }

    fn sum(&mut self) -> Result<Expr, SqlError> {
        let mut left = self.product()?;
        loop {
            let Some(operator) = ["+", "-", "&", "|", "^"].into_iter().find(|operator| self.is_symbol(operator)) else {
                return Ok(left);
            };
            self.next();
            left = Expr::Binary(operator, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Result<Expr, SqlError> {
        let mut left = self.signed()?;
        loop {
            let Some(operator) = ["*", "/", "%"].into_iter().find(|operator| self.is_symbol(operator)) else {
                return Ok(left);
            };
            self.next();
            left = Expr::Binary(operator, Box::new(left), Box::new(self.signed()?));
        }
    }

    fn signed(&mut self) -> Result<Expr, SqlError> {
        for sign in ["-", "+", "~"] {
            if self.symbol(sign) {
                return Ok(Expr::Unary(sign, Box::new(self.nested(Self::signed)?)));
            }
        }
        let mut value = self.primary()?;
        loop {
            if self.words("collate") {
                value = Expr::Collate(Box::new(value), self.identifier()?);
            } else if self.words("at time zone") {
                value = Expr::AtTimeZone(Box::new(value), Box::new(self.primary()?));
            } else {
                return Ok(value);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, SqlError> {
        match self.peek().clone() {
            Token::Number(text) => {
                self.next();
                Ok(Expr::Number(text))
            }
            Token::Hex(text) => {
                self.next();
                Ok(Expr::Hex(text))
            }
            Token::Text(text, national) => {
                self.next();
                Ok(Expr::Text(text, national))
            }
            Token::Variable(name) => {
                self.next();
                Ok(Expr::Variable(name.to_lowercase()))
            }
            Token::Symbol("*") => {
                self.next();
                Ok(Expr::Star(None))
            }
            Token::Symbol("$") => {
                self.next();
                self.primary()
            }
            Token::Symbol("(") => {
                self.next();
                let inner = if self.is_any_word(&["select", "with"]) {
                    Expr::Subquery(Box::new(self.query()?))
                } else {
                    self.expression()?
                };
                self.expect(")")?;
                Ok(inner)
            }
            Token::Word(word) => self.word_expression(&word.to_lowercase()),
            Token::Quoted(_) => self.column_or_call(),
            _ => Err(self.wrong()),
        }
    }

    fn word_expression(&mut self, word: &str) -> Result<Expr, SqlError> {
        let called = matches!(self.peek_at(1), Token::Symbol("("));
        match word {
            "null" => {
                self.next();
                Ok(Expr::Null)
            }
            "case" => self.case(),
            "exists" => {
                self.next();
                self.expect("(")?;
                let query = self.query()?;
                self.expect(")")?;
                Ok(Expr::Exists(Box::new(query)))
            }
            "cast" | "try_cast" if called => {
                self.next();
                self.expect("(")?;
                let value = Box::new(self.expression()?);
                self.expect_words("as")?;
                let to = self.data_type(30)?;
                self.expect(")")?;
                Ok(Expr::Cast { attempt: word == "try_cast", value, to, style: None })
            }
            "convert" | "try_convert" if called => {
                self.next();
                self.expect("(")?;
                let to = self.data_type(30)?;
                self.expect(",")?;
                let value = Box::new(self.expression()?);
                let style = if self.symbol(",") { Some(Box::new(self.expression()?)) } else { None };
                self.expect(")")?;
                Ok(Expr::Cast { attempt: word == "try_convert", value, to, style })
            }
            // Functions whose names are keywords otherwise.
            "left" | "right" if called => self.column_or_call(),
            "current_timestamp" | "current_user" | "session_user" | "system_user" | "user" if !called => {
                self.next();
                Ok(Expr::Call(Box::new(Call {
                    name: Name(vec![word.to_owned()]),
                    arguments: Vec::new(),
                    distinct: false,
                    within: Vec::new(),
                    over: None,
                })))
            }
            word if is_reserved(word) => Err(self.wrong()),
            _ => self.column_or_call(),
        }
    }

    fn case(&mut self) -> Result<Expr, SqlError> {
        self.next();
        let operand = if self.is_word("when") { None } else { Some(Box::new(self.expression()?)) };
        let mut whens = Vec::new();
        while self.words("when") {
            let condition = self.expression()?;
            self.expect_words("then")?;
            whens.push((condition, self.expression()?));
        }
        let otherwise = if self.words("else") { Some(Box::new(self.expression()?)) } else { None };
        self.expect_words("end")?;
        if whens.is_empty() { Err(self.wrong()) } else { Ok(Expr::Case { operand, whens, otherwise }) }
    }

    fn column_or_call(&mut self) -> Result<Expr, SqlError> {
        let first = match self.next() {
            Token::Word(text) | Token::Quoted(text) => text,
            _ => return Err(self.wrong()),
        };
        let mut parts = vec![first];
        while self.is_symbol(".") || self.is_symbol("::") {
            self.next();
            match self.next() {
                Token::Word(text) | Token::Quoted(text) => parts.push(text),
                Token::Symbol("*") => return Ok(Expr::Star(parts.pop())),
                _ => return Err(self.wrong()),
            }
        }
        if !self.symbol("(") {
            return Ok(Expr::Column(Name(parts)));
        }
        let distinct = self.words("distinct");
        let mut arguments = Vec::new();
        if !self.is_symbol(")") {
            arguments = self.expression_list()?;
        }
        self.expect(")")?;
        let within = if self.words("within group") {
            self.expect("(")?;
            let order = self.order_by()?;
            self.expect(")")?;
            order
        } else {
            Vec::new()
        };
        let over = if self.words("over") {
            self.expect("(")?;
            let partition = if self.words("partition by") { self.expression_list()? } else { Vec::new() };
            let order = self.order_by()?;
            self.expect(")")?;
            Some((partition, order))
        } else {
            None
        };
        Ok(Expr::Call(Box::new(Call { name: Name(parts), arguments, distinct, within, over })))
    }

    /// ORDER BY and its list, or nothing.
    pub(crate) fn order_by(&mut self) -> Result<Vec<Order>, SqlError> {
        let mut order = Vec::new();
        if self.words("order by") {
            loop {
                let by = self.expression()?;
                let descending = self.words("desc");
                if !descending {
                    self.words("asc");
                }
                order.push(Order { by, descending });
                if !self.symbol(",") {
                    break;
                }
            }
        }
        Ok(order)
    }
}
