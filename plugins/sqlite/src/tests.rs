//! The driver over the host's own files, natively: real SQLite, real locks, real processes beside it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod corpus;
mod crashes;
mod describing;
mod locking;
mod native;
mod queries;
mod reads;
mod refusals;
mod sessions;
mod values;
