//! The admin listener: health, metrics and single databases, for whoever runs the server.
//!
//! In this order for every request but `/healthz` and `/readyz`: the `Host` it names, that no browser's page sent it, the token, the
//! body within its limit and its time, and then the route. Answers and errors are JSON.

mod changes;
mod databases;
mod guard;
mod routes;
mod token;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::middleware;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::AdminConfig;
use crate::mcp::listen;
use crate::registry::Registry;
use crate::reload::Reloader;
use crate::status::Status;
use guard::Guard;

/// How long requests under way get to end.
const DRAIN: Duration = Duration::from_secs(2);

/// What the routes have at hand.
pub(crate) struct Desk {
    pub(crate) registry: Arc<Registry>,
    pub(crate) reloader: Arc<Reloader>,
}

/// The running listener.
#[derive(Debug)]
pub struct Admin {
    closing: CancellationToken,
    accepting: JoinHandle<()>,
}

impl Admin {
    /// Listens.
    ///
    /// # Errors
    /// The address can't be listened on, or isn't to be; the token is missing or too short.
    pub async fn start(
        config: &AdminConfig,
        registry: Arc<Registry>,
        reloader: Arc<Reloader>,
        status: &Status,
    ) -> anyhow::Result<Admin> {
        let guard = Arc::new(Guard::new(config)?);
        let listener =
            listen::bind(config.listen, &listen::Limits::ADMIN).with_context(|| format!("admin.listen: {}", config.listen))?;
        let address = listener.local_addr().context("asking for the admin listener's address")?;
        let closing = CancellationToken::new();
        let app = router(guard, Arc::new(Desk { registry, reloader }), status);
        let accepting = tokio::spawn(listen::accept(listener, app, closing.clone(), listen::Limits::ADMIN));
        tracing::info!("admin at http://{address}/admin");
        Ok(Admin { closing, accepting })
    }

    /// Accepts no more, and ends what runs.
    pub async fn stop(self) {
        self.closing.cancel();
        if tokio::time::timeout(DRAIN, self.accepting).await.is_err() {
            tracing::warn!("some of the admin listener's requests were cut off");
        }
    }
}

fn router(guard: Arc<Guard>, desk: Arc<Desk>, status: &Status) -> Router {
    let routes = routes::routes().with_state(desk).merge(status.router(true));
    routes
        .fallback(routes::nothing)
        .method_not_allowed_fallback(routes::no_method)
        .layer(middleware::from_fn_with_state(guard, guard::check))
}

#[cfg(test)]
mod tests;
