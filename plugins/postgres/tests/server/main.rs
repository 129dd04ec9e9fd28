//! The session against a real server, natively: the same code as in the component, over plain sockets.
//!
//! `cargo xtask servers -- cargo test --release -p bulkhead-postgres` starts the server and says where it is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::cast_possible_truncation)]
#![allow(clippy::result_large_err)]

mod auth;
mod cancel;
mod corpus;
mod describe;
mod explain;
mod parameters;
mod pgbouncer;
mod queries;
mod read_only;
mod reset;
mod support;
mod transactions;
mod types;
mod wire;
