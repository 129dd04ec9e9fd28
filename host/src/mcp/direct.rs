//! The short way of the plainest requests: a tool call in its usual form is answered here, without rmcp.
//!
//! For each request rmcp makes a service, its tasks and channels, and walks the message as a tree a few times: 60 to 90 us of CPU,
//! several times what the rest of a small call costs. So a request that is a `tools/call`, complete, well-formed, from a
//! client that is no browser, to an allowed host, of the newest protocol or in an open session of an older one, is answered at
//! once. *Everything else is rmcp's*, every refusal included: what is accepted here is a subset of what rmcp accepts, and the
//! tests hold both ways to the same answers. The one difference is the form: in sessions rmcp answers with an event stream, this
//! with plain JSON; the protocol leaves that to the server.

use std::sync::Arc;

use axum::http::header::{ACCEPT, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use rmcp::model::{CallToolResult, JsonObject, ProtocolVersion, RequestId, RequestMetaObject};
use serde::{Deserialize, Serialize};

use super::calls::Cancellable;
use super::handler::Handler;
use super::hosts;
use super::server::SESSION_HEADER;
use super::sessions::Sessions;
use crate::dynamic::Attached;

/// What the short way needs to know.
pub(super) struct Direct<H> {
    pub(super) handler: H,
    pub(super) sessions: Arc<Sessions<H>>,
    pub(super) allowed_hosts: Vec<String>,
}

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const VERSION: &str = "mcp-protocol-version";
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";
const LAST_EVENT: &str = "last-event-id";
const PARAMETER: &str = "mcp-param-";
const CALL: &str = "tools/call";
/// What the names in `_meta` that belong to the protocol begin with.
const PROTOCOL_META: &str = "io.modelcontextprotocol/";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    jsonrpc: String,
    id: RequestId,
    method: String,
    params: Params,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    name: String,
    #[serde(default)]
    arguments: Option<JsonObject>,
    #[serde(default, rename = "_meta")]
    meta: RequestMetaObject,
}

#[derive(Serialize)]
struct Answer<'a> {
    jsonrpc: &'static str,
    id: &'a RequestId,
    result: &'a CallToolResult,
}

impl<H: Handler> Direct<H> {
    /// Answers a plain tool call. None: the request is rmcp's.
    pub(super) async fn answer(&self, parts: &Parts, body: &[u8], attached: Option<&Attached>) -> Option<Response> {
        if parts.method != Method::POST || !self.is_plain(&parts.headers) {
            return None;
        }
        let message: Message = serde_json::from_slice(body).ok()?;
        if message.jsonrpc != "2.0" || message.method != CALL || !self.handler.answers_at_once(&message.params.name) {
            return None;
        }
        // What is told on the way, or goes on as a task, needs rmcp.
        let meta = &message.params.meta;
        let may_be_task = meta.client_capabilities().is_some_and(|capabilities| capabilities.supports_tasks());
        if meta.get_progress_token().is_some() || may_be_task {
            return None;
        }
        let session = session(&parts.headers);
        let call = match session {
            Some(session) => self.in_session(session?, &parts.headers, &message)?,
            None if stands_alone(&parts.headers, &message) => None,
            None => return None,
        };
        let Message { id, params, .. } = message;
        let unwanted = Cancellable::wait(call.as_ref());
        let arguments = params.arguments.unwrap_or_default();
        let mut result =
            self.handler.answer_at_once(session.flatten(), attached.cloned(), &params.name, arguments, unwanted).await;
        if call.is_some() {
            // Unknown to the older protocols.
            result.result_type = None;
        }
        Some(written(&id, &result))
    }

    /// Headers that a program's usual request has, and none that would need a decision.
    fn is_plain(&self, headers: &HeaderMap) -> bool {
        let both = |accept: &str| {
            let mut kinds = accept.split(',').map(str::trim);
            let (first, second) = (kinds.next(), kinds.next());
            kinds.next().is_none() && matches!((first, second), (Some(JSON), Some(EVENTS)) | (Some(EVENTS), Some(JSON)))
        };
        !headers.contains_key(ORIGIN)
            && !headers.contains_key(LAST_EVENT)
            && single(headers, CONTENT_TYPE.as_str()) == Some(JSON)
            && single(headers, ACCEPT.as_str()).is_some_and(both)
            && single(headers, HOST.as_str()).is_some_and(|host| hosts::is_allowed(&self.allowed_hosts, host))
    }

    /// A call in an open session of an older protocol.
    fn in_session(&self, session: &str, headers: &HeaderMap, message: &Message) -> Option<Option<Cancellable>> {
        let older =
            |version: &str| ProtocolVersion::KNOWN_VERSIONS.iter().any(|known| known.as_str() == version) && version < newest();
        let version_fits = !headers.contains_key(VERSION) || single(headers, VERSION).is_some_and(older);
        if !version_fits || message.params.meta.keys().any(|key| key.starts_with(PROTOCOL_META)) {
            return None;
        }
        self.sessions.begin(session, &message.id).map(Some)
    }
}

/// A request of the newest protocol, whose headers and `_meta` say all that they must, and the same.
fn stands_alone(headers: &HeaderMap, message: &Message) -> bool {
    let meta = &message.params.meta;
    single(headers, VERSION) == Some(newest())
        && single(headers, METHOD) == Some(CALL)
        && single(headers, NAME) == Some(message.params.name.as_str())
        && !headers.keys().any(|name| name.as_str().starts_with(PARAMETER))
        && meta.protocol_version().is_some_and(|version| version.as_str() == newest())
        && meta.missing_required_keys(&ProtocolVersion::V_2026_07_28).is_empty()
}

fn newest() -> &'static str {
    const NEWEST: &ProtocolVersion = &ProtocolVersion::V_2026_07_28;
    NEWEST.as_str()
}

/// The session's id: None without one, Some(None) where it can't be told.
fn session(headers: &HeaderMap) -> Option<Option<&str>> {
    headers.contains_key(SESSION_HEADER).then(|| single(headers, SESSION_HEADER))
}

/// The text of a header that is there exactly once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { None } else { first.to_str().ok() }
}

/// Room for the message around a result.
const ENVELOPE: usize = 256;

fn written(id: &RequestId, result: &CallToolResult) -> Response {
    // The document is there twice, once as text, where its quotes are escaped.
    let text: usize = result.content.iter().filter_map(|block| block.as_text()).map(|block| block.text.len()).sum();
    let mut body = Vec::with_capacity(text * 9 / 4 + ENVELOPE);
    match serde_json::to_writer(&mut body, &Answer { jsonrpc: "2.0", id, result }) {
        Ok(()) => ([(CONTENT_TYPE, HeaderValue::from_static(JSON))], body).into_response(),
        Err(why) => {
            tracing::error!("writing an answer: {why}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
