//! Writes what the parser here doesn't know, or reads wrongly, as something that it knows and that reaches the same.
//!
//! Only words of the language are taken away, at places where they can be nothing else; no name of a table or of a function ever is. What
//! functions are called was looked at before.

use sqlparser::keywords::{Keyword, RESERVED_FOR_COLUMN_ALIAS};
use sqlparser::tokenizer::Token;

use super::Name;

mod mysql;
mod postgresql;
mod sqlserver;

/// Rewrites a statement's tokens.
pub(super) fn spell_out(dialect: Name, tokens: &mut Vec<Token>) {
    spell_out_tables(tokens);
    if dialect != Name::Generic {
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
    gone.sort_unstable();
    gone.dedup();
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
    match dialect {
        Name::PostgreSql => frame_end(words, at).unwrap_or_else(|| postgresql::unknown(words, at)),
        Name::Sqlite => frame_end(words, at).unwrap_or_else(|| unknown_of_sqlite(words, at)),
        Name::SqlServer => sqlserver::unknown(words, at),
        Name::MySql => mysql::unknown(words, at),
        Name::Generic => Vec::new(),
    }
}

/// The end of a window's frame.
fn frame_end(words: &[&Token], at: usize) -> Option<Vec<(usize, Option<Token>)>> {
    let is = |offset: usize, text: &str| words.get(at + offset).is_some_and(|token| is_word(token, text));
    let closes = |offset: usize| words.get(at + offset) == Some(&&Token::RParen);
    let gone = |from: usize, to: usize| Some((at + from..=at + to).map(|at| (at, None)).collect());
    if !((is(0, "row") || is(0, "preceding") || is(0, "following")) && is(1, "exclude")) {
        return None;
    }
    if (is(2, "group") || is(2, "ties")) && closes(3) {
        return gone(1, 2);
    }
    if ((is(2, "current") && is(3, "row")) || (is(2, "no") && is(3, "others"))) && closes(4) {
        return gone(1, 3);
    }
    None
}

fn unknown_of_sqlite(words: &[&Token], at: usize) -> Vec<(usize, Option<Token>)> {
    let is = |offset: usize, text: &str| words.get(at + offset).is_some_and(|token| is_word(token, text));
    let paren = |offset: usize| words.get(at + offset) == Some(&&Token::LParen);
    let gone = |from: usize, to: usize| (at + from..=at + to).map(|at| (at, None)).collect();
    // An operator like any other.
    if matches!(words.get(at), Some(Token::ShiftLeft | Token::ShiftRight)) {
        return vec![(at, Some(Token::Plus))];
    }
    if is(0, "isnull") {
        return vec![(at, Some(Token::make_keyword("NOTNULL")))];
    }
    // Other ways to compare with a pattern.
    if is(0, "not") && (is(1, "glob") || is(1, "match")) && !paren(2) {
        return vec![(at + 1, Some(Token::make_keyword("LIKE")))];
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
            (
                Name::PostgreSql,
                "xmlpi(NAME a, b), xmlserialize(DOCUMENT c AS text)",
                "xmlpi ( a , b ) , xmlserialize ( c AS text )",
            ),
            (Name::PostgreSql, "AS (x) SEARCH DEPTH FIRST BY a, b SET c, d", "AS ( x ) , d"),
            (Name::PostgreSql, "AS (x) CYCLE a SET b TO 'y' DEFAULT 'n' USING c SELECT", "AS ( x ) SELECT"),
            (Name::PostgreSql, "AS (x) CYCLE a, \"B\" SET b USING c SELECT", "AS ( x ) SELECT"),
            (Name::PostgreSql, "GROUP BY DISTINCT ROLLUP (a)", "GROUP BY ROLLUP ( a )"),
            (Name::PostgreSql, "JOIN t USING (a, b) AS j WHERE c", "JOIN t USING ( a , b ) WHERE c"),
            (Name::PostgreSql, "a ISNULL OR b NOTNULL", "a NOTNULL OR b NOTNULL"),
            (Name::PostgreSql, "'a'\n'b'\n'c', U&'d' UESCAPE '!'", "'a' , U&'d'"),
            (Name::PostgreSql, "inet '::1' <<= cidr '::/0'", "'::1' <<= '::/0'"),
            (Name::PostgreSql, "collation for (a)", "collation ( a )"),
            (Name::SqlServer, "GROUP BY GROUPING SETS ((a, b), ())", "GROUP BY GROUPING ( ( a , b ) )"),
            (Name::SqlServer, "GROUP BY a WITH ROLLUP", "GROUP BY a"),
            (Name::SqlServer, "t FOR SYSTEM_TIME BETWEEN '1' AND @b x, u FOR SYSTEM_TIME ALL", "t x , u"),
            (Name::SqlServer, "PARSE(a AS int USING 'en-US')", "CAST ( a AS int )"),
            (Name::SqlServer, "geography::Point(1)", "geography . Point ( 1 )"),
            (
                Name::MySql,
                "a MOD 2, mod(a, 2), !b, INTERVAL '1:2' HOUR_MINUTE",
                "a % 2 , mod ( a , 2 ) , NOT b , INTERVAL '1:2' DAY",
            ),
            (
                Name::Sqlite,
                "a ISNULL OR a NOT GLOB 'x' OR NOT glob('a', b)",
                "a NOTNULL OR a NOT LIKE 'x' OR NOT glob ( 'a' , b )",
            ),
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
            (Name::PostgreSql, "FROM ( x ) search , depth"),
            (Name::PostgreSql, "FROM ( x ) CYCLE JOIN t USING ( a )"),
            (Name::PostgreSql, "MERGE INTO t USING ( SELECT 1 ) AS s"),
            (Name::PostgreSql, "isnull ( a ) , interval '1' day , orders '(1)' , x . name '1'"),
            (Name::PostgreSql, "SELECT xmlserialize ( document )"),
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
        for (dialect, piece) in
            [" ", "(TABLE a ", "BETWEEN SYMMETRIC ", "TABLE ", "/**/", "x NOT INDEXED ", ") CYCLE a, a, a ", "USING (a, a, "]
                .iter()
                .flat_map(|piece| [Name::PostgreSql, Name::Sqlite, Name::SqlServer, Name::MySql].map(|dialect| (dialect, piece)))
        {
            let _ = spelled(dialect, &piece.repeat(256 * 1024 / piece.len()));
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(20), "{:?}", began.elapsed());
    }
}
