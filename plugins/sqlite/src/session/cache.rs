//! Compiled statements, kept for the next time: the one used longest ago goes first.

use crate::sqlite::Statement;
use crate::text::Opening;

/// A model repeats few statements; each takes some KiB of an instance's memory.
const MOST_STATEMENTS: usize = 32;
/// A longer text is unlikely to come again.
const LONGEST_TEXT: usize = 16 << 10;

/// A compiled statement and what it was compiled from.
pub(crate) struct Compiled {
    pub(crate) text: String,
    pub(crate) opening: Opening,
    /// Prepared for a read-only call: SQLite asked other questions.
    pub(crate) read_only: bool,
    pub(crate) statement: Statement,
}

/// Statements that are not in use.
#[derive(Default)]
pub(super) struct Cache(Vec<Compiled>);

impl Cache {
    /// Takes a statement out.
    pub(super) fn take(&mut self, text: &str, read_only: bool) -> Option<Compiled> {
        let index = self.0.iter().rposition(|entry| entry.read_only == read_only && entry.text == text)?;
        Some(self.0.remove(index))
    }

    /// Puts one back.
    pub(super) fn put(&mut self, compiled: Compiled) {
        if compiled.text.len() > LONGEST_TEXT {
            return;
        }
        if self.0.len() >= MOST_STATEMENTS {
            self.0.remove(0);
        }
        self.0.push(compiled);
    }
}
