//! What is to be said of many entries, in as many lines as a person reads: a thousand that have the same fault are one to mend.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter, Result, Write};

/// The most lines.
const LINES: usize = 20;
/// The most entries that a line names.
const NAMED: usize = 5;

/// What is to be said, and of which entries.
#[derive(Debug, Default)]
pub(crate) struct Alike(BTreeMap<String, Vec<String>>);

impl Alike {
    pub(super) fn add(&mut self, what: String, id: String) {
        self.0.entry(what).or_default().push(id);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each entry with what is to be said of it.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(what, ids)| ids.iter().map(move |id| (id.as_str(), what.as_str())))
    }

    /// Lines, what concerns most entries first: their ids after a prefix, and what.
    pub(super) fn lines(&self, prefix: &str) -> Vec<String> {
        let mut all: Vec<(&String, &Vec<String>)> = self.0.iter().collect();
        all.sort_by_key(|(_, ids)| std::cmp::Reverse(ids.len()));
        let mut lines: Vec<String> = all.iter().take(LINES).map(|(what, ids)| format!("{prefix}{}: {what}", some(ids))).collect();
        let more: usize = all.iter().skip(LINES).map(|(_, ids)| ids.len()).sum();
        if more > 0 {
            lines.push(format!("and {more} more databases: `bulkhead config check` names them all"));
        }
        lines
    }
}

/// The first of them, and how many more there are.
pub(crate) fn some(ids: &[String]) -> String {
    let mut text = ids.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if let Some(more) = ids.len().checked_sub(NAMED).filter(|more| *more > 0) {
        let _ = write!(text, " and {more} more");
    }
    text
}

/// Entries that can never be used as they are written.
#[derive(Debug)]
pub(crate) struct WrongEntries(pub(super) Alike);

impl WrongEntries {
    /// Each with why.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.each()
    }
}

impl Display for WrongEntries {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&self.0.lines("databases.").join("\n"))
    }
}

impl std::error::Error for WrongEntries {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_have_is_one_line() {
        let mut alike = Alike::default();
        alike.add("port: is missing".to_owned(), "lone".to_owned());
        for at in 0..300 {
            alike.add("there is no driver \"postgers\"".to_owned(), format!("tenant{at:03}"));
        }
        assert_eq!(
            WrongEntries(alike).to_string(),
            "databases.tenant000, tenant001, tenant002, tenant003, tenant004 and 295 more: there is no driver \"postgers\"\n\
             databases.lone: port: is missing"
        );
    }

    #[test]
    fn what_each_has_for_itself_ends() {
        let mut alike = Alike::default();
        for at in 0..300 {
            alike.add(format!("reason {at:03}"), at.to_string());
        }
        let lines = alike.lines("");
        assert_eq!((lines.len(), lines.first().map(String::as_str)), (LINES + 1, Some("0: reason 000")));
        assert_eq!(lines.last().map(String::as_str), Some("and 280 more databases: `bulkhead config check` names them all"));
        assert_eq!(alike.each().count(), 300);
    }
}
