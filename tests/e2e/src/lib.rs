//! What the end-to-end tests stand on: the host's real binary as a child process, real MCP clients, a real PostgreSQL.
//!
//! A test makes a [`Config`], starts a [`Host`] from it, calls it through a [`Client`] and looks at the [`Answer`]s. Every
//! test has its own host on its own port, so that tests run side by side and none sees another's faults.
//!
//! What the tests need is built and started by `cargo xtask test` and named to them in environment variables, see
//! [`environment`]. Without them a test fails and says so; none is skipped.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's harness fails by panicking, with words for the person who reads it"
)]

mod answer;
mod client;
mod config;
pub mod corpus;
pub mod environment;
pub mod faulty;
mod host;
mod listener;
pub mod memory;
pub mod misfits;
pub mod mock_tds;
pub mod neighbour;
pub mod node;
mod person;
pub mod postgres;
pub mod proxy;
pub mod python;
pub mod raw;
pub mod rds;
pub mod sqlserver;

pub use answer::Answer;
pub use client::{Client, Era};
pub use config::{Config, HOSTILE_PASSWORD, free_port};
pub use host::{Host, run};
pub use listener::Listener;
pub use person::Person;
