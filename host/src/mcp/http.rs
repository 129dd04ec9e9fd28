//! Streamable HTTP: the endpoint, what is checked before rmcp reads a message, and how the server stops.
//!
//! Newer clients (2026-07-28) send requests that stand alone; older ones open a session. Both are rmcp's to serve, which also
//! checks `Host` and `Origin` against what is configured; plain tool calls take the shorter way of [`super::direct`]. Where it is
//! configured, [`super::sse`] serves the oldest ones beside it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::calls::{CallerGone, Calls};
use super::direct::Direct;
use super::handler::Handler;
use super::server::Server;
use super::sessions::{Places, SessionError, Sessions};
use super::{attach, hosts, listen, signals, sse, tools};
use crate::config::ServerConfig;
use crate::registry::Registry;
use crate::session;
use crate::status::{self, Status};

/// The largest request: a statement and its parameters, with room for a megabyte of bytes in base64.
pub(super) const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;
/// How much more of a request is read that is larger: whoever sends so much in good faith gets an answer and keeps its connection.
const MAX_WASTED_BYTES: usize = 4 * MAX_REQUEST_BYTES;
/// How long a client may take to send a request's body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a silent event stream says that it lives: proxies cut streams that are silent for a minute.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long rmcp gets to put the last calls' answers on their streams: it takes a few hops between tasks.
const LAST_ANSWERS: Duration = Duration::from_millis(20);
/// How long connections get to send their last bytes once all calls and streams have ended.
const DRAIN: Duration = Duration::from_secs(2);
/// When a client that found no place for its session may try again, in seconds: as often as idle sessions are looked for.
const FULL_FOR: &str = "60";

/// Serves MCP over HTTP until SIGTERM or SIGINT, then ends what runs and closes the registry.
///
/// # Errors
/// The address can't be listened on, or the path isn't one.
pub async fn serve(registry: Arc<Registry>, config: &ServerConfig, status: &Status) -> anyhow::Result<()> {
    tools::check(&registry.current())?;
    let calls = Calls::default();
    let sessions = session::Sessions::new(registry.clone(), config.sessions.clone());
    let server = Server::new(sessions.clone(), calls.clone());
    until_stopped(server, calls, config, Some(status)).await?;
    sessions.shutdown().await;
    registry.shutdown().await;
    Ok(())
}

/// Serves any handler over the same stack until SIGTERM or SIGINT, for programs that try the stack.
///
/// # Errors
/// As [`serve`].
pub async fn serve_handler<H: Handler>(handler: H, config: &ServerConfig) -> anyhow::Result<()> {
    until_stopped(handler, Calls::default(), config, None).await
}

async fn until_stopped<H: Handler>(
    handler: H,
    calls: Calls,
    config: &ServerConfig,
    status: Option<&Status>,
) -> anyhow::Result<()> {
    anyhow::ensure!(is_plain_path(&config.path), "server.path: {:?} is not a path like /mcp", config.path);
    let taken = config.sse && [sse::STREAM, sse::MESSAGES].contains(&config.path.as_str());
    anyhow::ensure!(!taken, "server.path: with server.sse {:?} is taken", config.path);
    anyhow::ensure!(!status::PATHS.contains(&config.path.as_str()), "server.path: {:?} is taken", config.path);
    let stop = signals::stop().context("installing signal handlers")?;
    let listener =
        listen::bind(config.listen, &listen::Limits::MCP).with_context(|| format!("listening on {}", config.listen))?;
    let address = listener.local_addr().context("asking for the listening address")?;
    let streams = CancellationToken::new();
    let mut app = router(handler, calls.clone(), config, streams.clone());
    if let Some(status) = status {
        app = app.merge(status.router(config.metrics));
        status.serving();
    }
    tracing::info!("MCP at http://{address}{}", config.path);

    let closing = CancellationToken::new();
    let accepting = tokio::spawn(listen::accept(listener, app, closing.clone(), listen::Limits::MCP));
    stop.await;
    if let Some(status) = status {
        status.draining();
    }
    closing.cancel();
    calls.finish().await;
    // Streams that only wait for events end last, and a little later, so that the last answers arrive.
    tokio::time::sleep(LAST_ANSWERS).await;
    streams.cancel();
    match tokio::time::timeout(DRAIN, accepting).await {
        Ok(Ok(())) => {}
        Ok(Err(why)) => tracing::error!("the task that accepts connections: {why}"),
        Err(_) => tracing::warn!("some connections didn't take their last bytes"),
    }
    Ok(())
}

/// What answers the endpoint's requests.
pub(super) struct Endpoint<H> {
    pub(super) direct: Direct<H>,
    pub(super) places: Places,
    /// Ends streams that only wait for events.
    pub(super) streams: CancellationToken,
    pub(super) rmcp: StreamableHttpService<H, Sessions<H>>,
}

fn router<H: Handler>(handler: H, calls: Calls, config: &ServerConfig, streams: CancellationToken) -> Router {
    let endpoint = Arc::new(endpoint(handler, calls, config, streams));
    let router = Router::new().route(&config.path, any(handle::<H>)).with_state(endpoint.clone());
    if config.sse { router.merge(sse::router(endpoint)) } else { router }
}

