//! Where a script's statements end.
//!
//! The dialect's own tokenizer tells strings, comments and dollar quotes from what is between them; a semicolon there ends a statement,
//! but inside the body of a trigger or routine (`BEGIN … END`). T-SQL has no such rule: its batches end with a line that says `GO`.
//! Whatever is cut wrongly is the database's to refuse: writes are allowed where scripts run, so nothing is let through by it.

use sqlparser::dialect::{Dialect, MsSqlDialect};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};

use crate::contract::ErrorKind;
use crate::error::CallError;
use crate::policy;

/// The most statements of one script.
const MAX_STATEMENTS: usize = 1_000;

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its text, without the semicolon and what is around it.
    pub sql: String,
    /// Where it begins, 1-based.
    pub line: u64,
    /// It begins or ends a transaction.
    pub controls_transaction: bool,
}

/// Cuts a script into its statements.
///
/// # Errors
/// It isn't text in the dialect (an open quote or comment), it has no statement, or too many.
pub fn split(dialect: &str, script: &str) -> Result<Vec<Piece>, CallError> {
    let parser = policy::parser(dialect);
    let pieces = if parser.is::<MsSqlDialect>() { batches(script) } else { statements(parser, script)? };
    if pieces.is_empty() {
        return Err(CallError::new(ErrorKind::Syntax, "the script has no statement"));
    }
    if pieces.len() > MAX_STATEMENTS {
        let what = format!("the script has {} statements; the most is {MAX_STATEMENTS}", pieces.len());
        return Err(CallError::new(ErrorKind::Resources, what).hint("run it in parts"));
    }
    Ok(pieces)
}

/// A single statement's text, whole, as one piece. That it is single is the database's to check.
///
/// # Errors
/// It isn't text in the dialect, or has no statement.
pub fn one(dialect: &str, sql: &str) -> Result<Piece, CallError> {
    let pieces = split(dialect, sql)?;
    let controls_transaction = pieces.iter().any(|piece| piece.controls_transaction);
    Ok(Piece { sql: sql.to_owned(), line: 1, controls_transaction })
}

fn statements(dialect: &dyn Dialect, script: &str) -> Result<Vec<Piece>, CallError> {
    let tokens = Tokenizer::new(dialect, script).with_unescape(false).tokenize_with_location().map_err(|why| {
        CallError::new(ErrorKind::Syntax, format!("the script can't be cut into statements: {why}"))
            .hint("correct it there, or send its statements one by one to query")
    })?;
    let mut offsets = Offsets::new(script);
    let mut pieces = Vec::new();
    let mut current = Statement::default();
    for TokenWithSpan { token, span } in tokens {
        let offset = offsets.at(span.start.line, span.start.column);
        match token {
            Token::Whitespace(_) | Token::EOF => {}
            Token::SemiColon if current.depth == 0 => {
                pieces.extend(std::mem::take(&mut current).end(script, offset));
            }
            token => current.take(&token, offset, span.start.line),
        }
    }
    pieces.extend(current.end(script, script.len()));
    Ok(pieces)
}

/// A statement while it is read.
#[derive(Default)]
struct Statement {
    begin: Option<(usize, u64)>,
    /// Its first words, in upper case.
    words: Vec<String>,
    /// How deep in `BEGIN … END` and `CASE … END` of a body.
    depth: usize,
}

/// How many words tell what a statement is: `CREATE OR REPLACE CONSTRAINT TRIGGER`.
const TELLING_WORDS: usize = 6;

impl Statement {
    fn take(&mut self, token: &Token, offset: usize, line: u64) {
        self.begin.get_or_insert((offset, line));
        let Token::Word(Word { value, quote_style: None, .. }) = token else { return };
        let word = value.to_ascii_uppercase();
        let has_body = self.words.first().is_some_and(|first| first == "CREATE")
            && self.words.iter().any(|word| ["TRIGGER", "FUNCTION", "PROCEDURE"].contains(&word.as_str()));
        if has_body {
            match word.as_str() {
                "BEGIN" => self.depth += 1,
                "CASE" if self.depth > 0 => self.depth += 1,
                "END" => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        if self.words.len() < TELLING_WORDS {
            self.words.push(word);
        }
    }

    fn end(self, script: &str, offset: usize) -> Option<Piece> {
        let (begin, line) = self.begin?;
        let sql = script.get(begin..offset)?.trim_end().to_owned();
        Some(Piece { sql, line, controls_transaction: controls_transaction(&self.words) })
    }
}

fn controls_transaction(words: &[String]) -> bool {
    let word = |at: usize| words.get(at).map(String::as_str);
    match word(0) {
        Some("BEGIN" | "COMMIT" | "END" | "ABORT") => true,
        Some("START" | "PREPARE") => word(1) == Some("TRANSACTION"),
        // To a savepoint is within the transaction.
        Some("ROLLBACK") => !words.iter().any(|word| word == "TO"),
        _ => false,
    }
}

fn batches(script: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut sql, mut line) = (String::new(), 1);
    for (number, text) in (1..).zip(script.lines()) {
        if text.trim().eq_ignore_ascii_case("go") {
            pieces.extend(batch(&std::mem::take(&mut sql), line));
            continue;
        }
        if sql.trim().is_empty() {
            (sql, line) = (String::new(), number);
        }
        sql.push_str(text);
        sql.push('\n');
    }
    pieces.extend(batch(&sql, line));
    pieces
}

fn batch(sql: &str, line: u64) -> Option<Piece> {
    let sql = sql.trim();
    let words: Vec<String> = sql.split_whitespace().take(2).map(|word| word.trim_end_matches(';').to_ascii_uppercase()).collect();
    let word = |at: usize| words.get(at).map(String::as_str);
    let transaction = matches!(word(1), Some("TRAN" | "TRANSACTION"));
    let controls_transaction = matches!(word(0), Some("COMMIT" | "ROLLBACK")) || word(0) == Some("BEGIN") && transaction;
    (!sql.is_empty()).then(|| Piece { sql: sql.to_owned(), line, controls_transaction })
}

/// From the tokenizer's lines and columns (in characters) to places in the text, going forward only.
pub(super) struct Offsets<'a> {
    characters: std::iter::Peekable<std::str::CharIndices<'a>>,
    line: u64,
    column: u64,
    length: usize,
}

