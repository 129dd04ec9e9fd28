//! How a database is, for whoever asks: from what its connections have met with, without connecting.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::Database;
use crate::contract::ErrorKind;
use crate::error::CallError;

/// In one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing is open and nothing is wrong: it wasn't needed yet, or not for a while.
    Idle,
    /// It has connections, and the last that was heard of it was an answer.
    Healthy,
    /// The last that was heard of it was a failure of a connection, but others are open or can be made; or another catalog on its
    /// server is down.
    Degraded,
    /// No connection can be had.
    Down,
}

impl State {
    /// As it is shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::Idle => "idle",
            State::Healthy => "healthy",
            State::Degraded => "degraded",
            State::Down => "down",
        }
    }
}

/// How a database is.
#[derive(Debug, Clone)]
pub struct Health {
    /// In one word.
    pub state: State,
    /// Since when, where it isn't idle.
    pub since: Option<SystemTime>,
    /// The last time that no connection could be had, or one was lost. It may be long over.
    pub last_error: Option<Trouble>,
    /// How long until a connection is tried again. Until then calls fail at once.
    pub next_try: Option<Duration>,
}

/// A failure. Like every error of a call's it holds no secret.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// What kind.
    pub kind: ErrorKind,
    /// The message.
    pub message: String,
    /// When.
    pub at: SystemTime,
}

impl Trouble {
    pub(super) fn of(why: &CallError) -> Trouble {
        Trouble { kind: why.record().kind, message: why.record().message.clone(), at: SystemTime::now() }
    }
}

impl Database {
    /// How it is, as far as its connections tell. Connects to nothing.
    #[must_use]
    pub fn health(&self) -> Health {
        let mut health = self.own_health();
        let catalogs = self.catalogs.open();
        // They may be down by themselves: a catalog can be missing, or closed to this user.
        let down = catalogs.iter().map(|catalog| catalog.own_health()).find(|other| other.state == State::Down);
        if let Some(other) = down.filter(|_| health.state < State::Degraded) {
            health = Health { state: State::Degraded, next_try: None, ..other };
        }
        health
    }

    fn own_health(&self) -> Health {
        self.line.breaker.health(self.pool.status().open, Instant::now())
    }
}
