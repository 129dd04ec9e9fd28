//! Parses a batch: statements one after another, with or without semicolons between them.

use super::ast::{Argument, Declaration, Expr, Item, Name, Placed, Source, Statement};
use super::lexer::Token;
use super::parser::Parser;
use crate::error::SqlError;

/// A whole batch.
pub(crate) fn batch(sql: &str) -> Result<Vec<Placed>, SqlError> {
    let mut parser = Parser::new(sql)?;
    let mut statements = Vec::new();
    loop {
        while parser.symbol(";") {}
        if *parser.peek() == Token::End {
            return Ok(statements);
        }
        let first = statements.is_empty();
        statements.push(parser.placed(first)?);
    }
}

impl Parser<'_> {
    pub(crate) fn placed(&mut self, first: bool) -> Result<Placed, SqlError> {
        let line = self.line();
        let statement = self.nested(|parser| parser.statement(first))?;
        self.symbol(";");
        Ok(Placed { line, statement })
    }

    fn statement(&mut self, first: bool) -> Result<Statement, SqlError> {
        let word = match self.peek() {
            Token::Word(word) => word.to_lowercase(),
            Token::Symbol("(") => "select".to_owned(),
            _ => return Err(self.wrong()),
        };
        match word.as_str() {
            "select" => Ok(Statement::Query(self.query()?)),
            "with" => {
                let with = self.with()?;
                if self.is_word("select") || self.is_symbol("(") {
                    return Ok(Statement::Query(self.query_after(with)?));
                }
                Err(SqlError::lacks("WITH before anything but SELECT"))
            }
            "insert" => self.insert(),
            "update" => self.update(),
            "delete" => self.delete(),
            "create" => self.create(),
            "alter" => self.alter(),
            "drop" => self.drop(),
            "declare" => self.declare(),
            "set" => self.set(),
            "if" => self.if_else(),
            "while" => {
                self.next();
                let condition = self.expression()?;
                Ok(Statement::While { condition, body: Box::new(self.placed(false)?) })
            }
            "begin" => self.begin(),
            "commit" => {
                self.next();
                self.transaction_word();
                self.transaction_name();
                Ok(Statement::Commit)
            }
            "rollback" => {
                self.next();
                self.transaction_word();
                Ok(Statement::Rollback(self.transaction_name()))
            }
            "save" => {
                self.next();
                self.transaction_word();
                self.transaction_name().map(Statement::Save).ok_or_else(|| self.wrong())
            }
            "break" => self.simple(Statement::Break),
            "continue" => self.simple(Statement::Continue),
            "return" => {
                self.next();
                let ends = matches!(self.peek(), Token::End | Token::Symbol(";")) || self.begins_statement();
                Ok(Statement::Return(if ends { None } else { Some(self.expression()?) }))
            }
            "print" => {
                self.next();
                Ok(Statement::Print(self.expression()?))
            }
            "raiserror" => self.raiserror(),
            "throw" => {
                self.next();
                let ends = matches!(self.peek(), Token::End | Token::Symbol(";")) || self.begins_statement();
                Ok(Statement::Throw(if ends { Vec::new() } else { self.expression_list()? }))
            }
            "waitfor" => {
                self.next();
                self.expect_words("delay")?;
                Ok(Statement::WaitFor { delay: self.expression()? })
            }
            "use" => {
                self.next();
                Ok(Statement::Use(self.identifier()?))
            }
            "truncate" => {
                self.next();
                self.expect_words("table")?;
                Ok(Statement::Truncate(self.name()?))
            }
            "exec" | "execute" => {
                self.next();
                self.execute()
            }
            "grant" | "deny" | "revoke" | "checkpoint" | "dbcc" => {
                self.skip_statement();
                Ok(Statement::Nothing)
            }
            // A batch may begin with a procedure's name alone.
            _ if first && !super::parser::is_reserved(&word) => self.execute(),
            _ => Err(self.wrong()),
        }
    }

    fn simple(&mut self, statement: Statement) -> Result<Statement, SqlError> {
        self.next();
        Ok(statement)
    }

    /// Whether a keyword that begins a statement is next.
    pub(crate) fn begins_statement(&self) -> bool {
        self.is_any_word(&[
            "select",
            "with",
            "insert",
            "update",
            "delete",
            "create",
            "alter",
            "drop",
            "declare",
            "set",
            "if",
            "while",
            "begin",
            "commit",
            "rollback",
            "save",
            "break",
            "continue",
            "return",
            "print",
            "raiserror",
            "throw",
            "waitfor",
            "use",
            "truncate",
            "exec",
            "execute",
            "grant",
            "deny",
            "revoke",
            "end",
            "else",
        ])
    }

    fn skip_statement(&mut self) {
        self.next();
        while !matches!(self.peek(), Token::End | Token::Symbol(";")) {
            self.next();
        }
    }

    fn transaction_word(&mut self) {
        let _ = self.words("transaction") || self.words("tran") || self.words("work");
    }

    fn transaction_name(&mut self) -> Option<String> {
        match self.peek().clone() {
            Token::Word(word) if !super::parser::is_reserved(&word) && !self.begins_statement() => {
                self.next();
                Some(word)
            }
            Token::Variable(word) | Token::Quoted(word) => {
                self.next();
                Some(word)
            }
            _ => None,
        }
    }

    /// BEGIN TRAN, BEGIN TRY, BEGIN … END.
    fn begin(&mut self) -> Result<Statement, SqlError> {
        self.next();
        if self.is_any_word(&["transaction", "tran", "distributed"]) {
            self.next();
            self.transaction_name();
            return Ok(Statement::Begin);
        }
        if self.words("try") {
            let body = self.until("try")?;
            self.symbol(";");
            self.expect_words("begin catch")?;
            return Ok(Statement::Try { body, handler: self.until("catch")? });
        }
        Ok(Statement::Block(self.until("")?))
    }

    /// Statements up to END, and the word after it.
    fn until(&mut self, after: &str) -> Result<Vec<Placed>, SqlError> {
        let mut statements = Vec::new();
        loop {
            while self.symbol(";") {}
            if self.words("end") {
                if !after.is_empty() {
                    self.expect_words(after)?;
                }
                return Ok(statements);
            }
            statements.push(self.placed(false)?);
        }
    }

    fn if_else(&mut self) -> Result<Statement, SqlError> {
        self.next();
        let condition = self.expression()?;
        let then = Box::new(self.placed(false)?);
        let otherwise = if self.words("else") { Some(Box::new(self.placed(false)?)) } else { None };
        Ok(Statement::If { condition, then, otherwise })
    }

    fn declare(&mut self) -> Result<Statement, SqlError> {
        self.next();
        let mut declarations = Vec::new();
        loop {
            let Token::Variable(name) = self.next() else { return Err(self.wrong()) };
            self.words("as");
            if self.words("table") {
                let (columns, constraints) = self.table_definition()?;
                return Ok(Statement::DeclareTable { name, columns, constraints });
            }
            let kind = self.data_type(1)?;
            let value = if self.symbol("=") { Some(self.expression()?) } else { None };
            declarations.push(Declaration { name: name.to_lowercase(), kind, value, output: false });
            if !self.symbol(",") {
                return Ok(Statement::Declare(declarations));
            }
        }
    }

    /// `SET @x = …`, or an option and all its words.
    fn set(&mut self) -> Result<Statement, SqlError> {
        self.next();
        if let Token::Variable(name) = self.peek().clone() {
            self.next();
            let operators = [("=", None), ("+=", Some("+")), ("-=", Some("-")), ("*=", Some("*")), ("/=", Some("/"))];
            for (symbol, operator) in operators {
                if self.symbol(symbol) {
                    return Ok(Statement::Assign { variable: name.to_lowercase(), operator, value: self.expression()? });
                }
            }
            return Err(self.wrong());
        }
        let mut words = Vec::new();
        loop {
            match self.peek().clone() {
                Token::Word(word) if words.is_empty() || !self.begins_statement() => words.push(word.to_lowercase()),
                Token::Number(word) | Token::Text(word, _) | Token::Quoted(word) => words.push(word),
                Token::Symbol("-") => words.push("-".to_owned()),
                Token::Symbol(",") => words.push(",".to_owned()),
                Token::Symbol(".") => words.push(".".to_owned()),
                _ => return if words.len() < 2 { Err(self.wrong()) } else { Ok(Statement::Set(words)) },
            }
            self.next();
        }
    }

    fn raiserror(&mut self) -> Result<Statement, SqlError> {
        self.next();
        self.expect("(")?;
        let arguments = self.expression_list()?;
        self.expect(")")?;
        let mut log = false;
        if self.words("with") {
            loop {
                log |= self.is_word("log");
                self.next();
                if !self.symbol(",") {
                    break;
                }
            }
        }
        Ok(Statement::RaiseError { arguments, log })
    }

    /// Behind EXEC.
    pub(crate) fn execute(&mut self) -> Result<Statement, SqlError> {
        if self.symbol("(") {
            let text = self.expression()?;
            self.expect(")")?;
            return Ok(Statement::ExecuteText(text));
        }
        let mut result = None;
        if let (Token::Variable(name), Token::Symbol("=")) = (self.peek().clone(), self.peek_at(1).clone()) {
            self.next();
            self.next();
            result = Some(name.to_lowercase());
        }
        let procedure = self.name()?;
        let mut arguments = Vec::new();
        let ends = |parser: &Self| matches!(parser.peek(), Token::End | Token::Symbol(";" | ")")) || parser.begins_statement();
        while !ends(self) {
            let mut name = None;
            if let (Token::Variable(found), Token::Symbol("=")) = (self.peek().clone(), self.peek_at(1).clone()) {
                self.next();
                self.next();
                name = Some(found.to_lowercase());
            }
            // A bare word is text: `EXEC sp_who active`.
            let value = match self.peek().clone() {
                Token::Word(word) if !word.eq_ignore_ascii_case("null") => {
                    self.next();
                    if word.eq_ignore_ascii_case("default") { Expr::Null } else { Expr::Text(word, true) }
                }
                _ => self.expression()?,
            };
            let output = self.words("output") || self.words("out");
            arguments.push(Argument { name, value, output });
            if !self.symbol(",") {
                break;
            }
        }
        Ok(Statement::Execute { result, procedure, arguments })
    }

    fn insert(&mut self) -> Result<Statement, SqlError> {
        self.next();
        self.words("into");
        let table = self.target()?;
        let columns =
            if self.is_symbol("(") && !matches!(self.peek_at(1), Token::Word(word) if word.eq_ignore_ascii_case("select")) {
                self.identifiers()?
            } else {
                Vec::new()
            };
        let output = self.output()?;
        let source = if self.words("default values") {
            Source::Defaults
        } else if self.is_any_word(&["exec", "execute"]) {
            self.next();
            Source::Execute(Box::new(self.execute()?))
        } else {
            Source::Query(self.query()?)
        };
        Ok(Statement::Insert { table, columns, source, output })
    }

    /// A table to be changed, with its hints.
    fn target(&mut self) -> Result<Name, SqlError> {
        if let Token::Variable(name) = self.peek().clone() {
            self.next();
            return Ok(Name(vec![name]));
        }
        let name = self.name()?;
        if self.is_word("with") && matches!(self.peek_at(1), Token::Symbol("(")) {
            self.next();
            self.parenthesized()?;
        }
        Ok(name)
    }

    fn output(&mut self) -> Result<Vec<Item>, SqlError> {
        if !self.words("output") {
            return Ok(Vec::new());
        }
        let items = self.items()?;
        if self.is_word("into") {
            return Err(SqlError::lacks("OUTPUT … INTO"));
        }
        Ok(items)
    }

    fn update(&mut self) -> Result<Statement, SqlError> {
        self.next();
        if self.words("statistics") {
            self.skip_statement();
            return Ok(Statement::Nothing);
        }
        let top = self.top()?;
        let table = self.target()?;
        self.expect_words("set")?;
        let mut set = Vec::new();
        loop {
            let column = self.name()?;
            let operators = [("=", None), ("+=", Some("+")), ("-=", Some("-")), ("*=", Some("*")), ("/=", Some("/"))];
            let Some((_, operator)) = operators.into_iter().find(|(symbol, _)| self.symbol(symbol)) else {
                return Err(self.wrong());
            };
            let value = self.expression()?;
            let value = match operator {
                Some(operator) => Expr::Binary(operator, Box::new(Expr::Column(column.clone())), Box::new(value)),
                None => value,
            };
            set.push((column.last().to_owned(), value));
            if !self.symbol(",") {
                break;
            }
        }
        let output = self.output()?;
        let from = if self.words("from") { self.tables()? } else { Vec::new() };
        let filter = if self.words("where") { Some(self.expression()?) } else { None };
        Ok(Statement::Update { table, set, from, filter, output, top })
    }

    fn delete(&mut self) -> Result<Statement, SqlError> {
        self.next();
        let top = self.top()?;
        self.words("from");
        let table = self.target()?;
        let output = self.output()?;
        let from = if self.words("from") { self.tables()? } else { Vec::new() };
        let filter = if self.words("where") { Some(self.expression()?) } else { None };
        Ok(Statement::Delete { table, from, filter, output, top })
    }
}
