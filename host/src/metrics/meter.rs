//! One database's numbers.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use super::histogram::Histogram;
use crate::contract::ErrorKind;
use crate::error::kind_name;

/// Tools that are counted by their names: the saved statements of a large configuration, and our own. Others count as `other`.
const MAX_TOOLS: usize = 256;
const OTHER: &str = "other";

/// The errors that a call can end with.
const KINDS: [ErrorKind; 15] = [
    ErrorKind::Syntax,
    ErrorKind::Undefined,
    ErrorKind::InvalidValue,
    ErrorKind::Permission,
    ErrorKind::ReadOnly,
    ErrorKind::Authentication,
    ErrorKind::Constraint,
    ErrorKind::Serialization,
    ErrorKind::Resources,
    ErrorKind::Timeout,
    ErrorKind::Cancelled,
    ErrorKind::Connection,
    ErrorKind::Protocol,
    ErrorKind::Unsupported,
    ErrorKind::Internal,
];
/// An answer, and each kind of error.
const OUTCOMES: usize = KINDS.len() + 1;

/// How a call ended, by the place of its count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome(usize);

impl Outcome {
    /// Its caller went away before its end. The test holds it to its place.
    pub(super) const GIVEN_UP: Outcome = Outcome(11);

    /// By the name of the kind of error. What is none of them is a fault of ours.
    pub(super) fn of(error: Option<&str>) -> Outcome {
        let kind = |name: &str| KINDS.iter().position(|known| kind_name(*known) == name);
        Outcome(error.map_or(0, |name| kind(name).map_or(OUTCOMES - 1, |at| at + 1)))
    }

    fn name(self) -> &'static str {
        self.0.checked_sub(1).and_then(|at| KINDS.get(at)).map_or("ok", |kind| kind_name(*kind))
    }
}

/// Why an instance was thrown away in the middle of its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trap {
    /// It asked for more memory than it may have.
    Memory,
    /// It used up its CPU time.
    Cpu,
    /// WebAssembly's own: a panic, an access out of bounds.
    Wasm,
    /// What it gave breaks the contract.
    Contract,
    /// It didn't stop when told to.
    Unresponsive,
    /// Anything else.
    Other,
}

/// Why a connection was closed between calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Eviction {
    /// Its memory had grown.
    Size,
    /// It was past its lifetime.
    Age,
    /// Nobody used it.
    Idle,
    /// Its server had closed it.
    Closed,
    /// It didn't answer a ping, or couldn't be cleaned.
    Unfit,
    /// It made room for another database's.
    Room,
}

pub(super) const TRAPS: [(&str, Trap); 6] = [
    ("memory", Trap::Memory),
    ("cpu", Trap::Cpu),
    ("wasm", Trap::Wasm),
    ("contract", Trap::Contract),
    ("unresponsive", Trap::Unresponsive),
    (OTHER, Trap::Other),
];
pub(super) const EVICTIONS: [(&str, Eviction); 6] = [
    ("size", Eviction::Size),
    ("age", Eviction::Age),
    ("idle", Eviction::Idle),
    ("closed", Eviction::Closed),
    ("unfit", Eviction::Unfit),
    ("room", Eviction::Room),
];

/// The numbers.
#[derive(Default)]
pub(crate) struct Meter {
    calls: RwLock<HashMap<String, [AtomicU64; OUTCOMES]>>,
    pub(super) took: Histogram,
    pub(super) rows: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) created: AtomicU64,
    pub(super) alive: AtomicI64,
    pub(super) memory: AtomicI64,
    pub(super) guest: AtomicU64,
    pub(super) opened: AtomicU64,
    pub(super) closed: AtomicU64,
    traps: [AtomicU64; TRAPS.len()],
    evictions: [AtomicU64; EVICTIONS.len()],
}

impl Meter {
    /// Counts a call of a tool.
    pub(super) fn called(&self, tool: &str, outcome: Outcome, took: Duration) {
        self.took.observe(took);
        let count = |counts: &[AtomicU64; OUTCOMES]| counts.get(outcome.0).map(|count| count.fetch_add(1, Ordering::Relaxed));
        if self.calls.read().unwrap_or_else(PoisonError::into_inner).get(tool).and_then(count).is_some() {
            return;
        }
        let mut calls = self.calls.write().unwrap_or_else(PoisonError::into_inner);
        let tool = if calls.len() < MAX_TOOLS { tool } else { OTHER };
        count(calls.entry(tool.to_owned()).or_default());
    }

    /// Counts what an answer holds.
    pub(crate) fn gave(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts a statement that the policy refused.
    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an instance's end.
    pub(crate) fn trapped(&self, why: Trap) {
        add(&self.traps, TRAPS.iter().position(|(_, known)| *known == why));
    }

    /// Counts a connection's end.
    pub(crate) fn evicted(&self, why: Eviction) {
        add(&self.evictions, EVICTIONS.iter().position(|(_, known)| *known == why));
    }

    /// Counts a breaker that opened, or closed.
    pub(crate) fn turned(&self, open: bool) {
        let count = if open { &self.opened } else { &self.closed };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Each tool and outcome that has been, and how often.
    pub(super) fn calls(&self) -> Vec<(String, &'static str, u64)> {
        let calls = self.calls.read().unwrap_or_else(PoisonError::into_inner);
        let all = calls.iter().flat_map(|(tool, counts)| counts.iter().enumerate().map(move |(at, count)| (tool, at, count)));
        let mut all: Vec<_> = all
            .map(|(tool, at, count)| (tool.clone(), Outcome(at).name(), count.load(Ordering::Relaxed)))
            .filter(|one| one.2 > 0)
            .collect();
        all.sort();
        all
    }

    pub(super) fn traps(&self) -> impl Iterator<Item = (&'static str, u64)> {
        TRAPS.iter().zip(&self.traps).map(|((name, _), count)| (*name, count.load(Ordering::Relaxed)))
    }

    pub(super) fn evictions(&self) -> impl Iterator<Item = (&'static str, u64)> {
        EVICTIONS.iter().zip(&self.evictions).map(|((name, _), count)| (*name, count.load(Ordering::Relaxed)))
    }
}

fn add(counts: &[AtomicU64], at: Option<usize>) {
    if let Some(count) = at.and_then(|at| counts.get(at)) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_tool_and_outcome() {
        let meter = Meter::default();
        for error in [None, None, Some("syntax"), Some("internal"), Some("never heard of")] {
            meter.called("query", Outcome::of(error), Duration::from_millis(3));
        }
        assert_eq!(Outcome::GIVEN_UP, Outcome::of(Some("cancelled")));
        meter.called("explain", Outcome::of(None), Duration::ZERO);
        let calls = meter.calls();
        let expected = [("explain", "ok", 1), ("query", "internal", 2), ("query", "ok", 2), ("query", "syntax", 1)];
        assert_eq!(calls, expected.map(|(tool, outcome, count)| (tool.to_owned(), outcome, count)));
        assert_eq!(meter.took.read().1, 6);
    }

    #[test]
    fn names_without_end_are_one_in_the_end() {
        let meter = Meter::default();
        for number in 0..MAX_TOOLS * 2 {
            meter.called(&format!("tool{number}"), Outcome::of(None), Duration::ZERO);
        }
        let calls = meter.calls();
        assert_eq!(calls.len(), MAX_TOOLS + 1);
        assert!(calls.contains(&(OTHER.to_owned(), "ok", MAX_TOOLS as u64)));
    }
}
