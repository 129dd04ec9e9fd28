//! A driver that misbehaves on demand.
//!
//! The option `fault` says how, the option `at` in which of the contract's functions; everywhere else the driver behaves
//! well. Without `fault` it is a healthy driver of an imaginary database, which serves as the neighbour of a hostile one.
//! One component for every fault, so that each test's only difference from its neighbour's driver is one word.
//!
//! Order of reading: `fault` (the words), `connection` and `cursor` (where a fault is let loose), then one module for
//! each kind of harm.

#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::result_large_err,
    reason = "to panic is one of the faults, and the contract's error is the size it is"
)]

mod abuse;
mod batches;
mod connection;
mod cursor;
mod fault;
mod healthy;
mod memory;
mod network;
mod scram;

use bulkhead_driver::{ConnectOptions, DriverManifest, Error, Features, Guest, ParameterStyle};

/// The driver.
pub struct Hostile;

impl Guest for Hostile {
    type Connection = connection::Connection;
    type Cursor = cursor::Cursor;

    fn manifest() -> DriverManifest {
        DriverManifest {
            name: "hostile".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            description: "misbehaves on demand, for tests".into(),
            dialect: "generic".into(),
            parameter_style: ParameterStyle::Question,
            options_schema: fault::OPTIONS_SCHEMA.into(),
            features: Features::TRANSACTIONS | Features::EXPLAIN | Features::READ_ONLY | Features::CANCEL,
            default_port: Some(1),
        }
    }

    fn connect(options: ConnectOptions) -> Result<bulkhead_driver::Connection, Error> {
        connection::Connection::open(&options).map(bulkhead_driver::Connection::new)
    }
}

// Natively, where unit tests run, there is nothing to export to.
#[cfg(target_family = "wasm")]
bulkhead_driver::export!(Hostile);
