//! A statement's text, read as far as a driver needs: where its parameters are, where it ends, and whether it only reads.
//!
//! The service knows named parameters alone (`:name`). So those written in the engine's own style (`$1`, `?`) get names here,
//! and everything that could hide one (strings, quoted names, comments, dollar quotes) is stepped over as the engine would.

mod scan;

use crate::engine::Engine;
use bulkhead_driver::{Error, ErrorKind};

/// A statement in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pieces: Vec<Piece>,
    /// Unquoted words, in capitals, with how many parentheses are open around them.
    words: Vec<(String, u32)>,
    /// The style of its parameters. None: there are none.
    pub style: Option<Style>,
}

/// A piece of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// A parameter, by the name that the service gets.
    Parameter(String),
}

/// How a statement's parameters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `:name`
    Named,
    /// `$1` or `?`
    Positional,
}

impl Statement {
    /// Reads a statement.
    ///
    /// # Errors
    /// `syntax`: there is none, there is a second one, something isn't closed, or two styles of parameters are mixed.
    pub fn parse(engine: Engine, text: &str) -> Result<Statement, Error> {
        let statement = scan::scan(engine, text).map_err(|why| Error::new(ErrorKind::Syntax, why))?;
        if statement.words.is_empty() {
            return Err(Error::new(ErrorKind::Syntax, "the statement is empty"));
        }
        Ok(statement)
    }

