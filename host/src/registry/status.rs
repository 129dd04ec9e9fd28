//! How the last change of the configuration went, for whoever asks how the server is.

use std::sync::{PoisonError, RwLock};
use std::time::SystemTime;

use super::Registry;

/// What became of changes since the start.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// How many were taken.
    pub taken: u64,
    /// How many were refused.
    pub refusals: u64,
    /// Why the last one was refused, and when. None: it was taken, or there was none.
    pub refused: Option<(SystemTime, String)>,
}

#[derive(Debug, Default)]
pub(super) struct Noted(RwLock<Status>);

impl Registry {
    /// How the last change went.
    #[must_use]
    pub fn status(&self) -> Status {
        self.noted.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how a change went: taken, or why not.
    pub(crate) fn noted(&self, outcome: Result<(), String>) {
        let mut status = self.noted.0.write().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(()) => {
                status.taken += 1;
                status.refused = None;
            }
            Err(why) => {
                status.refusals += 1;
                status.refused = Some((SystemTime::now(), why));
            }
        }
    }
}
