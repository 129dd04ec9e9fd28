//! `list_routines`: functions and procedures.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, To, located, other_description, put, reading, with_place};
use crate::contract::{Description, Routine, RoutineFilter, Target};
use crate::error::CallError;

/// Routines in one answer unless the call asks for another number.
const DEFAULT_ROUTINES: u32 = 100;
/// The most routines in one answer.
const MAX_ROUTINES: u32 = 1_000;

pub(super) fn tool() -> Tool {
    reading(
        "list_routines",
        "List routines",
        "Lists functions and procedures with their arguments, what they return, and comments.",
        with_place(json!({
            "type": "object",
            "properties": {
                "schema": {"type": "string", "description": "Only this schema"},
                "name": {"type": "string", "description": "Only names like this: a LIKE pattern (%, _), case-insensitive"},
                "limit": {"type": "integer", "minimum": 1, "maximum": MAX_ROUTINES, "default": DEFAULT_ROUTINES},
                "offset": {"type": "integer", "minimum": 0, "default": 0, "description": "next_offset of the call before"}
            },
            "additionalProperties": false
        })),
        json!({
            "type": "object",
            "properties": {
                "database_id": {"type": "string"},
                "routines": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name", "kind", "arguments"]}
                },
                "next_offset": {"type": "integer"}
            },
            "required": ["database_id", "routines"]
        }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    schema: Option<String>,
    name: Option<String>,
    limit: Option<u32>,
    offset: Option<u32>,
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, given): (To, Arguments) = located(given)?;
    let database = context.place(&to).await?.database;
    let limit = given.limit.unwrap_or(DEFAULT_ROUTINES).clamp(1, MAX_ROUTINES);
    let offset = given.offset.unwrap_or(0);
    let filter = RoutineFilter { schema: given.schema, name: given.name, offset, limit: limit + 1 };
    let Description::Routines(mut routines) = database.describe(Target::Routines(filter)).await? else {
        return Err(other_description(&database));
    };
    let more = routines.len() > limit as usize;
    routines.truncate(limit as usize);
    let mut document = JsonObject::new();
    put(&mut document, "database_id", Some(database.id()));
    put(&mut document, "routines", Some(routines.into_iter().map(entry).collect::<Vec<_>>()));
    put(&mut document, "next_offset", more.then(|| offset.saturating_add(limit)));
    Ok(answer::document(Value::Object(document).to_string()))
}

fn entry(routine: Routine) -> Value {
    let mut entry = JsonObject::new();
    put(&mut entry, "schema", routine.schema);
    put(&mut entry, "name", Some(routine.name));
    put(&mut entry, "kind", Some(routine.kind));
    put(&mut entry, "arguments", Some(routine.arguments));
    put(&mut entry, "returns", routine.returns);
    put(&mut entry, "language", routine.language);
    put(&mut entry, "comment", routine.comment);
    Value::Object(entry)
}
