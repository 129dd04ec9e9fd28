//! How a statement ended.

use bulkhead_driver::{Completion, Notice};

/// From the server's tag and the rows that were given. No tag: the statement was stopped at the row limit, or was empty.
pub(super) fn completion(tag: Option<String>, rows: u64, returns_rows: bool, notices: Vec<Notice>) -> Completion {
    let (verb, count) = match tag.as_deref().and_then(|tag| tag.rsplit_once(' ')) {
        Some((verb, count)) => (verb, count.parse::<u64>().ok()),
        None => ("", None),
    };
    // A statement read in several portions ends with a tag that counts the last.
    let own = returns_rows && count.is_some() && !verb.contains(' ') && matches!(verb, "SELECT" | "FETCH");
    let (tag, rows_affected) = if own { (Some(format!("{verb} {rows}")), Some(rows)) } else { (tag, count) };
    Completion { rows_affected, command_tag: tag, notices, outputs: Vec::new(), next: None }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        let end = |tag: &str, rows, returns| {
            let done = completion(Some(tag.into()), rows, returns, Vec::new());
            (done.command_tag.unwrap(), done.rows_affected)
        };
        assert_eq!(end("SELECT 3", 10, true), ("SELECT 10".into(), Some(10)));
        assert_eq!(end("INSERT 0 5", 5, true), ("INSERT 0 5".into(), Some(5)));
        assert_eq!(end("UPDATE 7", 0, false), ("UPDATE 7".into(), Some(7)));
        assert_eq!(end("SELECT 7", 0, false), ("SELECT 7".into(), Some(7)));
        assert_eq!(end("CREATE TABLE", 0, false), ("CREATE TABLE".into(), None));
    }
}
