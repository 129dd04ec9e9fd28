//! The frontend/backend protocol, version 3.0, without I/O: bytes in, messages out, and the other way round
//! (PostgreSQL's documentation, chapter "Frontend/Backend Protocol").
//!
//! [`Inbox`] cuts what was read into frames, [`Message`] gives a frame its meaning, [`frontend`] writes what is sent,
//! [`scram`] is the one exchange with a state of its own. A `DataRow` is the exception: its frame goes straight to
//! `decode`, since it is the hot path.

mod error_fields;
pub mod frontend;
mod inbox;
mod message;
mod reader;
pub mod scram;

pub use error_fields::ErrorFields;
pub use inbox::{Frame, Inbox, Next};
pub use message::{Authentication, CopyDirection, FieldDescription, Message, TransactionStatus, tag};
pub use reader::Reader;

/// The server said something that the protocol doesn't allow. Says what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}
