//! Sending a request, and sending it again.
//!
//! What can't have run is repeated: throttled requests, those of a cluster that resumes, those that never left. What may
//! have run is repeated only if that does no harm. Each wait is twice as long as the last one, up to a limit, and shortened at random,
//! so that many drivers don't come back at once. There is no clock here: the host ends a wait when the call's time is over.

use super::Session;
use crate::protocol::{Exception, Failure, Operation};
use crate::service::{Answer, Service, Unanswered};
use bulkhead_driver::{Error, call::Interruption};

/// The first wait, in milliseconds: a throttled service has room again soon.
const FIRST_WAIT: u32 = 100;
/// The longest: a resuming cluster is asked every few seconds.
const LONGEST_WAIT: u32 = 4_000;

/// What may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// What can't have run.
    IfNotRun,
    /// What may have run, too.
    Always,
}

/// Why a request came to nothing.
#[derive(Debug)]
pub(super) enum Failed {
    /// There was no answer.
    Unanswered(Unanswered),
    /// The service's answer.
    Service(Failure),
    /// Anything else.
    Other(Error),
}

impl Failed {
    pub(super) fn is_resuming(&self) -> bool {
        matches!(self, Failed::Service(Failure { exception: Exception::DatabaseResuming, .. }))
    }

    /// True if the answer would have been too large.
    pub(super) fn is_too_large(&self) -> bool {
        match self {
            Failed::Service(failure) => failure.is_too_large(),
            Failed::Unanswered(why) => *why == Unanswered::TooLarge,
            Failed::Other(_) => false,
        }
    }

    /// True if the caller is gone or the time is over.
    pub(super) fn is_interruption(&self) -> bool {
        matches!(self, Failed::Unanswered(Unanswered::Interrupted(_)))
    }

    fn is_worth_repeating(&self, repeat: Repeat) -> bool {
        match self {
            Failed::Unanswered(Unanswered::Unreachable(_)) => true,
            Failed::Unanswered(Unanswered::Lost(_)) => repeat == Repeat::Always,
            Failed::Service(failure) => {
                failure.exception.is_before_running() || (repeat == Repeat::Always && failure.exception.is_transient())
            }
            _ => false,
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Other(error)
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Error {
        match failed {
            Failed::Unanswered(why) => why.into(),
            Failed::Service(failure) => failure.into(),
            Failed::Other(error) => error,
        }
    }
}

impl<S: Service> Session<S> {
    /// Sends a request, and again where that may help.
    pub(super) fn repeated(&mut self, operation: Operation, body: &[u8], repeat: Repeat) -> Result<Answer, Failed> {
        let mut wait = FIRST_WAIT;
        let mut left = self.max_retries;
        loop {
            let failed = match self.once(operation, body) {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            // A host that can't be reached now is mostly one that can't be reached in a minute: two tries are enough.
            if matches!(failed, Failed::Unanswered(Unanswered::Unreachable(_) | Unanswered::Lost(_))) {
                left = left.min(2);
            }
            if left == 0 || !failed.is_worth_repeating(repeat) {
                return Err(failed);
            }
            left -= 1;
            if failed.is_resuming() && wait == FIRST_WAIT {
                self.service.note("the cluster was paused and is resuming");
            }
            if let Some(why) = self.pause(wait) {
                return Err(interrupted(why, failed));
            }
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
    }

    /// Sends a request once.
    pub(super) fn once(&mut self, operation: Operation, body: &[u8]) -> Result<Answer, Failed> {
        let answer = self.service.call(operation, body).map_err(Failed::Unanswered)?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        Err(Failed::Service(Failure::read(answer.status, answer.error_type.as_deref(), &answer.body)))
    }

    /// Between half of the wait and all of it.
    fn pause(&mut self, wait: u32) -> Option<Interruption> {
        let half = wait / 2;
        let more = self.service.random() % half.saturating_add(1);
        self.service.wait(half.saturating_add(more))
    }
}

/// The time was over while waiting: what was waited for is what the caller should know.
fn interrupted(why: Interruption, failed: Failed) -> Failed {
    let mut error = Error::from(Unanswered::Interrupted(why));
    let waited_for = Error::from(failed);
    error.detail = Some(waited_for.message);
    error.native_code = waited_for.native_code;
    error.hint = waited_for.hint;
    error.retryable = waited_for.retryable;
    Failed::Other(error)
}
