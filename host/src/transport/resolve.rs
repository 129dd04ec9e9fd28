//! From a host's name to its addresses.

use std::net::SocketAddr;

use futures::future::BoxFuture;

/// Whom to ask. The tests have one that changes its mind.
pub(super) trait Resolve: Send + Sync {
    /// The addresses of a host, with a port.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, std::io::Result<Vec<SocketAddr>>>;
}

/// The system's resolver.
pub(super) struct System;

impl Resolve for System {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, std::io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}
