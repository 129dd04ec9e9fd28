//! What the tools of one table take: its name, its schema, and where the call goes.

use std::sync::Arc;

use rmcp::model::JsonObject;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Context, To, located, with_place};
use crate::contract::TableName;
use crate::database::Database;
use crate::error::CallError;

pub(super) fn input() -> Value {
    with_place(json!({
        "type": "object",
        "properties": {
            "schema": {"type": "string", "description": "Default: where the database finds an unqualified name"},
            "table": {"type": "string", "description": "The name alone, as list_tables has it: unquoted, without the schema"}
        },
        "required": ["table"],
        "additionalProperties": false
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    schema: Option<String>,
    table: String,
}

/// The database that a call goes to, and the table that it names.
pub(super) async fn named(context: Context<'_>, given: JsonObject) -> Result<(Arc<Database>, TableName), CallError> {
    let (to, given): (To, Arguments) = located(given)?;
    let database = context.place(&to).await?.database;
    Ok((database, TableName { schema: given.schema, name: given.table }))
}
