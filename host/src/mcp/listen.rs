//! Accepting connections, with limits, until told to stop.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// What a listener's clients may take.
pub(crate) struct Limits {
    /// Connections at once. More wait in the kernel's queue: each costs about 20 KiB here.
    connections: usize,
    /// How long a client may take to send a request's head, and how long a connection may be idle between requests.
    head: Duration,
}

impl Limits {
    /// Of the MCP endpoint.
    pub(crate) const MCP: Limits = Limits { connections: 4_096, head: Duration::from_secs(60) };
    /// Of the admin listener: a few people and programs, near by.
    pub(crate) const ADMIN: Limits = Limits { connections: 64, head: Duration::from_secs(10) };
}

/// The most that a request's head takes, and what is read at a time.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// After a failed accept (out of file descriptors, mostly) wait this long, rather than spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Serves `app` on every connection. Once `closing` is cancelled accepts no more, and returns when the requests under way have
/// been answered and their connections closed.
pub(crate) async fn accept(listener: TcpListener, app: Router, closing: CancellationToken, limits: Limits) {
    let service = TowerToHyperService::new(app);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(MAX_HEAD_BYTES);
    let (graceful, permits) = (GracefulShutdown::new(), Arc::new(Semaphore::new(limits.connections)));
    loop {
        let next = async {
            let permit = permits.clone().acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, stream) = tokio::select! {
            () = closing.cancelled() => break,
            (permit, accepted) = next => match accepted {
                Ok((stream, _)) => (permit, stream),
                Err(why) => {
                    tracing::warn!("accepting a connection: {why}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        without_delay(&stream);
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service.clone()));
        tokio::spawn(async move {
            if let Err(why) = connection.await {
                tracing::debug!("connection: {why}");
            }
            drop(permit);
        });
    }
    drop(listener);
    // Ends when the last connection has; those with a call under way wait for it.
    graceful.shutdown().await;
}

/// Small writes go out at once: an event's few bytes would otherwise wait for the last one's acknowledgement, 40 ms.
fn without_delay(stream: &TcpStream) {
    if let Err(why) = stream.set_nodelay(true) {
        tracing::debug!("setting TCP_NODELAY: {why}");
    }
}
