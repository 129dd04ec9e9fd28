#![doc = include_str!("../README.md")]
#![allow(clippy::result_large_err, reason = "the contract's error is the size it is")]

mod column;
mod connection;
mod ddl;
mod describe;
mod environment;
mod error;
mod explain;
mod hooks;
mod host;
mod manifest;
mod options;
mod params;
mod query;
mod rules;
mod session;
mod sqlite;
mod text;
mod transaction;
mod vfs;

#[cfg(test)]
mod tests;

pub use connection::SqliteDriver;

#[cfg(all(target_family = "wasm", feature = "export"))]
bulkhead_driver::export!(SqliteDriver);
