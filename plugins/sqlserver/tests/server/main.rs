//! The session against a server, natively: the same code as in the component, over plain sockets.
//!
//! `cargo xtask servers -- cargo test --release -p bulkhead-sqlserver` starts the server, an implementation of its own over SQLite, and
//! says where it is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::cast_possible_truncation)]
#![allow(clippy::result_large_err)]

mod cancel;
mod describe;
mod explain;
mod faults;
mod parameters;
mod procedures;
mod queries;
mod read_only;
mod reset;
mod support;
mod transactions;
mod types;
mod wire;
