//! Writes what the parser here doesn't know, or reads wrongly, as something that it knows and that reaches the same.
//!
//! Only words of the language are taken away, at places where they can be nothing else; no name of a table or of a function ever is. What
//! functions are called was looked at before.

use sqlparser::keywords::{Keyword, RESERVED_FOR_COLUMN_ALIAS};
use sqlparser::tokenizer::Token;

use super::Name;

/// Rewrites a statement's tokens.
pub(super) fn spell_out(dialect: Name, tokens: &mut Vec<Token>) {
    spell_out_tables(tokens);
    if matches!(dialect, Name::PostgreSql | Name::Sqlite) {
        take_away(dialect, tokens);
    }
}

/// `TABLE name`, where a query may begin: the parser forgets how the name was written, and takes what follows for part of it.
fn spell_out_tables(tokens: &mut Vec<Token>) {
    let words = places(tokens);
    let word = |at: Option<&usize>| at.and_then(|at| tokens.get(*at));
    let is_command = |at: usize| {
        let begins = at.checked_sub(1).is_none_or(|before| word(words.get(before)).is_some_and(begins_query));
        let names = matches!(word(words.get(at + 1)), Some(Token::Word(next)) if next.keyword != Keyword::FROM);
        begins && names && word(words.get(at)).is_some_and(|token| is_keyword(token, Keyword::TABLE))
    };
    let mut commands = (0..words.len()).filter(|at| is_command(*at)).filter_map(|at| words.get(at).copied()).peekable();
    if commands.peek().is_none() {
        return;
    }
    let commands: Vec<usize> = commands.collect();
    let mut commands = commands.into_iter().peekable();
    let mut spelled = Vec::with_capacity(tokens.len());
    for (at, token) in std::mem::take(tokens).into_iter().enumerate() {
        if commands.next_if_eq(&at).is_some() {
            spelled.extend([Token::make_keyword("SELECT"), Token::Mul, Token::make_keyword("FROM")]);
        } else {
            spelled.push(token);
        }
    }
    *tokens = spelled;
}

/// Takes away what the parser doesn't know, or puts something in its place.
fn take_away(dialect: Name, tokens: &mut Vec<Token>) {
    let places = places(tokens);
    let words: Vec<&Token> = places.iter().filter_map(|at| tokens.get(*at)).collect();
    let found: Vec<(usize, Option<Token>)> = (0..words.len()).flat_map(|at| unknown(dialect, &words, at)).collect();
    let mut gone = Vec::with_capacity(found.len());
    for (word, instead) in found {
        let Some(at) = places.get(word).copied() else { continue };
        match (tokens.get_mut(at), instead) {
            (Some(token), Some(instead)) => *token = instead,
            _ => gone.push(at),
        }
    }
    let mut gone = gone.into_iter().peekable();
    let mut at = 0;
    tokens.retain(|_| {
        at += 1;
        gone.next_if_eq(&(at - 1)).is_none()
    });
}

/// Where the tokens are that aren't white space or comments.
fn places(tokens: &[Token]) -> Vec<usize> {
    let words = tokens.iter().enumerate().filter(|(_, token)| !matches!(token, Token::Whitespace(_)));
    words.map(|(at, _)| at).collect()
}

/// Which words go, or become another, from the word at a place on.
fn unknown(dialect: Name, words: &[&Token], at: usize) -> Vec<(usize, Option<Token>)> {
    let is = |offset: usize, text: &str| words.get(at + offset).is_some_and(|token| is_word(token, text));
    let paren = |offset: usize, paren: &Token| words.get(at + offset) == Some(&paren);
    let gone = |from: usize, to: usize| (at + from..=at + to).map(|at| (at, None)).collect();
    // The end of a window's frame.
    if (is(0, "row") || is(0, "preceding") || is(0, "following")) && is(1, "exclude") {
        if (is(2, "group") || is(2, "ties")) && paren(3, &Token::RParen) {
            return gone(1, 2);
        }
        if ((is(2, "current") && is(3, "row")) || (is(2, "no") && is(3, "others"))) && paren(4, &Token::RParen) {
            return gone(1, 3);
        }
    }
    if dialect == Name::Sqlite {
        return unknown_of_sqlite(words, at);
    }
    // A reserved word: no name can stand there unquoted.
    if is(0, "between") && is(1, "symmetric") {
        return gone(1, 1);
    }
    // An element's name, which names nothing but itself.
    if is(0, "xmlelement") && paren(1, &Token::LParen) && is(2, "name") && matches!(words.get(at + 3), Some(Token::Word(_))) {
        return gone(2, 2);
    }
    Vec::new()
}

fn unknown_of_sqlite(words: &[&Token], at: usize) -> Vec<(usize, Option<Token>)> {
    let is = |offset: usize, text: &str| words.get(at + offset).is_some_and(|token| is_word(token, text));
    let paren = |offset: usize| words.get(at + offset) == Some(&&Token::LParen);
    let gone = |from: usize, to: usize| (at + from..=at + to).map(|at| (at, None)).collect();
    // An operator like any other.
    if matches!(words.get(at), Some(Token::ShiftLeft | Token::ShiftRight)) {
        return vec![(at, Some(Token::Plus))];
    }
    // IS compares with anything there. It is reserved, so that it is no name.
    let known = ["null", "true", "false", "distinct"];
    let compares = |offset: usize| !known.iter().any(|word| is(offset, word));
    if is(0, "is") && is(1, "not") && compares(2) {
        return vec![(at, Some(Token::Eq)), (at + 1, None)];
    }
    if is(0, "is") && !is(1, "not") && compares(1) {
        return vec![(at, Some(Token::Eq))];
    }
    // Which index is used. `indexed by` may also be a column and its alias: then no name follows, but a reserved word such as FROM.
    if is(0, "indexed") && is(1, "by") && words.get(at + 2).is_some_and(|token| is_index_name(token)) {
        return gone(0, 2);
    }
    let named =
        matches!(words.get(at), Some(Token::Word(word)) if word.quote_style.is_some() || word.keyword == Keyword::NoKeyword);
    if named && is(1, "not") && is(2, "indexed") {
        return gone(1, 2);
    }
    // How a common table expression is computed.
    if is(0, "as") && is(1, "materialized") && paren(2) {
        return gone(1, 1);
    }
    if is(0, "as") && is(1, "not") && is(2, "materialized") && paren(3) {
        return gone(1, 2);
    }
    Vec::new()
}

