//! `table_stats`: what a database counts of a table.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, list_tables, other_description, put, reading, table};
use crate::contract::{Description, TableStatistics, Target};
use crate::error::CallError;

pub(super) fn tool() -> Tool {
    reading(
        "table_stats",
        "Statistics of a table",
        "Shows what the database counts of a table: rows (its estimate), size, when its statistics were gathered, and more. Doesn't \
         read the table.",
        table::input(),
        json!({
            "type": "object",
            "properties": {
                "database_id": {"type": "string"},
                "schema": {"type": "string"},
                "name": {"type": "string"},
                "rows_estimate": {"type": "integer"},
                "size_bytes": {"type": "integer", "description": "With indexes"},
                "last_analysed": {"type": "string", "format": "date-time"},
                "properties": {"type": "object", "description": "What else is counted, by the database's names"}
            },
            "required": ["database_id", "name", "kind"]
        }),
    )
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (database, name) = table::named(context, given).await?;
    let Description::Statistics(statistics) = database.describe(Target::Statistics(name)).await? else {
        return Err(other_description(&database));
    };
    Ok(answer::document(document(database.id(), statistics).to_string()))
}

fn document(database: &str, statistics: TableStatistics) -> Value {
    let mut document = JsonObject::new();
    put(&mut document, "database_id", Some(database));
    document.extend(list_tables::entry(statistics.info));
    put(&mut document, "last_analysed", statistics.last_analysed);
    let properties: JsonObject = statistics.properties.into_iter().map(|(name, value)| (name, value.into())).collect();
    put(&mut document, "properties", (!properties.is_empty()).then_some(Value::Object(properties)));
    Value::Object(document)
}
