//! `list_schemas`: the schemas of a database.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, To, located, other_description, put, reading, with_place};
use crate::contract::{Description, SchemaInfo, Target};
use crate::error::CallError;

pub(super) fn tool() -> Tool {
    reading(
        "list_schemas",
        "List schemas",
        "Lists a database's schemas with their owners and comments; the system's own only with `system`.",
        with_place(json!({
            "type": "object",
            "properties": {"system": {"type": "boolean", "default": false}},
            "additionalProperties": false
        })),
        json!({
            "type": "object",
            "properties": {
                "database_id": {"type": "string"},
                "schemas": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
                }
            },
            "required": ["database_id", "schemas"]
        }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    system: Option<bool>,
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, given): (To, Arguments) = located(given)?;
    let database = context.place(&to).await?.database;
    let Description::Schemas(schemas) = database.describe(Target::Schemas).await? else {
        return Err(other_description(&database));
    };
    let system = given.system.unwrap_or(false);
    let schemas: Vec<Value> = schemas.into_iter().filter(|schema| system || !schema.system).map(entry).collect();
    Ok(answer::document(json!({"database_id": database.id(), "schemas": schemas}).to_string()))
}

fn entry(schema: SchemaInfo) -> Value {
    let mut entry = JsonObject::new();
    put(&mut entry, "name", Some(schema.name));
    put(&mut entry, "owner", schema.owner);
    put(&mut entry, "comment", schema.comment);
    put(&mut entry, "system", schema.system.then_some(true));
    Value::Object(entry)
}
