//! The statements that were described, the least recently used one going first.
//!
//! While a session lasts the server has them under their names; a reset takes the names away, and what is known of the
//! columns stays, so that the next use still takes one round trip. Some tens of entries: looked through from end to end, which
//! costs less than hashing a long text would.

use super::traces::{self, Traces};
use crate::protocol::FieldDescription;
use crate::types::Codec;
use bulkhead_driver::Column;
use std::rc::Rc;

/// Longer texts aren't kept: a bulk INSERT is seldom the same twice.
const LONGEST: usize = 32 << 10;

/// A statement that the server has described.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Its name; empty: the unnamed statement.
    pub(super) name: String,
    /// The types of its parameters.
    pub(super) parameters: Vec<u32>,
    /// Its columns as the server described them.
    pub(super) fields: Vec<FieldDescription>,
    pub(super) columns: Vec<Column>,
    pub(super) codecs: Vec<Codec>,
    /// What Bind asks for: one for all columns, or one for each.
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

/// A statement that was found.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) prepared: Rc<Prepared>,
    pub(super) history: History,
    /// The server has it under its name.
    pub(super) on_server: bool,
}

#[derive(Debug)]
pub(super) struct Statements {
    entries: Vec<Entry>,
    most: usize,
    /// Whether they have names.
    named: bool,
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
    traces: Traces,
    on_server: bool,
    used: u64,
}

impl Statements {
    pub(super) fn new(most: usize, named: bool) -> Self {
        Self { entries: Vec::new(), most, named, clock: 0, numbers: 0, gone: Vec::new() }
    }

    pub(super) fn find(&mut self, sql: &str, declared: &[u32]) -> Option<Known> {
        self.clock += 1;
        let entry = self.entries.iter_mut().find(|entry| entry.sql == sql && entry.declared == declared)?;
        entry.used = self.clock;
        Some(Known { prepared: entry.prepared.clone(), history: entry.history, on_server: entry.on_server })
    }

    /// What a statement that is kept may leave in the session.
    pub(super) fn traces(&self, sql: &str) -> Option<Traces> {
        self.entries.iter().find(|entry| entry.sql == sql).map(|entry| entry.traces)
    }

    /// A name for a new statement; empty if it isn't to have one. Makes room for it first, so that the server never has more
    /// than may be kept.
    pub(super) fn name_for(&mut self, sql: &str) -> String {
        if !self.keeps(sql) {
            return String::new();
        }
        while self.entries.len() >= self.most {
            let oldest = self.entries.iter().enumerate().min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(at, _)| at) else {
                break;
            };
            self.take(oldest);
        }
        if !self.named {
            return String::new();
        }
        self.numbers += 1;
        format!("bulkhead_{}", self.numbers)
    }

    fn keeps(&self, sql: &str) -> bool {
        self.most > 0 && sql.len() <= LONGEST
    }

    pub(super) fn insert(&mut self, sql: &str, declared: &[u32], prepared: Rc<Prepared>) {
        if self.keeps(sql) {
            let traces = traces::of(sql);
            let (sql, declared, history) = (sql.to_owned(), declared.to_owned(), History::default());
            let on_server = !prepared.name.is_empty();
            self.entries.push(Entry { sql, declared, prepared, history, traces, on_server, used: self.clock });
        }
    }

    fn entry(&mut self, prepared: &Rc<Prepared>) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| Rc::ptr_eq(&entry.prepared, prepared))
    }

    pub(super) fn remember(&mut self, prepared: &Rc<Prepared>, history: History) {
        if let Some(entry) = self.entry(prepared) {
            entry.history = history;
        }
    }

    /// It was parsed again.
    pub(super) fn on_server(&mut self, prepared: &Rc<Prepared>) {
        if let Some(entry) = self.entry(prepared) {
            entry.on_server = !prepared.name.is_empty();
        }
    }

    /// Forgets one that no longer fits.
    pub(super) fn remove(&mut self, prepared: &Rc<Prepared>) {
        if let Some(at) = self.entries.iter().position(|entry| Rc::ptr_eq(&entry.prepared, prepared)) {
            self.take(at);
        }
    }

    fn take(&mut self, at: usize) {
        let name = self.entries.swap_remove(at).prepared.name.clone();
        // Also one that may be gone: to close it again is no error.
        if !name.is_empty() {
            self.gone.push(name);
        }
    }

    /// The server has forgotten them all.
    pub(super) fn forgotten(&mut self) {
        self.gone.clear();
        self.entries.iter_mut().for_each(|entry| entry.on_server = false);
    }

    /// The names to close with the next message.
    pub(super) fn take_gone(&mut self) -> Vec<String> {
        std::mem::take(&mut self.gone)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn keep(statements: &mut Statements, sql: &str, declared: &[u32]) {
        let name = statements.name_for(sql);
        let (columns, codecs, formats) = (vec![], vec![], vec![]);
        let prepared = Prepared { name, parameters: vec![], fields: vec![], columns, codecs, formats };
        statements.insert(sql, declared, Rc::new(prepared));
    }

    #[test]
    fn the_least_recently_used_goes() {
        let mut statements = Statements::new(2, true);
        keep(&mut statements, "a", &[]);
        keep(&mut statements, "b", &[]);
        assert!(statements.find("a", &[]).unwrap().on_server);
        keep(&mut statements, "c", &[]);
        assert!(statements.find("b", &[]).is_none());
        assert!(statements.find("a", &[]).is_some());
        assert_eq!(statements.take_gone(), ["bulkhead_2"]);
    }

    #[test]
    fn declared_types_make_another_statement() {
        let mut statements = Statements::new(2, true);
        keep(&mut statements, "a", &[17]);
        assert!(statements.find("a", &[0]).is_none());
    }

    #[test]
    fn a_reset_leaves_what_is_known() {
        let mut statements = Statements::new(2, true);
        keep(&mut statements, "a", &[]);
        statements.forgotten();
        let known = statements.find("a", &[]).unwrap();
        assert!(!known.on_server);
        statements.on_server(&known.prepared);
        assert!(statements.find("a", &[]).unwrap().on_server);
    }

    #[test]
    fn none_are_kept_if_none_may_be() {
        let mut statements = Statements::new(0, true);
        keep(&mut statements, "a", &[]);
        assert!(statements.find("a", &[]).is_none());
        let mut unnamed = Statements::new(2, false);
        keep(&mut unnamed, "a", &[]);
        assert!(!unnamed.find("a", &[]).unwrap().on_server);
        unnamed.forgotten();
        assert!(unnamed.take_gone().is_empty());
    }
}
