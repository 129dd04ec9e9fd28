//! Where a statement has `:name`.
//!
//! What stands in quotes, comments and dollar quotes is stepped over, by the dialect's own tokenizer; so is `::`.

use std::ops::Range;

use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::split::Offsets;
use crate::contract::ErrorKind;
use crate::error::CallError;
use crate::policy;

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name, without the colon.
    pub name: String,
    /// Where it is, the colon included, in bytes.
    pub at: Range<usize>,
}

/// Every place, in order.
///
/// # Errors
/// The statement isn't text in the dialect.
pub fn named(dialect: &str, sql: &str) -> Result<Vec<Named>, CallError> {
    let tokens = Tokenizer::new(policy::parser(dialect), sql)
        .with_unescape(false)
        .tokenize_with_location()
        .map_err(|why| CallError::new(ErrorKind::Syntax, format!("the statement can't be read: {why}")))?;
    let mut offsets = Offsets::new(sql);
    let mut found = Vec::new();
    let mut colon = None;
    for TokenWithSpan { token, span } in tokens {
        let begin = offsets.at(span.start.line, span.start.column);
        match (&token, colon.take()) {
            (Token::Colon, _) => colon = Some(begin),
            (Token::Word(word), Some(start)) if start + 1 == begin && word.quote_style.is_none() => {
                found.push(Named { name: word.value.clone(), at: start..begin + word.value.len() });
            }
            _ => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn names_outside_of_quotes() {
        let sql =
            "SELECT 'é :a', \":b\", x::int -- :c\n/* :d */ FROM t WHERE n=:id AND day >= :day AND m = :id OR k = 'a'||:größe";
        for dialect in ["postgresql", "sqlite", "mssql", "mysql"] {
            let found = named(dialect, sql).unwrap();
            let names: Vec<&str> = found.iter().map(|place| place.name.as_str()).collect();
            assert_eq!(names, ["id", "day", "id", "größe"], "{dialect}");
            for place in found {
                assert_eq!(&sql[place.at], format!(":{}", place.name), "{dialect}");
            }
        }
        assert!(named("postgresql", "SELECT $$ :a $$, $b$ :c $b$").unwrap().is_empty());
        assert!(named("postgresql", "SELECT 'open").is_err());
    }
}
