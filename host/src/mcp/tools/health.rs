//! `health_check` and `test_connection`: whether databases answer.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, located, put, reading, with_place};
use crate::contract::{ErrorKind, Readiness};
use crate::database::{Database, Trouble};
use crate::error::{CallError, kind_name};

/// How long a database gets to answer: as long as a person watches.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn check() -> Tool {
    reading(
        "health_check",
        "Check health",
        "Asks each database, or the one named, whether it answers: its state, how long it took, its pool, the error if it doesn't, \
         and the last error before.",
        with_place(json!({"type": "object", "properties": {}, "additionalProperties": false})),
        json!({
            "type": "object",
            "properties": {
                "healthy": {"type": "boolean", "description": "Whether all of them answer"},
                "configuration": {"type": "object", "description": "Only where its last change was refused: why, and when"},
                "databases": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "database_id": {"type": "string"},
                            "state": {"type": "string", "enum": ["healthy", "resuming", "down"]},
                            "last_error": {"type": "object", "description": "The last time before this that it couldn't be reached"}
                        },
                        "required": ["database_id", "state"]
                    }
                }
            },
            "required": ["healthy", "databases"]
        }),
    )
}

pub(super) fn test() -> Tool {
    reading(
        "test_connection",
        "Test a connection",
        "Connects to a database, if it isn't, and makes one round trip.",
        with_place(json!({"type": "object", "properties": {}, "additionalProperties": false})),
        json!({
            "type": "object",
            "properties": {"database_id": {"type": "string"}, "connected": {"type": "boolean"}, "resuming": {"type": "boolean", "description": "It was paused; statements wait until it is awake"}, "latency_ms": {"type": "number"}},
            "required": ["database_id", "connected", "latency_ms"]
        }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {}

pub(super) async fn call_check(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, Arguments {}) = located(given)?;
    let snapshot = context.sessions.registry().current();
    let databases: Vec<Arc<Database>> = if to.names_a_place() {
        vec![context.place(&to).await?.database]
    } else {
        snapshot.databases().filter(|database| context.permit(database).is_ok()).cloned().collect()
    };
    // All at once: one that is down must not make the others look slow.
    let asked: Vec<_> = databases.into_iter().map(|database| tokio::spawn(ask(database))).collect();
    let mut entries = Vec::with_capacity(asked.len());
    let mut healthy = true;
    for one in asked {
        let Ok((well, entry)) = one.await else { continue };
        healthy &= well;
        entries.push(entry);
    }
    for (id, known) in snapshot.unavailable().filter(|_| !to.names_a_place()) {
        healthy = false;
        let since = humantime::format_rfc3339_seconds(known.since).to_string();
        let error = json!({"kind": kind_name(ErrorKind::Connection), "message": known.reason, "since": since});
        entries.push(json!({"database_id": id, "state": "down", "error": error}));
    }
    let mut document = JsonObject::new();
    put(&mut document, "healthy", Some(healthy));
    put(&mut document, "databases", Some(entries));
    put(&mut document, "configuration", context.sessions.registry().status().refused.map(refused));
    Ok(answer::document(Value::Object(document).to_string()))
}

pub(super) async fn call_test(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, Arguments {}) = located(given)?;
    let database = context.place(&to).await?.database;
    let began = Instant::now();
    let resuming = database.ping().await? == Readiness::Resuming;
    let document =
        json!({"database_id": database.id(), "connected": true, "resuming": resuming, "latency_ms": milliseconds(began)});
    Ok(answer::document(document.to_string()))
}

async fn ask(database: Arc<Database>) -> (bool, Value) {
    let before = database.last_trouble();
    let began = Instant::now();
    let outcome = tokio::time::timeout(PATIENCE, database.ping()).await;
    let mut entry = JsonObject::new();
    put(&mut entry, "database_id", Some(database.id()));
    let state = match outcome {
        Ok(Ok(Readiness::Ready)) => "healthy",
        Ok(Ok(Readiness::Resuming)) => "resuming",
        _ => "down",
    };
    put(&mut entry, "state", Some(state));
    put(&mut entry, "latency_ms", Some(milliseconds(began)));
    let pool = database.pool();
    put(&mut entry, "pool", Some(json!({"max": pool.max, "open": pool.open, "idle": pool.idle, "waiting": pool.waiting})));
    let error = match &outcome {
        Ok(Ok(_)) => None,
        Ok(Err(why)) => Some(json!({"kind": kind_name(why.record().kind), "message": why.record().message})),
        Err(_) => Some(json!({"kind": "timeout", "message": format!("no answer in {} s", PATIENCE.as_secs())})),
    };
    put(&mut entry, "error", error);
    put(&mut entry, "last_error", before.map(last_error));
    (matches!(outcome, Ok(Ok(_))), Value::Object(entry))
}

/// What is on disk isn't what runs.
fn refused((at, why): (SystemTime, String)) -> Value {
    json!({"state": "stale", "refused": why, "at": humantime::format_rfc3339_seconds(at).to_string()})
}

fn last_error(trouble: Trouble) -> Value {
    let at = humantime::format_rfc3339_seconds(trouble.at).to_string();
    json!({"kind": kind_name(trouble.kind), "message": trouble.message, "at": at})
}

fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1_000_000.0).round() / 1_000.0
}