fn endpoint<H: Handler>(handler: H, calls: Calls, config: &ServerConfig, streams: CancellationToken) -> Endpoint<H> {
    let places = Places::new(config.sessions.max_protocol_sessions);
    let (sessions, allowed_hosts) =
        (Sessions::new(calls, handler.clone(), places.clone()), hosts::allowed(config.listen, &config.allowed_hosts));
    let settings = StreamableHttpServerConfig::default()
        .with_json_response(true)
        .with_sse_keep_alive(Some(KEEP_ALIVE))
        .with_sse_retry(None)
        .with_max_request_body_bytes(MAX_REQUEST_BYTES)
        .with_cancellation_token(streams.clone())
        .with_allowed_hosts(allowed_hosts.clone())
        .with_allowed_origins(allowed_origins(config))
        .enforce_origin_validation();
    let factory = {
        let handler = handler.clone();
        move || Ok(handler.clone())
    };
    Endpoint {
        rmcp: StreamableHttpService::new(factory, sessions.clone(), settings),
        direct: Direct { handler, sessions, allowed_hosts },
        places,
        streams,
    }
}

async fn handle<H: Handler>(State(endpoint): State<Arc<Endpoint<H>>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let brought = attach::take(&mut parts.headers);
    let body = match read(body, MAX_REQUEST_BYTES).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let attached = match endpoint.attached(brought, &parts).await {
        Ok(attached) => attached,
        Err(refusal) => return refusal,
    };
    // A caller that hangs up has this future dropped, and with it the call.
    if let Some(response) = endpoint.direct.answer(&parts, &body, attached.as_ref()).await {
        return response;
    }
    if let Some(attached) = attached {
        parts.extensions.insert(attached);
    }
    let gone = CancellationToken::new();
    // rmcp's calls run in tasks of their own. Dropped with this future or with the answer's body: either way nobody waits any more.
    let guard = gone.clone().drop_guard();
    parts.extensions.insert(CallerGone(gone));
    let answering = endpoint.rmcp.handle(Request::from_parts(parts, Body::from(body)));
    let Some(response) = endpoint.places.watched(answering).await else {
        return full(&endpoint.places.full());
    };
    response.map(|body| Body::new(Watched { body, guard: Some(guard) }))
}

/// A request's body, within its limits; else what to answer. Of a body that is too large some more is read and thrown away, so that
/// its sender is done and reads the answer; if it goes on and on, the connection ends with the answer.
pub(crate) async fn read(mut body: Body, most: usize) -> Result<Bytes, Response> {
    let mut reading = Vec::new();
    let mut more = 0;
    let whole = async {
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            if more == 0 && reading.len() + data.len() <= most {
                reading.extend_from_slice(&data);
            } else {
                more += data.len();
                reading = Vec::new();
                if more > MAX_WASTED_BYTES {
                    break;
                }
            }
        }
        Ok::<(), axum::Error>(())
    };
    let outcome = tokio::time::timeout(BODY_TIMEOUT, whole).await;
    let (status, why) = match outcome {
        Ok(Ok(())) if more == 0 => return Ok(reading.into()),
        Ok(Ok(())) => (StatusCode::PAYLOAD_TOO_LARGE, format!("the request is larger than {most} bytes\n")),
        Ok(Err(why)) => (StatusCode::BAD_REQUEST, format!("the request broke off: {why}\n")),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, format!("the request took longer than {BODY_TIMEOUT:?} to arrive\n")),
    };
    let mut answer = (status, why).into_response();
    if status != StatusCode::PAYLOAD_TOO_LARGE || more > MAX_WASTED_BYTES {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Err(answer)
}

/// The answer where there is no place for another session.
pub(super) fn full(why: &SessionError) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, FULL_FOR)], format!("{why}\n")).into_response()
}

/// An answer's body, watched for being dropped before its end.
struct Watched<B> {
    body: B,
    guard: Option<DropGuard>,
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for Watched<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None))
            && let Some(guard) = self.guard.take()
        {
            guard.disarm();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A path without anything that a router reads as a pattern.
fn is_plain_path(path: &str) -> bool {
    path.len() > 1
        && path.starts_with('/')
        && path
            .split('/')
            .skip(1)
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)))
}

/// Loopback origins, for tools that run in a browser on this machine, and what is configured.
fn allowed_origins(config: &ServerConfig) -> Vec<String> {
    let mut origins: Vec<String> = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"].map(str::to_owned).to_vec();
    origins.extend(config.allowed_origins.iter().map(|origin| with_port(origin)));
    origins
}

/// An origin without a port is its scheme's own, nothing else; rmcp would take it for any.
fn with_port(origin: &str) -> String {
    let default = match origin.split_once("://") {
        Some(("https", rest)) if !has_port(rest) => 443,
        Some(("http", rest)) if !has_port(rest) => 80,
        _ => return origin.to_owned(),
    };
    format!("{}:{default}", origin.trim_end_matches('/'))
}

fn has_port(authority: &str) -> bool {
    authority.rsplit_once(':').is_some_and(|(_, port)| port == "*" || port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
