//! The statements that the server has under a name, the least recently used one going first.
//!
//! Some tens of entries: looked through from end to end, which costs less than hashing a long text would.

use crate::types::Codec;
use bulkhead_driver::Column;
use std::rc::Rc;

/// Longer texts aren't kept: a bulk INSERT is seldom the same twice.
const LONGEST: usize = 32 << 10;

/// A statement that the server has parsed.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Its name; empty: it isn't kept.
    pub(super) name: String,
    /// The types of its parameters.
    pub(super) parameters: Vec<u32>,
    pub(super) columns: Vec<Column>,
    pub(super) codecs: Vec<Codec>,
    /// What Bind asks for, column by column.
    pub(super) formats: Vec<i16>,
}

/// What was seen when it ran last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct History {
    /// All of it came in the first batch.
    pub(super) small: bool,
    /// Bytes of a row on the wire; 0: not known.
    pub(super) row_bytes: usize,
}

#[derive(Debug)]
pub(super) struct Statements {
    entries: Vec<Entry>,
    most: usize,
    clock: u64,
    numbers: u64,
    /// Names that are to be closed on the server.
    gone: Vec<String>,
}

#[derive(Debug)]
struct Entry {
    sql: String,
    declared: Vec<u32>,
    prepared: Rc<Prepared>,
    history: History,
    used: u64,
}

impl Statements {
    pub(super) fn new(most: usize) -> Self {
        Self {
            entries: Vec::new(),
            most,
            clock: 0,
            numbers: 0,
            gone: Vec::new(),
        }
    }

    pub(super) fn find(&mut self, sql: &str, declared: &[u32]) -> Option<(Rc<Prepared>, History)> {
        self.clock += 1;
        let entry = self
            .entries
            .iter_mut()
            .find(|entry| entry.sql == sql && entry.declared == declared)?;
        entry.used = self.clock;
        Some((entry.prepared.clone(), entry.history))
    }

    /// A name for a statement; empty if it isn't worth keeping.
    pub(super) fn name_for(&mut self, sql: &str) -> String {
        if self.most == 0 || sql.len() > LONGEST {
            return String::new();
        }
        // Room first, so that the server never has more than may be kept.
        while self.entries.len() >= self.most {
            let oldest = self
                .entries
                .iter()
                .enumerate()
                .min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(at, _)| at) else {
                break;
            };
            self.gone
                .push(self.entries.swap_remove(oldest).prepared.name.clone());
        }
        self.numbers += 1;
        format!("bulkhead_{}", self.numbers)
    }

    pub(super) fn insert(&mut self, sql: &str, declared: &[u32], prepared: Rc<Prepared>) {
        if prepared.name.is_empty() {
            return;
        }
        let history = History::default();
        self.entries.push(Entry {
            sql: sql.to_owned(),
            declared: declared.to_owned(),
            prepared,
            history,
            used: self.clock,
        });
    }

    pub(super) fn remember(&mut self, prepared: &Rc<Prepared>, history: History) {
        if let Some(entry) = self
            .entries
            .iter_mut()
            .find(|entry| Rc::ptr_eq(&entry.prepared, prepared))
        {
            entry.history = history;
        }
    }

    /// Forgets one that no longer fits.
    pub(super) fn remove(&mut self, prepared: &Rc<Prepared>) {
        if let Some(at) = self
            .entries
            .iter()
            .position(|entry| Rc::ptr_eq(&entry.prepared, prepared))
        {
            self.gone
                .push(self.entries.swap_remove(at).prepared.name.clone());
        }
    }

    /// The server has forgotten them all.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.gone.clear();
    }

    /// The names to close with the next message.
    pub(super) fn take_gone(&mut self) -> Vec<String> {
        std::mem::take(&mut self.gone)
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
mod tests {
    use super::*;

    fn prepared(statements: &mut Statements, sql: &str) -> Rc<Prepared> {
        let name = statements.name_for(sql);
        Rc::new(Prepared {
            name,
            parameters: vec![],
            columns: vec![],
            codecs: vec![],
            formats: vec![],
        })
    }

    #[test]
    fn the_least_recently_used_goes() {
        let mut statements = Statements::new(2);
        for sql in ["a", "b"] {
            let one = prepared(&mut statements, sql);
            statements.insert(sql, &[], one);
        }
        assert!(statements.find("a", &[]).is_some());
        let third = prepared(&mut statements, "c");
        statements.insert("c", &[], third);
        assert!(statements.find("b", &[]).is_none());
        assert!(statements.find("a", &[]).is_some());
        assert_eq!(statements.take_gone(), ["bulkhead_2"]);
    }

    #[test]
    fn declared_types_make_another_statement() {
        let mut statements = Statements::new(2);
        let one = prepared(&mut statements, "a");
        statements.insert("a", &[17], one);
        assert!(statements.find("a", &[0]).is_none());
    }

    #[test]
    fn none_are_kept_if_none_may_be() {
        let mut statements = Statements::new(0);
        let one = prepared(&mut statements, "a");
        assert_eq!(one.name, "");
        statements.insert("a", &[], one);
        assert!(statements.find("a", &[]).is_none());
    }
}
