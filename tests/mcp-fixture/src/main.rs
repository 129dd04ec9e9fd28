//! A server with the tools, resources and prompts that MCP's conformance suite asks for, on the host's own HTTP stack.
//!
//! Bulkhead's own tools can't show all of the protocol: none samples, sends a picture or asks twice. What the suite finds here is the
//! stack under them: `mcp-fixture ADDRESS` listens until SIGTERM.

#![forbid(unsafe_code)]

mod asks;
mod contents;
mod made;
mod prompts;
mod resources;
mod rounds;
mod seal;
mod server;
mod tells;
mod tools;

use anyhow::Context;
use bulkhead::config::ServerConfig;

fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).context("usage: mcp-fixture ADDRESS")?;
    let config = ServerConfig { listen: address.parse().context("the address")?, ..ServerConfig::default() };
    let server = server::Server::new()?;
    bulkhead::runtime()?.block_on(bulkhead::mcp::serve_handler(server, &config))
}