    /// The text for the service. `parameter` writes one, given its name.
    pub fn render(&self, mut parameter: impl FnMut(&str, &mut String)) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Parameter(name) => parameter(name, &mut text),
            }
        }
        text
    }

    /// The names of its parameters, each once, in the order in which they appear.
    #[must_use]
    pub fn parameters(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for piece in &self.pieces {
            if let Piece::Parameter(name) = piece
                && !names.contains(&name.as_str())
            {
                names.push(name);
            }
        }
        names
    }

    /// The first word, in capitals.
    #[must_use]
    pub fn verb(&self) -> &str {
        self.words.first().map_or("", |(word, _)| word)
    }

    /// Whether it is a query: it gives rows, and changes nothing but through functions.
    #[must_use]
    pub fn is_query(&self) -> bool {
        matches!(self.verb(), "SELECT" | "VALUES" | "TABLE" | "WITH")
            && !self.has(&["INSERT", "UPDATE", "DELETE", "MERGE", "INTO", "REPLACE"])
    }

    /// Whether it can be run again without harm: a query, or one that shows something.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.is_query()
            || matches!(self.verb(), "SHOW" | "DESCRIBE" | "DESC")
            || (self.verb() == "EXPLAIN" && !self.has(&["ANALYZE", "ANALYSE"]))
    }

    /// Whether `LIMIT n` can stand after it.
    #[must_use]
    pub fn takes_limit(&self) -> bool {
        const ENDINGS: &[&str] = &["LIMIT", "OFFSET", "FETCH", "FOR", "LOCK", "PROCEDURE"];
        self.is_query() && !self.words.iter().any(|(word, depth)| *depth == 0 && ENDINGS.contains(&word.as_str()))
    }

    /// Whether a cursor can be declared for it.
    #[must_use]
    pub fn takes_cursor(&self) -> bool {
        self.is_query() && !self.words.iter().any(|(word, depth)| *depth == 0 && word == "FOR")
    }

    fn has(&self, words: &[&str]) -> bool {
        self.words.iter().any(|(word, _)| words.contains(&word.as_str()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rewritten(engine: Engine, text: &str) -> (String, Vec<String>) {
        let statement = Statement::parse(engine, text).unwrap();
        let names = statement.parameters().into_iter().map(str::to_owned).collect();
        let text = statement.render(|name, out| {
            out.push(':');
            out.push_str(name);
        });
        (text, names)
    }

    #[test]
    fn parameters_get_names() {
        use Engine::{MySql, PostgreSql};
        for (engine, text, expected, names) in [
            (PostgreSql, "SELECT $1, $2, $1", "SELECT :p1, :p2, :p1", &["p1", "p2"][..]),
            (PostgreSql, "SELECT :a::int, :b", "SELECT :a::int, :b", &["a", "b"]),
            (
                PostgreSql,
                "SELECT '$1', \"$1\", $$ $1 $$, $q$ $$ $1 $q$, e'\\'$1' -- $1\n, $1",
                "SELECT '$1', \"$1\", $$ $1 $$, $q$ $$ $1 $q$, e'\\'$1' -- $1\n, :p1",
                &["p1"],
            ),
            (PostgreSql, "SELECT /* /* :a */ :b */ x[1:2], a$1 FROM t;", "SELECT /* /* :a */ :b */ x[1:2], a$1 FROM t", &[]),
            (PostgreSql, "SELECT 'a''$1' || $1", "SELECT 'a''$1' || :p1", &["p1"]),
            (PostgreSql, "SELECT '\\' || $1 -- '", "SELECT '\\' || :p1 -- '", &["p1"]),
            (MySql, "SELECT ?, '?\\'?', `?`, \"?\" # ?\n, ?", "SELECT :p1, '?\\'?', `?`, \"?\" # ?\n, :p2", &["p1", "p2"]),
            (MySql, "SELECT 5--?, @a := ?", "SELECT 5--:p1, @a := :p2", &["p1", "p2"]),
            (MySql, "SELECT :größe", "SELECT :größe", &["größe"]),
        ] {
            let (text_found, names_found) = rewritten(engine, text);
            assert_eq!(text_found, expected, "{text}");
            assert_eq!(names_found, names, "{text}");
        }
    }

    #[test]
    fn what_is_not_one_statement_is_refused() {
        for text in [
            "",
            " -- nothing",
            ";",
            "SELECT 1; SELECT 2",
            "SELECT 'open",
            "SELECT $1, :a",
            "SELECT (1",
            "SELECT 1)",
            "SELECT $a$ open",
            "SELECT /* open",
        ] {
            assert_eq!(Statement::parse(Engine::PostgreSql, text).unwrap_err().kind, ErrorKind::Syntax, "{text}");
        }
        Statement::parse(Engine::PostgreSql, "SELECT 1 ; -- the end\n ; ").unwrap();
        let body = "CREATE DEFINER = u FUNCTION f() RETURNS int BEGIN DELETE FROM t; RETURN 1; END";
        assert_eq!(rewritten(Engine::MySql, body).0, body);
        Statement::parse(Engine::PostgreSql, body).unwrap_err();
        Statement::parse(Engine::MySql, "CREATE TABLE t (n int); DROP TABLE t").unwrap_err();
    }

    #[test]
    fn what_only_reads() {
        for (text, query, read, limit) in [
            ("SELECT 1", true, true, true),
            ("(SELECT 1) UNION (SELECT 2 LIMIT 1)", true, true, true),
            ("SELECT 1 LIMIT 5", true, true, false),
            ("SELECT * FROM t FOR UPDATE", false, false, false),
            ("SELECT * FROM t FOR SHARE", true, true, false),
            ("WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a", false, false, false),
            ("SELECT 1 INTO t", false, false, false),
            ("SHOW TABLES", false, true, false),
            ("EXPLAIN SELECT 1", false, true, false),
            ("EXPLAIN ANALYZE DELETE FROM t", false, false, false),
            ("INSERT INTO t VALUES (1)", false, false, false),
        ] {
            let statement = Statement::parse(Engine::MySql, text).unwrap();
            assert_eq!((statement.is_query(), statement.is_read(), statement.takes_limit()), (query, read, limit), "{text}");
        }
    }

    proptest! {
        /// Whatever is read, nothing of it is lost but what stands after its end.
        #[test]
        fn pieces_are_the_text(text in "[a-z0-9 '\"`$?:;()/*#\\\\\n-]{0,40}", mysql: bool) {
            let engine = if mysql { Engine::MySql } else { Engine::PostgreSql };
            if let Ok(statement) = Statement::parse(engine, &text) {
                let rendered = statement.render(|name, out| match name.strip_prefix('p').filter(|_| statement.style == Some(Style::Positional)) {
                    Some(_) if mysql => out.push('?'),
                    Some(number) => { out.push('$'); out.push_str(number); }
                    None => { out.push(':'); out.push_str(name); }
                });
                if mysql || statement.style != Some(Style::Positional) {
                    prop_assert!(text.starts_with(&rendered), "{:?} {:?}", text, rendered);
                }
            }
        }
    }
}
