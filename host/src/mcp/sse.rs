//! HTTP+SSE, the transport of protocol version 2024-11-05, for clients that know no other. Served only where the operator says so.
//!
//! A client opens a stream with `GET /sse`, whose first event names where to post: `/messages?sessionId=…`. What it posts there is
//! taken with 202 and answered on the stream. The stream is the session: it has a place among the protocol's sessions for as long as
//! it is open, and when it ends, however it ends, what runs in it is stopped and what it holds goes.

mod events;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use rmcp::RoleServer;
use rmcp::model::{ClientJsonRpcMessage, GetExtensions};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage, serve_server_with_ct};
use rmcp::transport::Transport;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

use super::attach;
use super::calls::CallerGone;
use super::handler::Handler;
use super::http::{Endpoint, MAX_REQUEST_BYTES, full, read};
use super::server::SESSION_HEADER;
use crate::session::fresh_handle;

/// Where the stream is.
pub(super) const STREAM: &str = "/sse";
/// Where messages are posted.
pub(super) const MESSAGES: &str = "/messages";
/// The messages that wait on their way, each way: who doesn't read its stream isn't read from either.
const WAITING: usize = 16;
/// The session's name in the address to post to.
const PARAMETER: &str = "sessionId";

/// The open streams.
struct Streams<H> {
    endpoint: Arc<Endpoint<H>>,
    open: Mutex<HashMap<String, Open>>,
}

/// What a post needs of a session.
#[derive(Clone)]
struct Open {
    messages: mpsc::Sender<ClientJsonRpcMessage>,
    gone: CancellationToken,
}

/// The routes, beside the endpoint's own.
pub(super) fn router<H: Handler>(endpoint: Arc<Endpoint<H>>) -> Router {
    let streams = Arc::new(Streams { endpoint, open: Mutex::default() });
    Router::new().route(STREAM, get(stream::<H>)).route(MESSAGES, post(message::<H>)).with_state(streams)
}

async fn stream<H: Handler>(State(streams): State<Arc<Streams<H>>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let brought = attach::take(&mut parts.headers);
    if let Some(refusal) = streams.endpoint.refusal(&parts).await {
        return refusal;
    }
    if let Err(refusal) = streams.endpoint.attached(brought, &parts).await {
        return refusal;
    }
    let place = match streams.endpoint.places.take() {
        Ok(place) => place,
        Err(why) => return full(&why),
    };
    let id = match fresh_handle("sse") {
        Ok(id) => id,
        Err(why) => return (StatusCode::INTERNAL_SERVER_ERROR, format!("{}\n", why.record().message)).into_response(),
    };
    let (messages, from_client) = mpsc::channel(WAITING);
    let (to_client, answers) = mpsc::channel(WAITING);
    // Ends with the stream's body, or with the process.
    let gone = streams.endpoint.streams.child_token();
    streams.lock().insert(id.clone(), Open { messages, gone: gone.clone() });
    tokio::spawn(serve(streams, id.clone(), Wire { from_client, to_client }, gone.clone(), place));
    events::response(&format!("{MESSAGES}?{PARAMETER}={id}"), answers, gone)
}

async fn message<H: Handler>(State(streams): State<Arc<Streams<H>>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let brought = attach::take(&mut parts.headers);
    if let Some(refusal) = streams.endpoint.refusal(&parts).await {
        return refusal;
    }
    let attached = match streams.endpoint.attached(brought, &parts).await {
        Ok(attached) => attached,
        Err(refusal) => return refusal,
    };
    let Some((id, open)) = session(&parts).and_then(|id| Some((id.to_owned(), streams.lock().get(id)?.clone()))) else {
        let why = format!("there is no such session: open one with GET {STREAM}, and keep it open\n");
        return (StatusCode::NOT_FOUND, why).into_response();
    };
    let body = match read(body, MAX_REQUEST_BYTES).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let mut message: ClientJsonRpcMessage = match serde_json::from_slice(&body) {
        Ok(message) => message,
        Err(why) => return (StatusCode::BAD_REQUEST, format!("not a message of the protocol: {why}\n")).into_response(),
    };
    // The session that a message belongs to is the one whose address it was posted to, whatever its headers say.
    let Ok(name) = HeaderValue::from_str(&id) else { return StatusCode::NOT_FOUND.into_response() };
    parts.headers.insert(SESSION_HEADER, name);
    parts.extensions.insert(CallerGone(open.gone.clone()));
    if let Some(attached) = attached {
        parts.extensions.insert(attached);
    }
    match &mut message {
        ClientJsonRpcMessage::Request(request) => drop(request.request.extensions_mut().insert(parts)),
        ClientJsonRpcMessage::Notification(notification) => drop(notification.notification.extensions_mut().insert(parts)),
        ClientJsonRpcMessage::Response(_) | ClientJsonRpcMessage::Error(_) => {}
    }
    match open.messages.send(message).await {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(_) => (StatusCode::NOT_FOUND, "the session has ended\n").into_response(),
    }
}

/// A session from its first message to its end.
async fn serve<H: Handler>(
    streams: Arc<Streams<H>>,
    id: String,
    wire: Wire,
    gone: CancellationToken,
    place: OwnedSemaphorePermit,
) {
    let handler = streams.endpoint.direct.handler.clone();
    match serve_server_with_ct(handler.clone(), wire, gone.clone()).await {
        Ok(running) => drop(running.waiting().await),
        Err(why) => tracing::debug!("a session over SSE: {why}"),
    }
    // rmcp may have had enough of it before its client had.
    gone.cancel();
    streams.lock().remove(&id);
    handler.session_ended(&id).await;
    drop(place);
}

impl<H: Handler> Streams<H> {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The session that a post names.
fn session(parts: &Parts) -> Option<&str> {
    let mut named = parts.uri.query()?.split('&').filter_map(|pair| pair.split_once('=')).filter(|(key, _)| *key == PARAMETER);
    let (_, id) = named.next()?;
    named.next().is_none().then_some(id)
}

/// Both ways of one session's messages.
struct Wire {
    from_client: mpsc::Receiver<ClientJsonRpcMessage>,
    to_client: mpsc::Sender<TxJsonRpcMessage<RoleServer>>,
}

impl Transport<RoleServer> for Wire {
    type Error = std::io::Error;

    fn send(&mut self, message: TxJsonRpcMessage<RoleServer>) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let to_client = self.to_client.clone();
        async move { to_client.send(message).await.map_err(|_| std::io::ErrorKind::BrokenPipe.into()) }
    }

    fn receive(&mut self) -> impl Future<Output = Option<RxJsonRpcMessage<RoleServer>>> + Send {
        self.from_client.recv()
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.from_client.close();
        Ok(())
    }
}
