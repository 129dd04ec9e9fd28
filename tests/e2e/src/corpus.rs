//! The statements of tests/corpus.

/// What each tries, and the statement: `what | SQL`, with `␊`, `␍` and `␀` for a line feed, a carriage return and a NUL.
///
/// # Panics
/// If a line is none.
#[must_use]
pub fn statements(text: &str) -> Vec<(&str, String)> {
    read_statements(text)
}

include!("../../corpus/statements.rs");
