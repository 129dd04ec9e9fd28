//! `execute_script`: several statements in one text.

use std::time::Duration;

use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{answer, failure};
use super::query::{Limits, MAX_BYTES, result_object};
use super::{Context, To, answer_or_error, located, object, put, with_place};
use crate::contract::ErrorKind;
use crate::error::CallError;
use crate::script::{self, Outcome, Report, ScriptOptions, Step};

/// Rows of each statement's result unless the call asks for another number: a script is for what it does.
const DEFAULT_ROWS: u64 = 20;
/// How much of a statement is repeated in its outcome, in characters.
const SHOWN: usize = 80;

pub(super) fn tool() -> Tool {
    let annotations =
        ToolAnnotations::with_title("Execute a script").read_only(false).destructive(true).idempotent(false).open_world(false);
    let description = "Runs several SQL statements, separated by semicolons (T-SQL: batches by GO), in order on one connection, and \
                       lists what each came to. By default all in one transaction: if one fails, nothing is kept. Only where the \
                       database can be written. For a single statement use query.";
    let input = with_place(json!({
        "type": "object",
        "properties": {
            "script": {"type": "string", "description": "Statements without parameters"},
            "single_transaction": {"type": "boolean", "default": true, "description": "All or nothing; false: each for itself"},
            "stop_on_error": {"type": "boolean", "default": true, "description": "Without a transaction: don't run what comes after a failure"},
            "max_rows": {"type": "integer", "minimum": 1, "default": DEFAULT_ROWS, "description": "Of each statement"},
            "timeout_ms": {"type": "integer", "minimum": 1, "description": "Of each statement"}
        },
        "required": ["script"],
        "additionalProperties": false
    }));
    let output = json!({
        "type": "object",
        "properties": {
            "database_id": {"type": "string"},
            "statements": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "line": {"type": "integer"},
                        "sql": {"type": "string", "description": "Its beginning"},
                        "result": {"type": "object", "description": "As query's answer"},
                        "error": {"type": "object"}
                    },
                    "required": ["line", "sql"]
                }
            },
            "not_run": {"type": "integer", "description": "Statements after the one that failed"},
            "kept": {"type": "boolean", "description": "Whether what the script changed was kept"}
        },
        "required": ["database_id", "statements", "not_run", "kept"]
    });
    Tool::new("execute_script", description, object(input))
        .with_title("Execute a script")
        .with_raw_output_schema(object(answer_or_error(output)))
        .annotate(annotations)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    script: String,
    single_transaction: Option<bool>,
    stop_on_error: Option<bool>,
    max_rows: Option<u64>,
    timeout_ms: Option<u64>,
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, given): (To, Arguments) = located(given)?;
    if given.max_rows == Some(0) || given.timeout_ms == Some(0) {
        return Err(CallError::new(ErrorKind::InvalidValue, "max_rows and timeout_ms must be at least 1"));
    }
    let place = context.place(&to).await?;
    let database = place.database;
    if place.read_only || database.read_only() {
        return Err(CallError::new(ErrorKind::ReadOnly, "scripts run only where writes are allowed")
            .hint("send statements that only read one by one to query")
            .of(database.id()));
    }
    let pieces = script::split(database.dialect(), &given.script).map_err(|why| why.of(database.id()))?;
    let consent = context.confirm(&database, &given.script).await?;
    let (most_rows, most_bytes) = database.most();
    let limits =
        Limits { rows: given.max_rows.unwrap_or(DEFAULT_ROWS).min(most_rows), most_rows, bytes: MAX_BYTES.min(most_bytes) };
    let options = ScriptOptions {
        transaction: given.single_transaction.unwrap_or(true),
        read_only: false,
        consent,
        go_on: !given.stop_on_error.unwrap_or(true),
        timeout: given.timeout_ms.map(Duration::from_millis),
        max_rows: limits.rows,
        max_bytes: limits.bytes,
        deadline: None,
        instead: "pass \"single_transaction\": false",
    };
    let steps = pieces.into_iter().map(|piece| Step { piece, params: Vec::new() }).collect();
    let report = script::run(database.clone(), steps, options).await?;
    Ok(answered(database.id(), &report, options.transaction, limits))
}

fn answered(database: &str, report: &Report, transaction: bool, limits: Limits) -> CallToolResult {
    let mut document = JsonObject::new();
    put(&mut document, "database_id", Some(database));
    let statements: Vec<Value> = report.outcomes.iter().map(|outcome| entry(outcome, limits)).collect();
    put(&mut document, "statements", Some(statements));
    put(&mut document, "not_run", Some(report.not_run));
    put(&mut document, "kept", Some(report.kept));
    let failed =
        report.outcomes.iter().zip(1..).find_map(|(outcome, number)| Some((number, outcome, outcome.result.as_ref().err()?)));
    let why = failed.map(|(_, _, why)| why).or(report.commit.as_ref());
    let Some(why) = why else { return answer::document(Value::Object(document).to_string()) };
    document.extend(failure::document(why));
    let place = match failed {
        Some((number, outcome, _)) => format!("Statement {number} (line {}) failed: ", outcome.piece.line),
        None => "The commit failed: ".to_owned(),
    };
    let kept = if transaction { "Nothing of the script was kept." } else { "What the others did was kept." };
    let text = failure::text(why, failed.map(|(_, outcome, _)| outcome.piece.sql.as_str()));
    answer::error(Value::Object(document), format!("{place}{text}\n{kept} {} statements were not run.", report.not_run))
}

fn entry(outcome: &Outcome, limits: Limits) -> Value {
    let mut entry = JsonObject::new();
    put(&mut entry, "line", Some(outcome.piece.line));
    let mut shown: String = outcome.piece.sql.chars().take(SHOWN).collect();
    if shown.len() < outcome.piece.sql.len() {
        shown.push('…');
    }
    put(&mut entry, "sql", Some(shown));
    match &outcome.result {
        Ok(result) => put(&mut entry, "result", Some(answer::written(result_object(result, limits)))),
        Err(why) => entry.extend(failure::document(why)),
    }
    Value::Object(entry)
}
