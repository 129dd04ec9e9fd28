//! Connections to one database's endpoint, kept alive and shared by all of its driver's instances.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Parts, Scheme};
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::client::legacy::{Client as Pool, Error as PoolError};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::{HttpError, MAX_RESPONSE};
use crate::config::HttpEndpoint;
use crate::contract::transport::IoError;
use crate::transport::{Endpoints, Framed, PRIMARY, TlsClient, told};

/// Shorter than what load balancers keep an idle connection for, so that we close it and not they.
const IDLE: Duration = Duration::from_secs(30);
/// Connections kept for one database: as many as its pool has instances by default.
const MOST_IDLE: usize = 10;
/// What is asked for in the TLS handshake.
const ALPN: &str = "http/1.1";

/// The pool.
pub(super) struct Client {
    authority: String,
    tls: bool,
    pool: Pool<Dialler, Full<Bytes>>,
}

impl Client {
    pub(super) fn new(endpoint: HttpEndpoint, tls: Option<TlsClient>) -> Client {
        let encrypted = tls.is_some();
        let authority = authority(&endpoint.host, endpoint.port, endpoint.tls);
        let endpoints = Endpoints::new(Some((endpoint.host, endpoint.port)));
        let pool = Pool::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MOST_IDLE)
            .pool_timer(TokioTimer::new())
            .build(Dialler(Arc::new((endpoints, tls))));
        Client { authority, tls: encrypted, pool }
    }

    /// A request to the endpoint's name as one to its address.
    pub(super) fn address(&self, mut request: Request<Bytes>) -> Result<Request<Bytes>, HttpError> {
        let wrong = || HttpError::Denied("the request has no path that can be sent".to_owned());
        let mut parts: Parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(if self.tls { Scheme::HTTPS } else { Scheme::HTTP });
        parts.authority = Some(self.authority.parse().map_err(|_| wrong())?);
        *request.uri_mut() = Uri::from_parts(parts).map_err(|_| wrong())?;
        let host = HeaderValue::from_str(&self.authority).map_err(|_| wrong())?;
        request.headers_mut().insert(header::HOST, host);
        Ok(request)
    }

    /// Sends it and reads the whole answer.
    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = self.pool.request(request.map(Full::new)).await.map_err(|why| failed(&why))?.into_parts();
        let body = Limited::new(body, MAX_RESPONSE).collect().await.map_err(|why| {
            if why.is::<LengthLimitError>() {
                HttpError::TooLarge
            } else {
                HttpError::Lost(format!("the answer was cut off: {}", cause(&*why)))
            }
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

/// What stands in the Host header: no port where it is the scheme's own.
fn authority(host: &str, port: u16, tls: bool) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    if port == if tls { 443 } else { 80 } { host } else { format!("{host}:{port}") }
}

fn failed(why: &PoolError) -> HttpError {
    let mut source = std::error::Error::source(why);
    while let Some(cause) = source {
        if let Some(DialError(why)) = cause.downcast_ref() {
            return match why {
                IoError::Denied(why) => HttpError::Denied(why.clone()),
                IoError::Tls(why) => HttpError::Unreachable(format!("TLS failed: {why}")),
                IoError::Unreachable(why) | IoError::Closed(why) => HttpError::Unreachable(why.clone()),
                IoError::Cancelled | IoError::Timeout => HttpError::Unreachable("the call ended".to_owned()),
            };
        }
        if cause.downcast_ref().is_some_and(hyper::Error::is_canceled) {
            return HttpError::Unreachable("the server closed the connection before the request was sent".to_owned());
        }
        if source.and_then(std::error::Error::source).is_none() {
            return HttpError::Lost(self::cause(cause));
        }
        source = cause.source();
    }
    HttpError::Lost(why.to_string())
}

/// The innermost of what happened, for a person.
fn cause(why: &(dyn std::error::Error + 'static)) -> String {
    match why.source() {
        Some(inner) => cause(inner),
        None => why.downcast_ref().map_or_else(|| why.to_string(), told),
    }
}

/// The database's dial as the pool wants it: what name it asks for doesn't matter, since there is one endpoint.
#[derive(Clone)]
struct Dialler(Arc<(Endpoints, Option<TlsClient>)>);

/// Why there is no connection.
#[derive(Debug)]
struct DialError(IoError);

impl std::fmt::Display for DialError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no connection")
    }
}

impl std::error::Error for DialError {}

impl tower_service::Service<Uri> for Dialler {
    type Response = Socket;
    type Error = DialError;
    type Future = Pin<Box<dyn Future<Output = Result<Socket, DialError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let shared = self.0.clone();
        Box::pin(async move {
            let (endpoints, tls) = &*shared;
            let (socket, host) = endpoints.dial(PRIMARY).await.map_err(DialError)?;
            let Some(tls) = tls else {
                return Ok(Socket::Plain(TokioIo::new(socket)));
            };
            let handshake = tls.handshake(socket, host, vec![ALPN.to_owned()], false).await;
            let (stream, _) = handshake.map_err(|why| DialError(IoError::Tls(why)))?;
            Ok(Socket::Tls(TokioIo::new(Box::new(stream))))
        })
    }
}

/// A connection of the pool's.
enum Socket {
    Plain(TokioIo<TcpStream>),
    Tls(TokioIo<Box<TlsStream<Framed<TcpStream>>>>),
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Socket::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
            Socket::Tls(socket) => Pin::new(socket).poll_read(cx, buffer),
        }
    }
}

impl Write for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Socket::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Socket::Tls(socket) => Pin::new(socket).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Socket::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Socket::Tls(socket) => Pin::new(socket).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Socket::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Socket::Tls(socket) => Pin::new(socket).poll_shutdown(cx),
        }
    }
}
