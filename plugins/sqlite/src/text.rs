//! What is to be known of a statement's text without parsing it: its first words, and whether anything comes after it.
//!
//! Comments are SQLite's (<https://www.sqlite.org/lang_comment.html>); one that isn't closed ends with the text.

/// What a statement begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opening {
    /// The first word, in capitals; empty if it doesn't begin with one.
    pub(crate) verb: String,
    /// What the database calls it: `SELECT`, `CREATE TABLE`.
    pub(crate) tag: String,
}

impl Opening {
    /// Reads the first words of a text.
    pub(crate) fn of(text: &str) -> Self {
        let mut words = words(text);
        let verb = words.next().unwrap_or_default();
        let tag = match verb.as_str() {
            "CREATE" | "DROP" | "ALTER" => {
                let object = words.find(|word| !matches!(word.as_str(), "TEMP" | "TEMPORARY" | "UNIQUE"));
                format!("{verb} {}", object.unwrap_or_default()).trim_end().to_owned()
            }
            _ => verb.clone(),
        };
        Self { verb, tag }
    }

    /// Whether it is a statement that changes rows, in so far as its first word tells.
    pub(crate) fn changes_rows(&self) -> bool {
        matches!(self.verb.as_str(), "INSERT" | "UPDATE" | "DELETE" | "REPLACE")
    }
}

/// Whether there is nothing in a text but white space, comments and semicolons.
pub(crate) fn is_blank(text: &str) -> bool {
    skip(text, true).is_empty()
}

/// Where the first thing that isn't blank begins, in bytes.
pub(crate) fn blank_length(text: &str) -> usize {
    text.len() - skip(text, true).len()
}

/// A byte offset as a position: 1-based, in characters.
pub(crate) fn position(text: &str, offset: usize) -> Option<u32> {
    let before = text.get(..offset)?;
    u32::try_from(before.chars().count() + 1).ok()
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = skip(rest, true);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        (!word.is_empty()).then(|| word.to_ascii_uppercase())
    })
}

fn skip(mut text: &str, semicolons: bool) -> &str {
    loop {
        let before = text.len();
        text = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\u{feff}' || (semicolons && c == ';'));
        if let Some(comment) = text.strip_prefix("--") {
            text = comment.split_once('\n').map_or("", |(_, after)| after);
        } else if let Some(comment) = text.strip_prefix("/*") {
            text = comment.split_once("*/").map_or("", |(_, after)| after);
        }
        if text.len() == before {
            return text;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn first_words() {
        for (text, verb, tag) in [
            ("select 1", "SELECT", "SELECT"),
            ("  -- a comment\n /* and ; another */ Insert into t", "INSERT", "INSERT"),
            ("create temp table t(a)", "CREATE", "CREATE TABLE"),
            ("CREATE UNIQUE INDEX i", "CREATE", "CREATE INDEX"),
            ("drop/**/view v", "DROP", "DROP VIEW"),
            ("VACUUM;", "VACUUM", "VACUUM"),
            ("(select 1)", "", ""),
            ("", "", ""),
        ] {
            assert_eq!(Opening::of(text), Opening { verb: verb.to_owned(), tag: tag.to_owned() }, "{text}");
        }
    }

    #[test]
    fn blanks() {
        for blank in ["", " ; ;\n", "-- x", "/* x", "/* ; */ -- y\n;"] {
            assert!(is_blank(blank), "{blank}");
        }
        assert!(!is_blank(" ; select 1"));
        assert_eq!(blank_length(" ;/**/ é"), 7);
    }

    #[test]
    fn positions_count_characters() {
        assert_eq!(position("é x", 3), Some(3));
        assert_eq!(position("é x", 1), None);
    }
}
