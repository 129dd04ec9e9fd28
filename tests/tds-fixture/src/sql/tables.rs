//! Parses what defines things: CREATE, ALTER, DROP.

use super::ast::{Change, ColumnDef, Constraint, Declaration, Name, Statement};
use super::lexer::Token;
use super::parser::Parser;
use crate::error::SqlError;

impl Parser<'_> {
    pub(crate) fn create(&mut self) -> Result<Statement, SqlError> {
        let start = self.start();
        self.next();
        let replace = self.words("or alter");
        if self.is_any_word(&["view", "proc", "procedure", "function"]) {
            return self.module(start, replace);
        }
        if self.words("table") {
            let name = self.name()?;
            let (columns, constraints) = self.table_definition()?;
            self.storage()?;
            return Ok(Statement::CreateTable { name, columns, constraints });
        }
        if self.words("schema") {
            let name = self.identifier()?;
            if self.words("authorization") {
                self.identifier()?;
            }
            return Ok(Statement::CreateSchema(name));
        }
        if self.words("database") {
            return Ok(Statement::CreateDatabase(self.identifier()?));
        }
        if self.words("login") {
            let name = self.identifier()?;
            self.expect_words("with password")?;
            self.expect("=")?;
            let Token::Text(password, _) = self.next() else { return Err(self.wrong()) };
            return Ok(Statement::CreateLogin { name, password });
        }
        let unique = self.words("unique");
        let clustered = self.words("clustered");
        self.words("nonclustered");
        self.expect_words("index")?;
        let name = self.identifier()?;
        self.expect_words("on")?;
        let table = self.name()?;
        let columns = self.sorted_columns()?;
        let include = if self.words("include") { self.identifiers()? } else { Vec::new() };
        let (mut filter, mut filter_tree) = (None, None);
        if self.words("where") {
            let start = self.start();
            filter_tree = Some(self.expression()?);
            filter = Some(self.text_from(start));
        }
        self.storage()?;
        Ok(Statement::CreateIndex { name, table, columns, include, filter, filter_tree, unique, clustered })
    }

    /// WITH (…), ON …
    fn storage(&mut self) -> Result<(), SqlError> {
        loop {
            if self.is_word("with") && matches!(self.peek_at(1), Token::Symbol("(")) {
                self.next();
                self.parenthesized()?;
            } else if self.is_any_word(&["on", "textimage_on"]) {
                self.next();
                self.identifier()?;
            } else {
                return Ok(());
            }
        }
    }

    fn module(&mut self, start: usize, replace: bool) -> Result<Statement, SqlError> {
        let kind = match self.next() {
            Token::Word(word) if word.eq_ignore_ascii_case("view") => "VIEW",
            Token::Word(word) if word.eq_ignore_ascii_case("function") => "FUNCTION",
            _ => "PROCEDURE",
        };
        let name = self.name()?;
        let mut parameters = Vec::new();
        if kind == "VIEW" {
            if self.is_symbol("(") {
                self.identifiers()?;
            }
        } else {
            let enclosed = self.symbol("(");
            while let Token::Variable(parameter) = self.peek().clone() {
                self.next();
                self.words("as");
                let kind = self.data_type(1)?;
                let value = if self.symbol("=") { Some(self.expression()?) } else { None };
                let output = self.words("output") || self.words("out");
                parameters.push(Declaration { name: parameter, kind, value, output });
                if !self.symbol(",") {
                    break;
                }
            }
            if enclosed {
                self.expect(")")?;
            }
        }
        let mut returns = None;
        if self.words("returns") {
            if self.words("table") {
                return Err(SqlError::lacks("functions that give tables"));
            }
            returns = Some(self.data_type(1)?);
        }
        while self.words("with") {
            while !self.is_word("as") {
                if *self.peek() == Token::End {
                    return Err(self.wrong());
                }
                self.next();
            }
        }
        self.expect_words("as")?;
        let mut body = Vec::new();
        loop {
            while self.symbol(";") {}
            if *self.peek() == Token::End {
                break;
            }
            body.push(self.placed(false)?);
        }
        let text = self.text_from(start);
        Ok(Statement::CreateModule { kind, replace, name, parameters, returns, body, text })
    }

    /// `(columns and constraints)`
    pub(crate) fn table_definition(&mut self) -> Result<(Vec<ColumnDef>, Vec<Constraint>), SqlError> {
        self.expect("(")?;
        let (mut columns, mut constraints) = (Vec::new(), Vec::new());
        loop {
            if self.is_symbol(")") {
                break;
            }
            if self.is_any_word(&["constraint", "primary", "unique", "check", "foreign"]) {
                constraints.push(self.constraint(None)?);
            } else if self.words("index") {
                return Err(SqlError::lacks("indexes within CREATE TABLE"));
            } else {
                columns.push(self.column()?);
            }
            if !self.symbol(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok((columns, constraints))
    }

    fn column(&mut self) -> Result<ColumnDef, SqlError> {
        let name = self.identifier()?;
        let mut column = ColumnDef {
            name,
            kind: None,
            computed: None,
            nullable: None,
            identity: None,
            default: None,
            constraints: Vec::new(),
        };
        if self.words("as") {
            let start = self.start();
            let value = self.expression()?;
            column.computed = Some((value, self.text_from(start), self.words("persisted")));
        } else {
            column.kind = Some(self.data_type(1)?);
        }
        loop {
            if self.words("not null") {
                column.nullable = Some(false);
            } else if self.words("null") {
                column.nullable = Some(true);
            } else if self.words("collate") {
                let collation = self.identifier()?;
                let known = crate::collation::Collation::named(&collation);
                let known = known.ok_or_else(|| SqlError::new(448, 16, format!("Invalid collation '{collation}'.")))?;
                if let Some(kind) = &mut column.kind {
                    kind.collation = known;
                }
            } else if self.words("identity") {
                column.identity = Some((1, 1));
                if self.symbol("(") {
                    let seed = self.whole()?;
                    self.expect(",")?;
                    column.identity = Some((seed, self.whole()?));
                    self.expect(")")?;
                }
            } else if self.words("rowguidcol") || self.words("sparse") || self.words("persisted") {
            } else if self.is_word("default") {
                column.default = Some((None, self.default()?));
            } else if self.is_word("constraint") && self.is_word_at(2, "default") {
                self.next();
                let name = self.identifier()?;
                column.default = Some((Some(name), self.default()?));
            } else if self.is_any_word(&["constraint", "primary", "unique", "check", "references", "foreign"]) {
                let constraint = self.constraint(Some(&column.name))?;
                column.constraints.push(constraint);
            } else {
                return Ok(column);
            }
        }
    }

    fn whole(&mut self) -> Result<i64, SqlError> {
        let sign = if self.symbol("-") { -1 } else { 1 };
        match self.next() {
            Token::Number(text) => text.parse::<i64>().map(|number| sign * number).map_err(|_| self.wrong()),
            _ => Err(self.wrong()),
        }
    }

    /// DEFAULT and its text.
    fn default(&mut self) -> Result<String, SqlError> {
        self.expect_words("default")?;
        let start = self.start();
        self.expression()?;
        Ok(self.text_from(start))
    }

    fn constraint(&mut self, of_column: Option<&str>) -> Result<Constraint, SqlError> {
        let name = if self.words("constraint") { Some(self.identifier()?) } else { None };
        let primary = self.words("primary key");
        if primary || self.words("unique") {
            let clustered = if self.words("clustered") {
                Some(true)
            } else if self.words("nonclustered") {
                Some(false)
            } else {
                None
            };
            let columns = match of_column {
                Some(column) if !self.is_symbol("(") => vec![(column.to_owned(), false)],
                _ => self.sorted_columns()?,
            };
            self.storage_of_key()?;
            return Ok(Constraint::Key { name, primary, columns, clustered });
        }
        if self.words("check") {
            self.expect("(")?;
            let start = self.start();
            let condition = self.expression()?;
            let text = self.text_from(start);
            self.expect(")")?;
            return Ok(Constraint::Check { name, condition, text });
        }
        if self.is_word("default") {
            let text = self.default()?;
            self.expect_words("for")?;
            return Ok(Constraint::Default { name, column: self.identifier()?, text });
        }
        let columns = if self.words("foreign key") {
            self.columns_of_key(of_column)?
        } else {
            of_column.map(str::to_owned).into_iter().collect()
        };
        self.expect_words("references")?;
        let to = self.name()?;
        let to_columns = if self.is_symbol("(") { self.identifiers()? } else { Vec::new() };
        let (mut on_delete, mut on_update) = ("NO ACTION".to_owned(), "NO ACTION".to_owned());
        while self.words("on") {
            let deletes = self.words("delete");
            if !deletes {
                self.expect_words("update")?;
            }
            let action = ["CASCADE", "NO ACTION", "SET NULL", "SET DEFAULT"].into_iter().find(|action| self.words(action));
            let action = action.ok_or_else(|| self.wrong())?.to_owned();
            if deletes { on_delete = action } else { on_update = action }
        }
        Ok(Constraint::Foreign { name, columns, to, to_columns, on_delete, on_update })
    }

    fn columns_of_key(&mut self, of_column: Option<&str>) -> Result<Vec<String>, SqlError> {
        match of_column {
            Some(column) if !self.is_symbol("(") => Ok(vec![column.to_owned()]),
            _ => self.identifiers(),
        }
    }

    fn storage_of_key(&mut self) -> Result<(), SqlError> {
        if self.is_word("with") && matches!(self.peek_at(1), Token::Symbol("(")) {
            self.next();
            self.parenthesized()?;
        }
        Ok(())
    }

    /// `(a, b DESC)`
    fn sorted_columns(&mut self) -> Result<Vec<(String, bool)>, SqlError> {
        self.expect("(")?;
        let mut columns = Vec::new();
        loop {
            let column = self.identifier()?;
            let descending = self.words("desc");
            self.words("asc");
            columns.push((column, descending));
            if !self.symbol(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(columns)
    }

    pub(crate) fn alter(&mut self) -> Result<Statement, SqlError> {
        let start = self.start();
        self.next();
        if self.is_any_word(&["view", "proc", "procedure", "function"]) {
            return self.module(start, true);
        }
        if !self.words("table") {
            while !matches!(self.peek(), Token::End | Token::Symbol(";")) {
                self.next();
            }
            return Ok(Statement::Nothing);
        }
        let name = self.name()?;
        let _ = self.words("with check") || self.words("with nocheck");
        let change = if self.words("add") {
            let (mut columns, mut constraints) = (Vec::new(), Vec::new());
            loop {
                if self.is_any_word(&["constraint", "primary", "unique", "check", "foreign", "default"]) {
                    constraints.push(self.constraint(None)?);
                } else {
                    columns.push(self.column()?);
                }
                if !self.symbol(",") {
                    break;
                }
            }
            Change::Add(columns, constraints)
        } else if self.words("drop column") {
            Change::DropColumn(self.plain_list()?)
        } else if self.words("drop constraint") {
            self.plain_list()?;
            Change::DropConstraint
        } else if self.words("alter column") {
            self.column()?;
            Change::Alter
        } else {
            while !matches!(self.peek(), Token::End | Token::Symbol(";")) {
                self.next();
            }
            Change::Nothing
        };
        Ok(Statement::AlterTable { name, change })
    }

    fn plain_list(&mut self) -> Result<Vec<String>, SqlError> {
        self.words("if exists");
        let mut names = vec![self.identifier()?];
        while self.symbol(",") {
            names.push(self.identifier()?);
        }
        Ok(names)
    }

    pub(crate) fn drop(&mut self) -> Result<Statement, SqlError> {
        self.next();
        let kind = ["TABLE", "VIEW", "PROCEDURE", "PROC", "FUNCTION", "INDEX", "SCHEMA", "DATABASE"]
            .into_iter()
            .find(|kind| self.words(kind));
        let kind = match kind {
            Some("PROC") => "PROCEDURE",
            Some(kind) => kind,
            None => return Err(self.wrong()),
        };
        let if_exists = self.words("if exists");
        let mut names: Vec<Name> = vec![self.name()?];
        while self.symbol(",") {
            names.push(self.name()?);
        }
        let on = if kind == "INDEX" && self.words("on") { Some(self.name()?) } else { None };
        Ok(Statement::Drop { kind, names, if_exists, on })
    }
}
