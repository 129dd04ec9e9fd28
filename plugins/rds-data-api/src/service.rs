//! What the driver needs from outside: requests to its service, and time.
//!
//! A trait, so that the same session runs over the host's imports in a component and over a script in tests.

#[cfg(target_family = "wasm")]
mod host;

#[cfg(target_family = "wasm")]
pub use host::Host;

use crate::protocol::Operation;
use bulkhead_driver::call::Interruption;
use bulkhead_driver::{Error, ErrorKind};

/// The way to the service.
pub trait Service {
    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// There was none.
    fn call(&mut self, operation: Operation, body: &[u8]) -> Result<Answer, Unanswered>;

    /// Waits, unless the call should end.
    fn wait(&mut self, milliseconds: u32) -> Option<Interruption>;

    /// Any number, for waits that differ from one driver to the next.
    fn random(&mut self) -> u32;

    /// Something worth an operator's while.
    fn note(&mut self, message: &str);
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP's status.
    pub status: u16,
    /// `x-amzn-errortype`
    pub error_type: Option<String>,
    /// JSON.
    pub body: Vec<u8>,
}

/// Why there was no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    /// The call should end.
    Interrupted(Interruption),
    /// Nothing was sent: no connection.
    Unreachable(String),
    /// Nothing was sent: no credentials.
    Credentials(String),
    /// The host refused it.
    Denied,
    /// The answer is too large for the host.
    TooLarge,
    /// It was sent, and what happened then isn't known.
    Lost(String),
}

impl From<Unanswered> for Error {
    fn from(why: Unanswered) -> Error {
        match why {
            Unanswered::Interrupted(Interruption::Cancelled) => Error::new(ErrorKind::Cancelled, "the call was cancelled"),
            Unanswered::Interrupted(Interruption::Timeout) => Error::new(ErrorKind::Timeout, "the time allowed ran out"),
            Unanswered::Unreachable(why) => {
                Error::new(ErrorKind::Connection, format!("the service can't be reached: {why}")).retryable()
            }
            Unanswered::Credentials(why) => Error::new(ErrorKind::Authentication, why),
            Unanswered::Denied => Error::new(ErrorKind::Connection, "the host refused the request: its log says why"),
            Unanswered::TooLarge => Error::new(ErrorKind::Resources, "the service's answer is larger than the host takes"),
            Unanswered::Lost(why) => {
                Error::new(ErrorKind::Connection, format!("the connection to the service was lost: {why}")).retryable()
            }
        }
    }
}
