//! A failed call as a result: what went wrong, where, and what to do next.

use rmcp::model::CallToolResult;
use serde_json::{Map, Value};

use super::answer;
use crate::contract::ErrorKind;
use crate::error::{CallError, kind_name};
use crate::render;

/// The result of a failed call. With the statement at hand, the text shows the place in it.
pub(super) fn result(error: &CallError, sql: Option<&str>) -> CallToolResult {
    answer::error(Value::Object(document(error)), text(error, sql))
}

/// A call's outcome as its result.
pub(super) fn outcome(outcome: Result<CallToolResult, CallError>, sql: Option<&str>) -> CallToolResult {
    outcome.unwrap_or_else(|error| result(&error, sql))
}

/// The failure as structured content.
pub(super) fn document(error: &CallError) -> Map<String, Value> {
    let record = error.record();
    let mut fields = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
    };
    put("kind", Some(kind_name(record.kind).into()));
    put("message", Some(record.message.clone().into()));
    put("database_id", record.database.clone().map(Value::from));
    put("sqlstate", record.sqlstate.clone().map(Value::from));
    put("native_code", record.native_code.clone().map(Value::from));
    put("position", record.position.map(Value::from));
    put("detail", record.detail.clone().map(Value::from));
    put("hint", record.hint.clone().map(Value::from));
    put("context", record.context.clone().map(Value::from));
    put("object", record.object.clone().map(Value::from));
    put("retryable", Some(record.retryable.into()));
    put("retry_after_ms", record.retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).into()));
    put("next_step", Some(next_step(record.kind).into()));
    Map::from_iter([("error".to_owned(), Value::Object(fields))])
}

/// What kind of error a result is. None: it is none.
pub(super) fn kind(result: &CallToolResult) -> Option<&str> {
    let failed = result.is_error == Some(true);
    let named = || result.structured_content.as_ref()?.get("error")?.get("kind")?.as_str();
    failed.then(|| named().unwrap_or("internal"))
}

/// The failure for people and models.
pub(super) fn text(error: &CallError, sql: Option<&str>) -> String {
    let mut text = String::new();
    render::failure(&mut text, error, sql);
    text.push_str("Next: ");
    text.push_str(next_step(error.record().kind));
    text
}

/// What a model can do about each kind of failure.
fn next_step(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Syntax => "correct the statement at the position given and send it again.",
        ErrorKind::Undefined => "look up the right names with list_databases, list_tables or describe_table, then try again.",
        ErrorKind::InvalidValue => "correct the value, its type, or the arguments, then try again.",
        ErrorKind::Permission => "this isn't allowed here; use what is, or ask the operator for the right.",
        ErrorKind::ReadOnly => {
            "only reading is possible here; rewrite it as a single SELECT, or use a database that isn't read-only."
        }
        ErrorKind::Authentication => "the server's configuration has to be corrected; tell the user. Trying again won't help.",
        ErrorKind::Constraint => {
            "the data breaks the constraint named; read the rows concerned, correct the values, then try again."
        }
        ErrorKind::Serialization => "nothing was changed; send the same statement again.",
        ErrorKind::Resources => "try again a little later, or ask for less at once.",
        ErrorKind::Timeout => "make the statement cheaper (filter, LIMIT, an indexed column; see EXPLAIN), or raise timeout_ms.",
        ErrorKind::Cancelled => "the call was stopped before it ended; send it again if the answer is still wanted.",
        ErrorKind::Connection => "the database can't be reached now; try again a little later, then tell the user.",
        ErrorKind::Unsupported => "that can't be done here; reach the goal another way.",
        ErrorKind::Protocol | ErrorKind::Internal => "this is a fault of the server's, not of the call; tell the user.",
    }
}
