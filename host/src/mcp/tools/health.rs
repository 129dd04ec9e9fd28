//! `health_check` and `test_connection`: whether databases answer.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures::StreamExt;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, located, put, reading, with_place};
use crate::contract::{ErrorKind, Readiness};
use crate::database::{Database, Health, State};
use crate::error::{CallError, kind_name};
use crate::render;

/// How long a database gets to answer: as long as a person watches.
const PATIENCE: Duration = Duration::from_secs(5);
/// Databases without a connection that are opened for being asked. Where there are more, none of them is: a check must not open a
/// thousand, and its answer goes into a model's context.
const MOST_OPENED: usize = 50;
/// Databases that are asked at once.
const AT_ONCE: usize = 32;

pub(super) fn check() -> Tool {
    reading(
        "health_check",
        "Check health",
        "Asks each database, or the one named, whether it answers: its state, how long it took, its pool, the error if it doesn't, \
         and the last error before. Of many, only those in use are asked.",
        with_place(json!({"type": "object", "properties": {}, "additionalProperties": false})),
        json!({
            "type": "object",
            "properties": {
                "healthy": {"type": "boolean", "description": "Whether all of them answer"},
                "not_asked": {"type": "integer", "description": "How many that nobody uses now weren't asked; name one to have it asked"},
                "configuration": {"type": "object", "description": "Only where its last change was refused: why, and when"},
                "databases": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "database_id": {"type": "string"},
                            "state": {"type": "string", "enum": ["healthy", "resuming", "degraded", "down"]},
                            "since": {"type": "string", "description": "Since when it is so, where that is known"},
                            "next_try_ms": {"type": "integer", "description": "Until then calls fail at once"},
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
    let named = to.names_a_place() || context.call.caller.attached.is_some();
    let mut databases: Vec<Arc<Database>> =
        if named { vec![context.place(&to).await?.database] } else { context.sessions.all(context.call)? };
    let all = databases.len();
    if databases.iter().filter(|database| is_unused(database)).count() > MOST_OPENED {
        databases.retain(|database| !is_unused(database));
    }
    let not_asked = Some(all - databases.len()).filter(|count| *count > 0);
    // Side by side: one that is down must not make the others look slow.
    let asked = futures::stream::iter(databases).map(|database| tokio::spawn(ask(database, named))).buffered(AT_ONCE);
    let answers: Vec<_> = asked.collect().await;
    let mut healthy = answers.iter().flatten().all(|(well, _)| *well);
    let mut entries: Vec<Value> = answers.into_iter().flatten().map(|(_, entry)| entry).collect();
    for (id, known) in snapshot.unavailable().filter(|_| !named) {
        healthy = false;
        let since = humantime::format_rfc3339_seconds(known.since).to_string();
        let error = json!({"kind": kind_name(ErrorKind::Connection), "message": known.reason, "since": since});
        entries.push(json!({"database_id": id, "state": "down", "error": error}));
    }
    let mut document = JsonObject::new();
    put(&mut document, "healthy", Some(healthy));
    put(&mut document, "databases", Some(entries));
    put(&mut document, "not_asked", not_asked);
    put(&mut document, "configuration", context.sessions.registry().status().refused.map(refused));
    Ok(answer::document(Value::Object(document).to_string()))
}

pub(super) async fn call_test(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, Arguments {}) = located(given)?;
    let database = context.place(&to).await?.database;
    let began = Instant::now();
    let resuming = database.probe().await? == Readiness::Resuming;
    let document =
        json!({"database_id": database.id(), "connected": true, "resuming": resuming, "latency_ms": milliseconds(began)});
    Ok(answer::document(document.to_string()))
}

fn is_unused(database: &Database) -> bool {
    database.health().state == State::Idle
}

/// Whoever asks for one by its name wants to know now; asking for all leaves those that are down to their own time.
async fn ask(database: Arc<Database>, pressing: bool) -> (bool, Value) {
    let before = database.health();
    let began = Instant::now();
    let asking = async { if pressing { database.probe().await } else { database.ping().await } };
    let outcome = tokio::time::timeout(PATIENCE, asking).await;
    let mut entry = JsonObject::new();
    put(&mut entry, "database_id", Some(database.id()));
    let now = database.health();
    let state = match outcome {
        Ok(Ok(Readiness::Resuming)) => "resuming",
        Ok(Ok(Readiness::Ready)) if now.state == State::Degraded => State::Degraded.name(),
        Ok(Ok(Readiness::Ready)) => State::Healthy.name(),
        _ => State::Down.name(),
    };
    // What went wrong before this is told as the last error; what does now, as the error.
    entry.extend(render::health(&Health { last_error: before.last_error, ..now }, true));
    put(&mut entry, "state", Some(state));
    put(&mut entry, "latency_ms", Some(milliseconds(began)));
    put(&mut entry, "pool", Some(render::pool(database.pool())));
    let error = match &outcome {
        Ok(Ok(_)) => None,
        Ok(Err(why)) => Some(json!({"kind": kind_name(why.record().kind), "message": why.record().message})),
        Err(_) => Some(json!({"kind": "timeout", "message": format!("no answer in {} s", PATIENCE.as_secs())})),
    };
    put(&mut entry, "error", error);
    (matches!(outcome, Ok(Ok(_))), Value::Object(entry))
}

/// What is on disk isn't what runs.
fn refused((at, why): (SystemTime, String)) -> Value {
    json!({"state": "stale", "refused": why, "at": humantime::format_rfc3339_seconds(at).to_string()})
}

fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1_000_000.0).round() / 1_000.0
}
