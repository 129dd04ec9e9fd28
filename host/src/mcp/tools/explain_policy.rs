//! `explain_policy`: what would be decided of a statement, and why, without running it or connecting.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, To, located, put, reading, with_place};
use crate::contract::ErrorKind;
use crate::error::CallError;

pub(super) fn tool() -> Tool {
    let texts = json!({"type": "array", "items": {"type": "string"}});
    reading(
        "explain_policy",
        "Explain the policy",
        "Says whether a statement would be allowed on a database and why: the rule, what the statement is, the tables and functions it \
         names, the limits it would run under, and whether a person would be asked. Runs nothing and connects to nothing.",
        with_place(json!({
            "type": "object",
            "properties": {
                "sql": {"type": "string", "description": "One statement"},
                "read_only": {"type": "boolean", "default": false, "description": "As in a read-only session or transaction"}
            },
            "required": ["sql"],
            "additionalProperties": false
        })),
        json!({
            "type": "object",
            "properties": {
                "database_id": {"type": "string"},
                "allowed": {"type": "boolean"},
                "rule": {"type": "string", "description": "The rule that refuses it, by its key in the configuration"},
                "why": {"type": "string"},
                "next_step": {"type": "string"},
                "kind": {"type": "string", "description": "SELECT, DROP TABLE, …; none if it can't be read"},
                "reads": {"type": "boolean", "description": "It only reads, as far as its text tells"},
                "asks_a_person": {"type": "boolean"},
                "tables": texts,
                "functions": texts,
                "limits": {
                    "type": "object",
                    "properties": {
                        "read_only": {"type": "boolean"},
                        "statement_timeout_ms": {"type": "integer"},
                        "max_rows": {"type": "integer"},
                        "max_bytes": {"type": "integer"}
                    },
                    "required": ["read_only", "statement_timeout_ms", "max_rows", "max_bytes"]
                }
            },
            "required": ["database_id", "allowed", "reads", "asks_a_person", "tables", "functions", "limits"]
        }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    sql: String,
    read_only: Option<bool>,
}

pub(super) fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, given): (To, Arguments) = located(given)?;
    let place = context.whereabouts(&to)?;
    let database = &place.database;
    let read_only = given.read_only.unwrap_or(false) || place.read_only;
    let explained = database.policy().explain(&given.sql, read_only);
    let mut document = JsonObject::new();
    put(&mut document, "database_id", Some(database.id()));
    let shown = serde_json::to_value(&explained).map_err(|why| CallError::new(ErrorKind::Internal, why.to_string()))?;
    if let Value::Object(shown) = shown {
        document.extend(shown);
    }
    Ok(answer::with_text(Value::Object(document).to_string(), explained.to_string()))
}
