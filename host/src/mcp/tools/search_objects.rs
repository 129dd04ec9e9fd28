//! `search_objects`: tables, columns and routines by name or comment.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, To, located, other_description, put, reading, with_place};
use crate::contract::{Description, ErrorKind, FoundObject, ObjectKind, SearchFilter, Target};
use crate::error::CallError;

/// Objects in one answer unless the call asks for another number.
const DEFAULT_OBJECTS: u32 = 50;
/// The most in one answer.
const MAX_OBJECTS: u32 = 1_000;
/// The longest text to look for: longer than any name.
const MAX_TEXT: usize = 256;

pub(super) fn tool() -> Tool {
    reading(
        "search_objects",
        "Search objects",
        "Finds tables, columns and routines whose name or comment contains a text, without regard to case. Use it to find where \
         something is before describe_table.",
        with_place(json!({
            "type": "object",
            "properties": {
                "text": {"type": "string", "minLength": 1, "maxLength": MAX_TEXT},
                "kinds": {
                    "type": "array",
                    "items": {"type": "string", "enum": ["table", "column", "routine"]},
                    "description": "Default: all"
                },
                "schema": {"type": "string", "description": "Only this schema"},
                "limit": {"type": "integer", "minimum": 1, "maximum": MAX_OBJECTS, "default": DEFAULT_OBJECTS},
                "offset": {"type": "integer", "minimum": 0, "default": 0, "description": "next_offset of the call before"}
            },
            "required": ["text"],
            "additionalProperties": false
        })),
        json!({
            "type": "object",
            "properties": {
                "database_id": {"type": "string"},
                "objects": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"table": {"type": "string", "description": "Of a column"}},
                        "required": ["kind", "name"]
                    }
                },
                "next_offset": {"type": "integer", "description": "Only if there are more"}
            },
            "required": ["database_id", "objects"]
        }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    text: String,
    kinds: Option<Vec<Kind>>,
    schema: Option<String>,
    limit: Option<u32>,
    offset: Option<u32>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Table,
    Column,
    Routine,
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, given): (To, Arguments) = located(given)?;
    if given.text.is_empty() || given.text.chars().count() > MAX_TEXT {
        return Err(CallError::new(ErrorKind::InvalidValue, format!("text must have 1 to {MAX_TEXT} characters")));
    }
    let database = context.place(&to).await?.database;
    let limit = given.limit.unwrap_or(DEFAULT_OBJECTS).clamp(1, MAX_OBJECTS);
    let offset = given.offset.unwrap_or(0);
    let kinds = given.kinds.unwrap_or_default().into_iter().map(Kind::contract).collect();
    let filter = SearchFilter { text: given.text, kinds, schema: given.schema, offset, limit: limit + 1 };
    let Description::Search(mut objects) = database.describe(Target::Search(filter)).await? else {
        return Err(other_description(&database));
    };
    let more = objects.len() > limit as usize;
    objects.truncate(limit as usize);
    let mut document = JsonObject::new();
    put(&mut document, "database_id", Some(database.id()));
    put(&mut document, "objects", Some(objects.into_iter().map(entry).collect::<Vec<_>>()));
    put(&mut document, "next_offset", more.then(|| offset.saturating_add(limit)));
    Ok(answer::document(Value::Object(document).to_string()))
}

fn entry(object: FoundObject) -> Value {
    let kind = match object.kind {
        ObjectKind::Table => "table",
        ObjectKind::Column => "column",
        ObjectKind::Routine => "routine",
    };
    let mut entry = JsonObject::new();
    put(&mut entry, "kind", Some(kind));
    put(&mut entry, "schema", object.schema);
    put(&mut entry, "table", object.table);
    put(&mut entry, "name", Some(object.name));
    put(&mut entry, "detail", object.detail);
    put(&mut entry, "comment", object.comment);
    Value::Object(entry)
}

impl Kind {
    fn contract(self) -> ObjectKind {
        match self {
            Kind::Table => ObjectKind::Table,
            Kind::Column => ObjectKind::Column,
            Kind::Routine => ObjectKind::Routine,
        }
    }
}
