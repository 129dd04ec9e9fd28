//! Databases that callers name themselves: by a tool, for their session, or in a header, for one request.
//!
//! The operator's `Rules` say what they may be. What a caller gives becomes an entry like a configured one, with nothing in it but what a
//! caller may decide; the rest is the rules'. The hosts in it are held against the rules here, and once more, with every address, on
//! each dial (see `transport`). Whose such a database is, and when it ends, is `session`'s to know; those of the header are
//! kept in `Pools`, so that a request finds the connections of the one before.

mod attached;
mod entry;
mod given;
mod pools;
mod rules;

pub use attached::Attached;
pub(crate) use given::{Given, Parts};
pub(crate) use pools::Pools;
pub(crate) use rules::Rules;
