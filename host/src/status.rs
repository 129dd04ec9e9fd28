//! What the process says of itself over HTTP: `/healthz`, `/readyz`, `/metrics`.
//!
//! Probes of a container's runtime come with an address as `Host` and without credentials, so what they ask for holds no name of anything:
//! whether the process lives, whether requests may come, and how many databases are down.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::config::ReadyWhen;
use crate::database;
use crate::metrics;
use crate::registry::Registry;

/// The paths, which are no endpoint's.
pub(crate) const PATHS: [&str; 3] = [HEALTH, READY, METRICS];
pub(crate) const HEALTH: &str = "/healthz";
pub(crate) const READY: &str = "/readyz";
const METRICS: &str = "/metrics";

const STARTING: u8 = 0;
const SERVING: u8 = 1;
const DRAINING: u8 = 2;

/// The state of the process. Cheap to clone.
#[derive(Clone)]
pub struct Status(Arc<Inner>);

struct Inner {
    registry: Arc<Registry>,
    stage: AtomicU8,
}

impl Status {
    /// Of a process that serves these databases, or is about to.
    #[must_use]
    pub fn new(registry: Arc<Registry>) -> Status {
        Status(Arc::new(Inner { registry, stage: AtomicU8::new(STARTING) }))
    }

    /// From now on requests are served.
    pub(crate) fn serving(&self) {
        self.0.stage.store(SERVING, Ordering::Release);
    }

    /// From now on no new requests should come.
    pub(crate) fn draining(&self) {
        self.0.stage.store(DRAINING, Ordering::Release);
    }

    /// What answers the probes, and with `metrics` a scrape.
    pub(crate) fn router(&self, metrics: bool) -> Router {
        let router = Router::new().route(HEALTH, get(health)).route(READY, get(ready));
        let router = if metrics { router.route(METRICS, get(scrape)) } else { router };
        router.with_state(self.clone())
    }

    /// Whether requests may come, and why or why not.
    fn readiness(&self) -> (bool, String) {
        match self.0.stage.load(Ordering::Acquire) {
            STARTING => return (false, "starting\n".to_owned()),
            DRAINING => return (false, "draining\n".to_owned()),
            _ => {}
        }
        let snapshot = self.0.registry.current();
        let unavailable = snapshot.unavailable().count();
        let all = unavailable + snapshot.databases().count();
        let is_down = |database: &&Arc<database::Database>| database.health().state == database::State::Down;
        let down = unavailable + snapshot.databases().filter(is_down).count();
        let ready = match snapshot.server().ready_when {
            ReadyWhen::Serving => true,
            ReadyWhen::Any => down < all || all == 0,
            ReadyWhen::All => down == 0,
        };
        (ready, format!("{}: {down} of {all} databases are down\n", if ready { "ready" } else { "not ready" }))
    }
}

async fn health() -> Response {
    plain(StatusCode::OK, "ok\n".to_owned())
}

async fn ready(State(status): State<Status>) -> Response {
    let (ready, text) = status.readiness();
    plain(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, text)
}

async fn scrape(State(status): State<Status>) -> Response {
    match metrics::text(status.0.registry.current().unavailable().count()) {
        Ok(text) => (StatusCode::OK, [(CONTENT_TYPE, metrics::CONTENT_TYPE), (CACHE_CONTROL, "no-store")], text).into_response(),
        Err(why) => {
            tracing::error!("writing the metrics: {why}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn plain(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store")], text).into_response()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::config::Config;

    async fn status(text: &str) -> Status {
        Status::new(Registry::open(Config::parse(text).unwrap()).await.unwrap())
    }

    #[tokio::test]
    async fn ready_from_start_to_draining() {
        let status = status("databases: {}").await;
        assert_eq!(status.readiness(), (false, "starting\n".to_owned()));
        status.serving();
        assert_eq!(status.readiness(), (true, "ready: 0 of 0 databases are down\n".to_owned()));
        status.draining();
        assert_eq!(status.readiness(), (false, "draining\n".to_owned()));
    }

    #[tokio::test]
    async fn a_database_that_is_down_counts_where_that_is_wished() {
        for (when, ready) in [("serving", true), ("any", false), ("all", false)] {
            // Its driver is nowhere.
            let text = format!("{{server: {{ready_when: {when}}}, databases: {{secret-name: {{driver: nothing, host: h}}}}}}");
            let status = status(&text).await;
            status.serving();
            let (is_ready, text) = status.readiness();
            assert_eq!(is_ready, ready, "{when}");
            assert!(text.contains("1 of 1") && !text.contains("secret-name"), "{text}");
        }
    }
}
