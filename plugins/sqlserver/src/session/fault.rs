//! What can go wrong in a session, before it is settled.

use crate::protocol::{Malformed, ServerMessage};
use bulkhead_driver::Error;
use bulkhead_driver::transport::IoError;

/// A fault, and with it what state the connection is in.
#[derive(Debug)]
pub(super) enum Fault {
    /// The stream: interrupted, which the server has to be told, or lost.
    Io(IoError),
    /// The server broke the protocol: what comes next can't be trusted.
    Malformed(Malformed),
    /// The server said no. The rest of its answer is yet to be read.
    Server(ServerMessage),
    /// The driver says no.
    Other(Error),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(why) => write!(f, "{why:?}"),
            Self::Malformed(what) => write!(f, "{what}"),
            Self::Server(message) => write!(f, "error {}: {}", message.number, message.text),
            Self::Other(error) => f.write_str(&error.message),
        }
    }
}

impl From<IoError> for Fault {
    fn from(error: IoError) -> Self {
        Self::Io(error)
    }
}

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}
