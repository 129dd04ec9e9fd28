//! Statements that this driver doesn't do, told by their first word, before the server sees them.
//!
//! COPY would turn the protocol around; what LISTEN asks for could never be delivered; replication has a protocol of its own.

use bulkhead_driver::{Error, ErrorKind};

/// An error for a statement that isn't sent.
pub(super) fn check(sql: &str) -> Result<(), Error> {
    if sql.contains('\0') {
        return Err(Error::new(ErrorKind::Syntax, "the statement contains a zero byte"));
    }
    let word = first_word(sql).to_ascii_uppercase();
    let (what, hint) = match word.as_str() {
        "COPY" => ("COPY", "use SELECT to read and INSERT with several rows to write"),
        "LISTEN" => ("LISTEN", "notifications aren't delivered through this driver: ask again with SELECT"),
        "START_REPLICATION" | "BASE_BACKUP" | "IDENTIFY_SYSTEM" | "CREATE_REPLICATION_SLOT" | "TIMELINE_HISTORY" => {
            ("replication", "the functions pg_create_logical_replication_slot and pg_logical_slot_get_changes do it in SQL")
        }
        _ => return Ok(()),
    };
    Err(unsupported(what).hint(hint))
}

/// The error for it.
pub(super) fn unsupported(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("{what} is not supported by this driver")).sqlstate("0A000")
}

/// The first word, after white space and comments (which nest).
fn first_word(sql: &str) -> &str {
    let mut rest = sql;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}', ';']);
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once(['\n', '\r']).map_or("", |(_, after)| after);
        } else if rest.starts_with("/*") {
            rest = after_comment(rest);
        } else {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            return rest.get(..end).unwrap_or_default();
        }
    }
}

fn after_comment(sql: &str) -> &str {
    let mut depth = 0_u32;
    let mut rest = sql;
    loop {
        if let Some(after) = rest.strip_prefix("/*") {
            depth += 1;
            rest = after;
        } else if let Some(after) = rest.strip_prefix("*/") {
            depth -= 1;
            rest = after;
            if depth == 0 {
                return rest;
            }
        } else {
            let mut chars = rest.chars();
            if chars.next().is_none() {
                return "";
            }
            rest = chars.as_str();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn first_words() {
        assert_eq!(first_word(" \n select 1"), "select");
        assert_eq!(first_word("-- a\n/* b /* c */ */copy t to stdout"), "copy");
        assert_eq!(first_word("/* never ends"), "");
        assert_eq!(first_word("(select 1)"), "");
        assert_eq!(first_word(""), "");
    }

    #[test]
    fn what_is_refused() {
        for sql in ["COPY t TO STDOUT", "/* x */ listen a", "; copy t from stdin", "START_REPLICATION SLOT s LOGICAL 0/0"] {
            assert_eq!(check(sql).unwrap_err().kind, ErrorKind::Unsupported, "{sql}");
        }
        for sql in ["SELECT 'copy'", "NOTIFY a", "", "copyright"] {
            assert!(check(sql).is_ok(), "{sql}");
        }
        assert_eq!(check("SELECT 1\0").unwrap_err().kind, ErrorKind::Syntax);
    }
}
