//! `foreign_keys`: a table's foreign keys alone, for clients that ask for no more.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, describe_table, other_description, put, reading, table};
use crate::contract::{Description, Target};
use crate::error::CallError;

pub(super) fn tool() -> Tool {
    let keys = json!({"type": "array", "items": {"type": "object", "required": ["columns", "table", "table_columns"]}});
    reading(
        "foreign_keys",
        "Foreign keys",
        "Shows a table's foreign keys, and those of other tables that refer to it.",
        table::input(),
        json!({
            "type": "object",
            "properties": {
                "database_id": {"type": "string"},
                "schema": {"type": "string"},
                "table": {"type": "string"},
                "foreign_keys": keys,
                "referenced_by": keys
            },
            "required": ["database_id", "table", "foreign_keys", "referenced_by"]
        }),
    )
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (database, name) = table::named(context, given).await?;
    let Description::Table(table) = database.describe(Target::Table(name)).await? else {
        return Err(other_description(&database));
    };
    let mut document = JsonObject::new();
    put(&mut document, "database_id", Some(database.id()));
    put(&mut document, "schema", table.info.schema);
    put(&mut document, "table", Some(table.info.name));
    let keys = |keys: Vec<_>| keys.into_iter().map(describe_table::foreign_key).collect::<Vec<Value>>();
    put(&mut document, "foreign_keys", Some(keys(table.foreign_keys)));
    put(&mut document, "referenced_by", Some(keys(table.referenced_by)));
    Ok(answer::document(Value::Object(document).to_string()))
}
