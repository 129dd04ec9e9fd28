//! T-SQL's words.

use crate::error::SqlError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A name or keyword as written.
    Word(String),
    /// `[name]` or `"name"`.
    Quoted(String),
    /// `@name`, `@@name`.
    Variable(String),
    Number(String),
    /// `0x…`
    Hex(String),
    /// `'…'`, and whether an N stood before it.
    Text(String, bool),
    Symbol(&'static str),
    End,
}

/// A token, its line from 1 and its first byte.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) token: Token,
    pub(crate) line: i32,
    pub(crate) start: usize,
}

const SYMBOLS: [&str; 30] = [
    "<=", ">=", "<>", "!=", "!<", "!>", "+=", "-=", "*=", "/=", "::", "(", ")", ",", ".", ";", "=", "<", ">", "+", "-", "*", "/",
    "%", "&", "|", "^", "~", ":", "$",
];

pub(crate) fn tokens(sql: &str) -> Result<Vec<Placed>, SqlError> {
    let mut found = Vec::new();
    let mut lexer = Lexer { sql, at: 0, line: 1 };
    loop {
        lexer.skip_blanks()?;
        let (start, line) = (lexer.at, lexer.line);
        let token = lexer.token()?;
        let ended = token == Token::End;
        found.push(Placed { token, line, start });
        if ended {
            return Ok(found);
        }
    }
}

struct Lexer<'a> {
    sql: &'a str,
    at: usize,
    line: i32,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.sql[self.at..]
    }

    fn advance(&mut self, bytes: usize) {
        let passed = &self.sql[self.at..self.at + bytes];
        self.line += i32::try_from(passed.matches('\n').count()).unwrap_or(0);
        self.at += bytes;
    }

    fn skip_blanks(&mut self) -> Result<(), SqlError> {
        loop {
            let rest = self.rest();
            let blanks = rest.len() - rest.trim_start().len();
            if blanks > 0 {
                self.advance(blanks);
            } else if rest.starts_with("--") {
                self.advance(rest.find('\n').unwrap_or(rest.len()));
            } else if rest.starts_with("/*") {
                // Comments nest.
                let mut depth = 0;
                let mut length = 0;
                loop {
                    let left = &rest[length..];
                    if left.starts_with("/*") {
                        depth += 1;
                        length += 2;
                    } else if left.starts_with("*/") {
                        depth -= 1;
                        length += 2;
                        if depth == 0 {
                            break;
                        }
                    } else {
                        let Some(next) = left.chars().next() else {
                            return Err(SqlError::new(113, 15, "Missing end comment mark '*/'."));
                        };
                        length += next.len_utf8();
                    }
                }
                self.advance(length);
            } else {
                return Ok(());
            }
        }
    }

    fn token(&mut self) -> Result<Token, SqlError> {
        let rest = self.rest();
        let mut characters = rest.chars();
        let Some(first) = characters.next() else { return Ok(Token::End) };
        let second = characters.next();
        match first {
            '\'' => self.quoted('\'', 0).map(|text| Token::Text(text, false)),
            'N' | 'n' if second == Some('\'') => self.quoted('\'', 1).map(|text| Token::Text(text, true)),
            '[' => self.quoted(']', 0).map(Token::Quoted),
            '"' => self.quoted('"', 0).map(Token::Quoted),
            '0' if matches!(second, Some('x' | 'X')) => {
                let length = rest[2..].chars().take_while(char::is_ascii_hexdigit).count();
                let digits = rest[2..2 + length].to_owned();
                self.advance(2 + length);
                Ok(Token::Hex(digits))
            }
            '0'..='9' => Ok(self.number()),
            '.' if second.is_some_and(|next| next.is_ascii_digit()) => Ok(self.number()),
            '@' => Ok(Token::Variable(self.word())),
            first if first.is_alphabetic() || first == '_' || first == '#' => Ok(Token::Word(self.word())),
            _ => {
                let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
                let symbol = symbol.ok_or_else(|| SqlError::syntax(&first.to_string(), self.line))?;
                self.advance(symbol.len());
                Ok(Token::Symbol(symbol))
            }
        }
    }

    /// Up to the closing mark, which is doubled within.
    fn quoted(&mut self, close: char, prefix: usize) -> Result<String, SqlError> {
        let rest = &self.sql[self.at + prefix + 1..];
        let mut text = String::new();
        let mut characters = rest.char_indices().peekable();
        while let Some((index, character)) = characters.next() {
            if character == close {
                if characters.peek().is_some_and(|(_, next)| *next == close) {
                    characters.next();
                } else {
                    self.advance(prefix + 1 + index + 1);
                    return Ok(text);
                }
            }
            text.push(character);
        }
        let start: String = rest.chars().take(30).collect();
        let message = format!("Unclosed quotation mark after the character string '{start}'.");
        let mut error = SqlError::new(105, 15, message);
        error.line = self.line;
        Err(error)
    }

    fn number(&mut self) -> Token {
        let rest = self.rest().as_bytes();
        let digits = |from: usize| rest[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut length = digits(0);
        if rest.get(length) == Some(&b'.') {
            length += 1;
            length += digits(length);
        }
        if matches!(rest.get(length), Some(b'e' | b'E')) {
            let signed = usize::from(matches!(rest.get(length + 1), Some(b'+' | b'-')));
            let exponent = digits(length + 1 + signed);
            if exponent > 0 {
                length += 1 + signed + exponent;
            }
        }
        let text = self.rest()[..length].to_owned();
        self.advance(length);
        Token::Number(text)
    }

    fn word(&mut self) -> String {
        let rest = self.rest();
        let length = rest
            .char_indices()
            .find(|(_, character)| !(character.is_alphanumeric() || matches!(character, '_' | '@' | '#' | '$')))
            .map_or(rest.len(), |(index, _)| index);
        let word = rest[..length].to_owned();
        self.advance(length);
        word
    }
}
