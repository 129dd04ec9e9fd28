//! Accepting connections, with limits, until told to stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// What a listener's clients may take.
pub(crate) struct Limits {
    /// Connections at once, each about 20 KiB here. As many more wait in the kernel's queue.
    connections: u32,
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

/// Listens. The kernel's queue is as long as the limit of connections (and at most as `net.core.somaxconn` allows): the usual 128 are
/// full when a few hundred clients come in one moment, and those beyond them find their connection reset once they write.
pub(crate) fn bind(address: SocketAddr, limits: &Limits) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As the usual way has it: a server that was stopped is started again while its last connections end.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(limits.connections)
}

/// Serves `app` on every connection. Once `closing` is cancelled accepts no more, and returns when the requests under way have
/// been answered and their connections closed.
pub(crate) async fn accept(listener: TcpListener, app: Router, closing: CancellationToken, limits: Limits) {
    let service = TowerToHyperService::new(app);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(MAX_HEAD_BYTES);
    let (graceful, permits) = (GracefulShutdown::new(), Arc::new(Semaphore::new(limits.connections as usize)));
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// More than the usual queue holds; two files each must fit in a login's 1,024.
    const AT_ONCE: usize = 400;

    #[tokio::test]
    async fn many_clients_that_come_at_once_all_find_a_place() {
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0)), &Limits::MCP).unwrap();
        let address = listener.local_addr().unwrap();
        let mut clients = Vec::new();
        for _ in 0..AT_ONCE {
            // Nobody accepts. A connection beyond the queue isn't answered, and is tried again a second later.
            let connecting = tokio::time::timeout(Duration::from_secs(20), TcpStream::connect(address));
            clients.push(connecting.await.unwrap().unwrap());
        }
        for _ in 0..AT_ONCE {
            tokio::time::timeout(Duration::from_secs(20), listener.accept()).await.unwrap().unwrap();
        }
    }
}
