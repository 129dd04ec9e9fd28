//! MCP on standard input and output: one client, one session. Standard output belongs to the protocol.

mod find_id;
mod lines;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use rmcp::service::serve_server_with_ct;
use rmcp::transport::io::stdio_pipes;
use tokio_util::sync::CancellationToken;

use lines::Lines;

use super::calls::Calls;
use super::server::Server;
use super::{signals, tools};
use crate::config::ServerConfig;
use crate::registry::Registry;
use crate::session::Sessions;
use crate::status::Status;

/// The longest message: as over HTTP.
const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// How long the last answers get to be written once calls have ended.
const FLUSH: Duration = Duration::from_secs(2);

/// Serves MCP on standard input and output until the input ends, or SIGTERM or SIGINT; then ends what runs and closes the
/// registry.
///
/// # Errors
/// The handshake failed.
pub async fn stdio(registry: Arc<Registry>, config: &ServerConfig, status: &Status) -> anyhow::Result<()> {
    tools::check(&registry.current())?;
    let stop = signals::stop().context("installing signal handlers")?;
    let (calls, session) = (Calls::default(), CancellationToken::new());
    let sessions = Sessions::new(registry.clone(), config.sessions.clone());
    let server = Server::new(sessions.clone(), calls.clone());
    let (input, output) = stdio_pipes();
    status.serving();
    let transport = Lines::new(input, output, MAX_MESSAGE_BYTES);
    let serving = async {
        // rmcp itself waits a few seconds for running calls once the input has ended.
        match serve_server_with_ct(server, transport, session.clone()).await {
            Ok(running) => running.waiting().await.map(drop).context("the session's task"),
            Err(_) if session.is_cancelled() => Ok(()),
            Err(why) => Err(why).context("the handshake"),
        }
    };
    tokio::pin!(serving);
    let outcome = tokio::select! {
        outcome = &mut serving => outcome,
        () = stop => {
            status.draining();
            calls.finish().await;
            session.cancel();
            tokio::time::timeout(FLUSH, serving).await.unwrap_or(Ok(()))
        }
    };
    calls.abandon().await;
    sessions.shutdown().await;
    registry.shutdown().await;
    outcome
}
