//! `query`: one statement.

use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Value, json};

use super::shape::{limit, milliseconds, row_count, rows};
use crate::database::ResultSet;
use crate::error::CallError;
use crate::mcp::tools::query::{MAX_BYTES, Request, Run, run};
use crate::mcp::tools::{Context, To, answer_or_error, located, object, put, with_place};
use crate::mcp::{answer, failure, params};

/// Rows unless the call asks for another number: what its clients are used to.
pub(super) const DEFAULT_ROWS: u64 = 10_000;

pub(super) fn tool(writable: bool) -> Tool {
    let description = if writable {
        "Runs one SQL statement on the session's database; it can change data where the database isn't read-only."
    } else {
        "Runs one SQL statement that only reads on the session's database."
    };
    let input = with_place(json!({
        "type": "object",
        "properties": {
            "sql": {"type": "string", "description": "The statement"},
            "params": {"type": "array", "items": {}, "description": "Values of its parameters, by position"},
            "options": {
                "type": "object",
                "properties": {
                    "timeout": {"type": "number", "description": "Milliseconds. Default and most: the database's"},
                    "maxRows": {"type": "integer", "default": DEFAULT_ROWS}
                },
                "additionalProperties": false
            }
        },
        "required": ["sql"],
        "additionalProperties": false
    }));
    let output = json!({
        "type": "object",
        "properties": {
            "success": {"type": "boolean"},
            "rowCount": {"type": "integer", "description": "Rows returned, or changed"},
            "rows": {"type": "array", "items": {"type": "object"}},
            "fields": {"type": "array", "items": {"type": "object", "required": ["name", "dataType"]}},
            "executionTime": {"type": "number", "description": "Milliseconds"},
            "truncated": {"type": "boolean", "description": "There are more rows than these"}
        },
        "required": ["success", "rowCount", "rows", "fields", "executionTime", "truncated"]
    });
    Tool::new("query", description, object(input))
        .with_title("Run SQL")
        .with_raw_output_schema(object(answer_or_error(output)))
        .annotate(ToolAnnotations::with_title("Run SQL").read_only(!writable).destructive(writable).open_world(false))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    sql: String,
    params: Option<Value>,
    #[serde(default)]
    options: Options,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Options {
    timeout: Option<f64>,
    max_rows: Option<u64>,
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> CallToolResult {
    let (to, given): (To, Arguments) = match located(given) {
        Ok(given) => given,
        Err(error) => return failure::result(&error, None),
    };
    match ask(context, &to, &given).await {
        Ok(document) => answer::document(Value::Object(document).to_string()),
        Err(error) => failure::result(&error, Some(&given.sql)),
    }
}

async fn ask(context: Context<'_>, to: &To, given: &Arguments) -> Result<JsonObject, CallError> {
    let request = Request {
        sql: given.sql.clone(),
        params: params::parameters(given.params.clone())?,
        max_rows: given.options.max_rows.filter(|rows| *rows > 0).unwrap_or(DEFAULT_ROWS),
        max_bytes: MAX_BYTES,
        timeout: limit(given.options.timeout),
        keep: false,
    };
    let Run { database, result, .. } = run(context, to, request).await?;
    let time = milliseconds(result.elapsed);
    let mut sets = result.sets.iter();
    let mut document = JsonObject::new();
    put(&mut document, "success", Some(true));
    document.extend(sets.next().map_or_else(none, shown));
    put(&mut document, "executionTime", Some(time));
    let more: Vec<Value> = sets.map(|set| Value::Object(shown(set))).collect();
    put(&mut document, "more", (!more.is_empty()).then_some(more));
    put(&mut document, "metadata", Some(json!({"database_id": database.id(), "duration": time})));
    Ok(document)
}

fn shown(set: &ResultSet) -> JsonObject {
    let field = |column: &crate::contract::Column| json!({"name": column.name, "dataType": column.native_type});
    let mut shown = JsonObject::new();
    put(&mut shown, "rowCount", Some(row_count(set)));
    put(&mut shown, "rows", Some(rows(set)));
    put(&mut shown, "fields", Some(set.columns.iter().map(field).collect::<Vec<_>>()));
    put(&mut shown, "truncated", Some(set.truncated.is_some()));
    shown
}

/// The answer of a statement that gives nothing at all.
fn none() -> JsonObject {
    let empty: [(&str, Value); 4] =
        [("rowCount", 0.into()), ("rows", json!([])), ("fields", json!([])), ("truncated", false.into())];
    empty.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
