//! The statements of tests/corpus.

/// What each tries, and the statement: `what | SQL`, with `␊`, `␍` and `␀` for a line feed, a carriage return and a NUL.
///
/// # Panics
/// If a line is none.
#[must_use]
pub fn statements(text: &str) -> Vec<(&str, String)> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (what, sql) = line.split_once(" | ").unwrap_or_else(|| panic!("no statement: {line}"));
            (what, sql.replace('␊', "\n").replace('␍', "\r").replace('␀', "\0"))
        })
        .collect()
}