fn is_index_name(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.quote_style.is_some() || !RESERVED_FOR_COLUMN_ALIAS.contains(&word.keyword),
        Token::SingleQuotedString(_) => true,
        _ => false,
    }
}

fn is_word(token: &Token, text: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
}

fn is_keyword(token: &Token, keyword: Keyword) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.keyword == keyword)
}

/// Whether a query may begin after it.
fn begins_query(token: &Token) -> bool {
    match token {
        Token::LParen | Token::RParen | Token::SemiColon => true,
        Token::Word(word) => {
            word.quote_style.is_none()
                && matches!(
                    word.keyword,
                    Keyword::UNION
                        | Keyword::EXCEPT
                        | Keyword::INTERSECT
                        | Keyword::ALL
                        | Keyword::DISTINCT
                        | Keyword::AS
                        | Keyword::EXPLAIN
                        | Keyword::ANALYZE
                        | Keyword::VERBOSE
                )
        }
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use sqlparser::tokenizer::Tokenizer;

    use super::*;

    fn spelled(dialect: Name, sql: &str) -> String {
        let mut tokens = Tokenizer::new(dialect.parser(), sql).with_unescape(false).tokenize().unwrap();
        spell_out(dialect, &mut tokens);
        let words: Vec<String> = places(&tokens).into_iter().map(|at| tokens[at].to_string()).collect();
        words.join(" ")
    }

    #[test]
    fn what_is_written_otherwise() {
        for (dialect, sql, expected) in [
            (Name::PostgreSql, "TABLE t", "SELECT * FROM t"),
            (Name::PostgreSql, "(TABLE /* x */ t) UNION TABLE s.u", "( SELECT * FROM t ) UNION SELECT * FROM s . u"),
            (Name::MySql, "EXPLAIN TABLE t", "EXPLAIN SELECT * FROM t"),
            (Name::PostgreSql, "a BETWEEN SYMMETRIC 3 AND 2", "a BETWEEN 3 AND 2"),
            (Name::PostgreSql, "(ROWS CURRENT ROW EXCLUDE CURRENT ROW)", "( ROWS CURRENT ROW )"),
            (Name::Sqlite, "(ROWS 1 PRECEDING EXCLUDE NO /**/ OTHERS)", "( ROWS 1 PRECEDING )"),
            (Name::PostgreSql, "(GROUPS 1 FOLLOWING exclude ties)", "( GROUPS 1 FOLLOWING )"),
            (Name::PostgreSql, "xmlelement(NAME a, b)", "xmlelement ( a , b )"),
            (Name::Sqlite, "1 << 2 >> 3", "1 + 2 + 3"),
            (Name::Sqlite, "a IS b AND c IS NOT (SELECT 1)", "a = b AND c = ( SELECT 1 )"),
            (Name::Sqlite, "FROM t INDEXED BY i, u NOT INDEXED WHERE 1", "FROM t , u WHERE 1"),
            (Name::Sqlite, "WITH a AS MATERIALIZED (x), b AS NOT MATERIALIZED (y)", "WITH a AS ( x ) , b AS ( y )"),
        ] {
            assert_eq!(spelled(dialect, sql), expected);
        }
    }

    #[test]
    fn what_stays() {
        for (dialect, sql) in [
            (Name::PostgreSql, "SELECT 1 AS table_of"),
            (Name::PostgreSql, "CREATE TABLE t ( a int )"),
            (Name::Sqlite, "a BETWEEN symmetric AND 2"),
            (Name::PostgreSql, "a BETWEEN \"symmetric\" AND 2"),
            (Name::PostgreSql, "FROM following exclude ties , x"),
            (Name::PostgreSql, "FROM a exclude ties )"),
            (Name::PostgreSql, "f ( NAME a )"),
            (Name::Sqlite, "xmlelement ( name a )"),
            (Name::Sqlite, "a IS NULL OR a IS NOT NULL OR a IS NOT DISTINCT FROM b OR a IS TRUE"),
            (Name::Sqlite, "SELECT indexed FROM t AS indexed WHERE NOT indexed"),
            (Name::Sqlite, "SELECT 1 AS materialized , ( 2 )"),
            (Name::Sqlite, "( SELECT max ( a ) || indexed by FROM t )"),
            (Name::PostgreSql, "WITH a AS MATERIALIZED ( x )"),
            (Name::SqlServer, "( ROWS CURRENT ROW EXCLUDE TIES )"),
        ] {
            assert_eq!(spelled(dialect, sql), sql);
        }
    }

    /// A quarter of a megabyte of what has to be looked at again and again.
    #[test]
    fn time_grows_with_the_length() {
        let began = std::time::Instant::now();
        for (dialect, piece) in [" ", "(TABLE a ", "BETWEEN SYMMETRIC ", "TABLE ", "/**/", "x NOT INDEXED "]
            .iter()
            .flat_map(|piece| [(Name::PostgreSql, piece), (Name::Sqlite, piece)])
        {
            let _ = spelled(dialect, &piece.repeat(256 * 1024 / piece.len()));
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(20), "{:?}", began.elapsed());
    }
}
