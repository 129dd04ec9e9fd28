//! The last time that a database couldn't be reached, for whoever asks how it is.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::Database;
use crate::contract::ErrorKind;
use crate::error::CallError;
use crate::pool::Lease;

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

/// The last one.
#[derive(Default)]
pub(super) struct LastTrouble(Mutex<Option<Trouble>>);

impl Database {
    /// The last time that no connection could be had, or one was lost. None: never yet.
    #[must_use]
    pub fn last_trouble(&self) -> Option<Trouble> {
        self.trouble.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A connection of the pool.
    pub(super) async fn lease(&self) -> Result<Lease, CallError> {
        self.pool.get().await.map_err(|why| {
            self.keep_in_mind(&why);
            why.of(&self.id)
        })
    }

    /// Keeps a failure in mind if it says that the connection is no good. What a statement did wrong doesn't.
    pub(super) fn note(&self, why: &CallError) {
        let kinds = [ErrorKind::Connection, ErrorKind::Authentication, ErrorKind::Protocol, ErrorKind::Internal];
        if kinds.contains(&why.record().kind) {
            self.keep_in_mind(why);
        }
    }

    fn keep_in_mind(&self, why: &CallError) {
        let trouble = Trouble { kind: why.record().kind, message: why.record().message.clone(), at: SystemTime::now() };
        *self.trouble.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
    }
}
