//! Compiled statements, kept for the next time: the one used longest ago goes first.

use crate::sqlite::Statement;

/// A model repeats few statements; each takes some KiB of an instance's memory.
const MOST_STATEMENTS: usize = 32;
/// A longer text is unlikely to come again.
const LONGEST_TEXT: usize = 16 << 10;

/// Statements that are not in use.
#[derive(Default)]
pub(super) struct Cache(Vec<Entry>);

struct Entry {
    text: String,
    /// Prepared for a read-only call: SQLite asked other questions.
    read_only: bool,
    statement: Statement,
}

impl Cache {
    /// Takes a statement out.
    pub(super) fn take(&mut self, text: &str, read_only: bool) -> Option<Statement> {
        let index = self
            .0
            .iter()
            .rposition(|entry| entry.read_only == read_only && entry.text == text)?;
        Some(self.0.remove(index).statement)
    }

    /// Puts one back.
    pub(super) fn put(&mut self, text: String, read_only: bool, statement: Statement) {
        if text.len() > LONGEST_TEXT {
            return;
        }
        if self.0.len() >= MOST_STATEMENTS {
            self.0.remove(0);
        }
        self.0.push(Entry {
            text,
            read_only,
            statement,
        });
    }
}
