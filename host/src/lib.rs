//! Bulkhead's host: everything between an MCP client and a sandboxed database driver. See ARCHITECTURE.md for the map.

// A call's future is nested so deep, from the endpoint to the driver's stream.
#![recursion_limit = "256"]

pub mod admin;
pub mod batch;
mod bounded;
mod budget;
mod call;
pub mod cli;
pub mod config;
mod connection;
pub mod contract;
pub mod database;
pub mod driver;
pub mod dynamic;
mod engine;
pub mod error;
pub mod files;
mod http;
mod limits;
mod log;
pub mod mcp;
mod metrics;
pub mod policy;
mod pool;
pub mod registry;
pub mod reload;
pub mod render;
mod runtime;
pub mod script;
pub mod secrets;
pub mod session;
mod signal;
mod stamp;
mod state;
pub mod status;
mod supervise;
mod text_file;
pub mod transport;

pub use runtime::runtime;
