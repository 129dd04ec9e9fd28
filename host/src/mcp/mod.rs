//! The MCP server: what a model's client sees of the databases.
//!
//! A call comes in over `http` or `stdio`, is read by rmcp (which speaks both protocol eras; over HTTP plain calls take the
//! short way of `direct`), and lands in `server`, which finds the tool, runs it until it ends or its caller is gone, and gives the answer. Below this
//! module nobody knows that MCP exists.
//!
//! A call's end, seen from here, is always a dropped future: a client's `notifications/cancelled`, an HTTP request whose
//! caller hung up, or a shutdown whose grace has passed. The database layer turns that into its server's own cancel.

mod announce;
mod answer;
mod app;
mod attach;
mod calls;
mod completions;
mod confirm;
mod direct;
mod failure;
mod handler;
pub(crate) mod hosts;
mod http;
mod kept;
pub(crate) mod listen;
mod offer;
mod params;
mod progress;
mod prompts;
mod resources;
mod server;
mod sessions;
mod signals;
mod sse;
mod stdio;
mod tasks;
mod tools;

pub use handler::Handler;
pub(crate) use http::read;
pub use http::{serve, serve_handler};
pub use params::parameter;
pub use stdio::stdio;
pub use tools::{check, faults};
