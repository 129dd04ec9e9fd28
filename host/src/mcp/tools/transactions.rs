//! `begin_transaction`, `commit`, `rollback`.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::json;

use super::super::answer;
use super::{Context, To, acting, arguments, located, with_place};
use crate::config::SessionsConfig;
use crate::contract::{Isolation, TransactionOptions};
use crate::error::CallError;

pub(super) fn begin(times: &SessionsConfig) -> Tool {
    acting(
        "begin_transaction",
        "Begin a transaction",
        format!(
            "Begins a transaction on a connection of its own and gives its handle: pass it to query as `transaction`, then to commit \
             or rollback. Not used for {} it is rolled back. Not needed for single statements.",
            humantime::format_duration(times.transaction_idle_timeout)
        ),
        with_place(json!({
            "type": "object",
            "properties": {
                "isolation": {
                    "type": "string",
                    "enum": ["read-uncommitted", "read-committed", "repeatable-read", "snapshot", "serializable"],
                    "description": "Default: the database's"
                },
                "read_only": {"type": "boolean", "default": false}
            },
            "additionalProperties": false
        })),
        json!({
            "type": "object",
            "properties": {
                "transaction": {"type": "string"},
                "database_id": {"type": "string"},
                "database": {"type": "string"},
                "read_only": {"type": "boolean"},
                "idle_timeout_s": {"type": "integer"}
            },
            "required": ["transaction", "database_id", "read_only", "idle_timeout_s"]
        }),
        false,
    )
}

pub(super) fn commit() -> Tool {
    acting("commit", "Commit", "Makes a transaction's changes permanent and ends it.", handle(), ended("committed"), false)
}

pub(super) fn rollback() -> Tool {
    acting("rollback", "Roll back", "Takes a transaction's changes back and ends it.", handle(), ended("rolled_back"), false)
}

fn handle() -> serde_json::Value {
    json!({
        "type": "object",
        "properties": {"transaction": {"type": "string", "description": "From begin_transaction"}},
        "required": ["transaction"],
        "additionalProperties": false
    })
}

fn ended(what: &str) -> serde_json::Value {
    json!({"type": "object", "properties": {what: {"type": "boolean"}}, "required": [what]})
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    isolation: Option<Level>,
    read_only: Option<bool>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Level {
    ReadUncommitted,
    ReadCommitted,
    RepeatableRead,
    Snapshot,
    Serializable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Handle {
    transaction: String,
}

pub(super) async fn call_begin(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, given): (To, Begin) = located(given)?;
    let options =
        TransactionOptions { isolation: given.isolation.map(Level::contract), read_only: given.read_only.unwrap_or(false) };
    let place = context.whereabouts(&to)?;
    if !options.read_only && !place.read_only && !place.database.read_only() {
        context.confirm(&place.database, "BEGIN: a transaction, whose writes are put to you one by one").await?;
    }
    let began = context.sessions.begin(context.call, to.session(), to.selection(), options).await?;
    let mut document = JsonObject::new();
    super::put(&mut document, "transaction", Some(began.handle));
    super::put(&mut document, "database_id", Some(began.place.database.id()));
    super::put(&mut document, "database", began.place.database.catalog());
    super::put(&mut document, "read_only", Some(began.read_only));
    super::put(&mut document, "idle_timeout_s", Some(context.sessions.config().transaction_idle_timeout.as_secs()));
    Ok(answer::document(serde_json::Value::Object(document).to_string()))
}

pub(super) async fn call_commit(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let given: Handle = arguments(given)?;
    context.transaction(&given.transaction)?;
    context.sessions.finish(context.call, &given.transaction, true).await?;
    Ok(answer::document(json!({"committed": true}).to_string()))
}

pub(super) async fn call_rollback(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let given: Handle = arguments(given)?;
    context.transaction(&given.transaction)?;
    context.sessions.finish(context.call, &given.transaction, false).await?;
    Ok(answer::document(json!({"rolled_back": true}).to_string()))
}

impl Level {
    fn contract(self) -> Isolation {
        match self {
            Level::ReadUncommitted => Isolation::ReadUncommitted,
            Level::ReadCommitted => Isolation::ReadCommitted,
            Level::RepeatableRead => Isolation::RepeatableRead,
            Level::Snapshot => Isolation::Snapshot,
            Level::Serializable => Isolation::Serializable,
        }
    }
}