impl<'a> Offsets<'a> {
    pub(super) fn new(text: &'a str) -> Offsets<'a> {
        Offsets { characters: text.char_indices().peekable(), line: 1, column: 1, length: text.len() }
    }

    pub(super) fn at(&mut self, line: u64, column: u64) -> usize {
        while (self.line, self.column) < (line, column) {
            match self.characters.next() {
                Some((_, '\n')) => (self.line, self.column) = (self.line + 1, 1),
                Some(_) => self.column += 1,
                None => return self.length,
            }
        }
        self.characters.peek().map_or(self.length, |(offset, _)| *offset)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn cut(dialect: &str, script: &str) -> Vec<(u64, String)> {
        split(dialect, script).unwrap().into_iter().map(|piece| (piece.line, piece.sql)).collect()
    }

    fn texts(dialect: &str, script: &str) -> Vec<String> {
        cut(dialect, script).into_iter().map(|(_, sql)| sql).collect()
    }

    #[test]
    fn semicolons_that_end_nothing() {
        let script = "SELECT ';', \"a;b\" -- no; \n, 1 /* ; /* ; */ */ ; ;; SELECT $x$ ; $$ ; $x$, E'it\\'s;', U&'d;'";
        assert_eq!(texts("postgresql", script).len(), 2, "{:?}", texts("postgresql", script));
        assert_eq!(texts("sqlite", "SELECT `a;b`, [c;d], 'é;' ; SELECT 2;").len(), 2);
    }

    #[test]
    fn lines_and_text() {
        let script = "\n-- first\nSELECT 'é'\n  , 1;\n\n  SELECT\n2\n; -- the end";
        assert_eq!(cut("postgresql", script), [(3, "SELECT 'é'\n  , 1".to_owned()), (6, "SELECT\n2".to_owned())]);
    }

    #[test]
    fn bodies_of_triggers_and_routines() {
        let trigger =
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET n = CASE WHEN n > 1 THEN 1 ELSE 2 END; SELECT 1; END";
        assert_eq!(texts("sqlite", &format!("{trigger}; SELECT 1")), [trigger, "SELECT 1"]);
        let function = "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END";
        assert_eq!(texts("postgresql", &format!("{function};\nSELECT f();")), [function, "SELECT f()"]);
        let quoted = "CREATE FUNCTION g() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; END $$";
        assert_eq!(texts("postgresql", &format!("{quoted}; SELECT g()")), [quoted, "SELECT g()"]);
        // A column of that name is no body.
        assert_eq!(texts("postgresql", "CREATE TABLE t (\"begin\" int); SELECT 1").len(), 2);
    }

    #[test]
    fn batches_end_with_go() {
        let script = "DECLARE @a int = 1;\nSELECT @a;\nGO\n\n  go  \nSELECT 'GO';\n";
        assert_eq!(cut("mssql", script), [(1, "DECLARE @a int = 1;\nSELECT @a;".to_owned()), (6, "SELECT 'GO';".to_owned())]);
    }

    #[test]
    fn statements_that_control_the_transaction() {
        let controls = |dialect: &str, sql: &str| split(dialect, sql).unwrap()[0].controls_transaction;
        for sql in ["BEGIN", "begin work", "COMMIT", "END", "ROLLBACK", "ABORT", "START TRANSACTION", "PREPARE TRANSACTION 'x'"] {
            assert!(controls("postgresql", sql), "{sql}");
        }
        for sql in ["ROLLBACK TO SAVEPOINT a", "ROLLBACK TO a", "SAVEPOINT a", "RELEASE a", "PREPARE p AS SELECT 1", "SELECT 1"] {
            assert!(!controls("postgresql", sql), "{sql}");
        }
        assert!(controls("mssql", "BEGIN TRAN; SELECT 1") && !controls("mssql", "BEGIN SELECT 1 END"));
    }

    #[test]
    fn what_is_no_script() {
        for script in ["", " ;; -- nothing\n", "SELECT 'open"] {
            assert!(split("postgresql", script).is_err(), "{script:?}");
        }
        assert!(split("sqlite", &"SELECT 1;".repeat(MAX_STATEMENTS + 1)).is_err());
    }
}
