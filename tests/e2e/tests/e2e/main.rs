//! End-to-end tests: what a client of the real host sees, with real and with hostile drivers.
//!
//! Run by `cargo xtask test`, which builds and starts what they need; see `bulkhead_tests::environment`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod config;
mod configuration;
mod dynamic;
mod health;
mod hostile;
mod live;
mod mcp;
mod policy;
mod postgres;
mod rds;
mod sessions;
mod shelf;
mod sqlite;
mod sqlserver;
