//! `open_session`, `use_database`, `session_info`, `list_sessions`, `close_session`.

use std::time::Duration;

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, To, acting, arguments, located, put, reading, with_place};
use crate::config::SessionsConfig;
use crate::contract::ErrorKind;
use crate::error::CallError;
use crate::session::{NewSession, SessionInfo};

pub(super) fn open(times: &SessionsConfig) -> Tool {
    acting(
        "open_session",
        "Open a session",
        format!(
            "Opens a session and gives its handle: pass it as `session`, and further calls use the session's database. It ends with \
             close_session, when it isn't used for {}, or after {}; then all it holds is rolled back. Only for several databases or \
             catalogs in turn: single calls need none.",
            humantime::format_duration(times.idle_timeout),
            humantime::format_duration(times.max_lifetime)
        ),
        json!({
            "type": "object",
            "properties": {
                "database_id": {"type": "string", "description": "From list_databases. Default: the default database"},
                "database": {"type": "string", "description": "Another catalog on the same server, where list_databases shows catalogs"},
                "read_only": {"type": "boolean", "default": false, "description": "Refuse writes in this session"},
                "ttl": {"type": "integer", "minimum": 1, "maximum": times.max_lifetime.as_secs(), "description": "Seconds until it ends in any case"}
            },
            "additionalProperties": false
        }),
        info_schema(),
        false,
    )
}

pub(super) fn select() -> Tool {
    acting(
        "use_database",
        "Use a database",
        "Selects the database of a session's further calls. Without `session` it is the protocol's own session, where there is one.",
        with_place(json!({"type": "object", "properties": {}, "additionalProperties": false})),
        info_schema(),
        true,
    )
}

pub(super) fn info() -> Tool {
    reading(
        "session_info",
        "About a session",
        "Shows a session: its database, whether it is read-only, when it ends, and its open transactions and cursors.",
        handle_only(),
        info_schema(),
    )
}

pub(super) fn list() -> Tool {
    reading(
        "list_sessions",
        "List sessions",
        "Lists the caller's own open sessions. Where callers can't be told apart, only those opened in the same protocol session.",
        json!({"type": "object", "properties": {}, "additionalProperties": false}),
        json!({"type": "object", "properties": {"sessions": {"type": "array", "items": {"type": "object"}}}, "required": ["sessions"]}),
    )
}

pub(super) fn close() -> Tool {
    acting(
        "close_session",
        "Close a session",
        "Ends a session: what is open in it is rolled back, and its connections are given back.",
        handle_only(),
        json!({"type": "object", "properties": {"closed": {"type": "boolean"}}, "required": ["closed"]}),
        false,
    )
}

fn handle_only() -> Value {
    json!({
        "type": "object",
        "properties": {"session": {"type": "string", "description": "From open_session. Default: the protocol's own session"}},
        "additionalProperties": false
    })
}

fn info_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "session": {"type": "string"},
            "database_id": {"type": "string"},
            "database": {"type": "string"},
            "read_only": {"type": "boolean"},
            "idle_left_s": {"type": "integer", "description": "Seconds until it ends unless it is used"},
            "left_s": {"type": "integer", "description": "Seconds until it ends in any case"},
            "transactions": {"type": "array", "items": {"type": "string"}},
            "cursors": {"type": "array", "items": {"type": "string"}}
        },
        "required": ["read_only", "idle_left_s", "left_s"]
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    database_id: Option<String>,
    database: Option<String>,
    read_only: Option<bool>,
    ttl: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Handle {
    session: Option<String>,
}

pub(super) fn call_open(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let given: New = arguments(given)?;
    if given.ttl == Some(0) {
        return Err(CallError::new(ErrorKind::InvalidValue, "ttl must be at least 1 second"));
    }
    let new = NewSession {
        database_id: given.database_id,
        database: given.database,
        read_only: given.read_only.unwrap_or(false),
        life: given.ttl.map(Duration::from_secs),
    };
    Ok(shown(&context.sessions.open(context.call, new)?))
}

pub(super) fn call_select(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, Nothing {}): (To, Nothing) = located(given)?;
    if to.selection().database_id.is_none() && to.selection().database.is_none() {
        return Err(CallError::new(ErrorKind::InvalidValue, "neither database_id nor database was given")
            .hint("pass a database_id from list_databases"));
    }
    Ok(shown(&context.sessions.select(context.call, to.session(), to.selection())?))
}

pub(super) fn call_info(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let given: Handle = arguments(given)?;
    Ok(shown(&context.sessions.info(context.call.caller, given.session.as_deref())?))
}

pub(super) fn call_list(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let Nothing {} = arguments(given)?;
    let sessions: Vec<Value> = context.sessions.list(context.call.caller).iter().map(document).collect();
    Ok(answer::document(json!({"sessions": sessions}).to_string()))
}

pub(super) async fn call_close(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let given: Handle = arguments(given)?;
    context.sessions.close(context.call.caller, given.session.as_deref()).await?;
    Ok(answer::document(json!({"closed": true}).to_string()))
}

fn shown(info: &SessionInfo) -> CallToolResult {
    answer::document(document(info).to_string())
}

fn document(info: &SessionInfo) -> Value {
    let mut document = JsonObject::new();
    put(&mut document, "session", info.handle.clone());
    put(&mut document, "database_id", info.database_id.clone());
    put(&mut document, "database", info.database.clone());
    put(&mut document, "read_only", Some(info.read_only));
    put(&mut document, "idle_left_s", Some(info.idle_left.as_secs()));
    put(&mut document, "left_s", Some(info.life_left.as_secs()));
    put(&mut document, "transactions", (!info.transactions.is_empty()).then(|| info.transactions.clone()));
    put(&mut document, "cursors", (!info.cursors.is_empty()).then(|| info.cursors.clone()));
    Value::Object(document)
}
