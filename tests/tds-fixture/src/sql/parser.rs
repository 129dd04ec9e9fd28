//! The parser's hands: looks at tokens, takes them, complains.

use super::ast::Name;
use super::lexer::{Placed, Token, tokens};
use crate::error::SqlError;
use crate::types::Type;

/// What a nesting may be: deeper ones are refused, as the server does (error 191).
const DEEPEST: u32 = 100;

pub(crate) struct Parser<'a> {
    pub(crate) sql: &'a str,
    tokens: Vec<Placed>,
    at: usize,
    depth: u32,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(sql: &'a str) -> Result<Parser<'a>, SqlError> {
        Ok(Parser { sql, tokens: tokens(sql)?, at: 0, depth: 0 })
    }

    pub(crate) fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    pub(crate) fn peek_at(&self, ahead: usize) -> &Token {
        self.tokens.get(self.at + ahead).map_or(&Token::End, |placed| &placed.token)
    }

    pub(crate) fn line(&self) -> i32 {
        self.tokens.get(self.at).map_or(1, |placed| placed.line)
    }

    /// The byte where the next token begins.
    pub(crate) fn start(&self) -> usize {
        self.tokens.get(self.at).map_or(self.sql.len(), |placed| placed.start)
    }

    /// The text from a byte to the next token.
    pub(crate) fn text_from(&self, start: usize) -> String {
        self.sql[start..self.start()].trim().to_owned()
    }

    pub(crate) fn next(&mut self) -> Token {
        let token = self.peek().clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    pub(crate) fn is_word_at(&self, ahead: usize, word: &str) -> bool {
        matches!(self.peek_at(ahead), Token::Word(found) if found.eq_ignore_ascii_case(word))
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.is_word_at(0, word)
    }

    pub(crate) fn is_any_word(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is_word(word))
    }

    /// Takes these words if they are next.
    pub(crate) fn words(&mut self, words: &str) -> bool {
        let count = words.split(' ').count();
        let all = words.split(' ').enumerate().all(|(index, word)| self.is_word_at(index, word));
        if all {
            self.at += count;
        }
        all
    }

    pub(crate) fn expect_words(&mut self, words: &str) -> Result<(), SqlError> {
        if self.words(words) { Ok(()) } else { Err(self.wrong()) }
    }

    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek(), Token::Symbol(found) if *found == symbol)
    }

    pub(crate) fn symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.at += 1;
        }
        found
    }

    pub(crate) fn expect(&mut self, symbol: &str) -> Result<(), SqlError> {
        if self.symbol(symbol) { Ok(()) } else { Err(self.wrong()) }
    }

    /// 102, near what is next.
    pub(crate) fn wrong(&self) -> SqlError {
        let near = match self.peek() {
            Token::Word(text) | Token::Quoted(text) | Token::Variable(text) | Token::Number(text) | Token::Hex(text) => {
                text.clone()
            }
            Token::Text(text, _) => text.clone(),
            Token::Symbol(text) => (*text).to_owned(),
            Token::End => {
                let last = self.at.checked_sub(1).and_then(|index| self.tokens.get(index));
                match last.map(|placed| &placed.token) {
                    Some(Token::Word(text) | Token::Quoted(text) | Token::Variable(text) | Token::Number(text)) => text.clone(),
                    Some(Token::Symbol(text)) => (*text).to_owned(),
                    _ => String::new(),
                }
            }
        };
        SqlError::syntax(&near, self.line())
    }

    /// A name in its one part.
    pub(crate) fn identifier(&mut self) -> Result<String, SqlError> {
        match self.next() {
            Token::Word(text) if !is_reserved(&text) => Ok(text),
            Token::Quoted(text) => Ok(text),
            _ => {
                self.at = self.at.saturating_sub(1);
                Err(self.wrong())
            }
        }
    }

    /// A name in one to four parts; empty ones between two dots.
    pub(crate) fn name(&mut self) -> Result<Name, SqlError> {
        let mut parts = vec![self.identifier()?];
        while self.symbol(".") {
            if self.is_symbol(".") {
                parts.push(String::new());
            } else {
                parts.push(match self.next() {
                    // Behind a dot even a keyword is a name.
                    Token::Word(text) | Token::Quoted(text) => text,
                    _ => return Err(self.wrong()),
                });
            }
        }
        Ok(Name(parts))
    }

    /// `(a, b)`
    pub(crate) fn identifiers(&mut self) -> Result<Vec<String>, SqlError> {
        self.expect("(")?;
        let mut found = vec![self.identifier()?];
        while self.symbol(",") {
            found.push(self.identifier()?);
        }
        self.expect(")")?;
        Ok(found)
    }

    /// A type; without a size it has `default_size`.
    pub(crate) fn data_type(&mut self, default_size: u32) -> Result<Type, SqlError> {
        let line = self.line();
        let mut name = self.name()?;
        if name.last().eq_ignore_ascii_case("double") && self.words("precision") {
            name = Name(vec!["float".into()]);
        }
        let varying = self.words("varying");
        let mut arguments = Vec::new();
        if self.symbol("(") {
            loop {
                arguments.push(match self.next() {
                    Token::Number(text) | Token::Word(text) => text,
                    _ => return Err(self.wrong()),
                });
                if !self.symbol(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        let spelled = if varying { format!("var{}", name.last()) } else { name.last().to_owned() };
        let found = Type::named(&spelled, &arguments, default_size);
        found.ok_or_else(|| {
            let mut error = SqlError::new(243, 16, format!("Type {} is not a defined system type.", name.text()));
            error.line = line;
            error
        })
    }

    /// Runs something one level deeper.
    pub(crate) fn nested<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, SqlError>) -> Result<T, SqlError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let message =
                "Some part of your SQL statement is nested too deeply. Rewrite the query or break it up into smaller queries.";
            return Err(SqlError::new(191, 15, message));
        }
        let result = run(self);
        self.depth -= 1;
        result
    }

    pub(crate) fn mark(&self) -> usize {
        self.at
    }

    pub(crate) fn back_to(&mut self, mark: usize) {
        self.at = mark;
    }
}

/// Words that can't be names or aliases without brackets.
const RESERVED: [&str; 83] = [
    "add",
    "all",
    "alter",
    "and",
    "as",
    "asc",
    "begin",
    "between",
    "break",
    "by",
    "case",
    "check",
    "close",
    "collate",
    "commit",
    "constraint",
    "continue",
    "create",
    "cross",
    "declare",
    "default",
    "delete",
    "desc",
    "distinct",
    "drop",
    "else",
    "end",
    "escape",
    "except",
    "exec",
    "execute",
    "exists",
    "fetch",
    "for",
    "foreign",
    "from",
    "full",
    "function",
    "grant",
    "group",
    "having",
    "if",
    "in",
    "index",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "join",
    "kill",
    "left",
    "like",
    "merge",
    "not",
    "null",
    "on",
    "option",
    "or",
    "order",
    "outer",
    "over",
    "primary",
    "print",
    "proc",
    "procedure",
    "raiserror",
    "references",
    "return",
    "revoke",
    "right",
    "rollback",
    "save",
    "select",
    "set",
    "table",
    "then",
    "top",
    "truncate",
    "union",
    "unique",
    "update",
    "use",
];
const RESERVED_TOO: [&str; 9] = ["values", "view", "waitfor", "when", "where", "while", "with", "within", "tablesample"];

pub(crate) fn is_reserved(word: &str) -> bool {
    RESERVED.iter().chain(&RESERVED_TOO).any(|reserved| reserved.eq_ignore_ascii_case(word))
}
