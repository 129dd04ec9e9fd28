//! TDS 7.4 and 8.0 without I/O: bytes in, tokens out, and the other way round (MS-TDS).
//!
//! [`Inbox`] takes what was read, strips the packets' headers and keeps the stream of tokens; [`Token`] gives the next token its
//! meaning; [`packet`], [`prelogin`], [`login`] and [`request`] write what is sent. A row is the exception: it stays in the inbox
//! and goes straight to `decode`, since it is the hot path.

mod change;
pub mod collation;
mod column;
mod inbox;
pub mod login;
mod message;
pub mod packet;
pub mod prelogin;
mod reader;
pub mod request;
mod token;
mod type_info;
pub mod utf16;

pub use change::Change;
pub use column::{ColumnMeta, columns};
pub use inbox::Inbox;
pub use message::ServerMessage;
pub use reader::Reader;
pub use token::{Done, ReturnValue, Token, tag};
pub use type_info::{Codec, Scalar, Shape, Type, VectorElement};

/// The server said something that the protocol doesn't allow. Says what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}

/// Why there is nothing to be read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The bytes end before it does: more may come.
    Short,
    /// It makes no sense.
    Malformed(Malformed),
}

impl From<Malformed> for Stop {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl Stop {
    /// Where no more can come, an end too early makes no sense either.
    #[must_use]
    pub fn at_end(self) -> Malformed {
        match self {
            Self::Short => Malformed("it ends in the middle of something"),
            Self::Malformed(malformed) => malformed,
        }
    }
}
