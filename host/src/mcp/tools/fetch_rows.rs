//! `fetch_rows`: the next rows of a result that was cut.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::json;

use super::query::{DEFAULT_ROWS, Format, Limits, MAX_BYTES, answered, keep};
use super::{Context, arguments, reading};
use crate::config::SessionsConfig;
use crate::contract::ErrorKind;
use crate::error::CallError;

pub(super) fn tool(times: &SessionsConfig) -> Tool {
    let tool = reading(
        "fetch_rows",
        "Fetch more rows",
        format!(
            "Reads on in a result that query cut: pass its cursor. The answer is as query's, with the cursor again while there is \
             more. A cursor that isn't used for {:?} is closed, and so is the oldest when a session has more than {}.",
            times.cursor_idle_timeout, times.max_cursors
        ),
        json!({
            "type": "object",
            "properties": {
                "cursor": {"type": "string", "description": "From query"},
                "max_rows": {"type": "integer", "minimum": 1, "default": DEFAULT_ROWS},
                "format": {"type": "string", "enum": ["json", "objects", "csv", "markdown", "arrow"], "default": "json"}
            },
            "required": ["cursor"],
            "additionalProperties": false
        }),
        json!({
            "type": "object",
            "properties": {
                "database_id": {"type": "string"},
                "columns": {"type": "array", "items": {"type": "object"}},
                "rows": {"type": "array", "items": {"type": ["array", "object"]}},
                "text": {"type": "string"},
                "resource": {"type": "object"},
                "row_count": {"type": "integer"},
                "cursor": {"type": "string", "description": "Only if there is more"}
            },
            "required": ["database_id", "columns", "row_count", "elapsed_ms"]
        }),
    );
    let annotations = tool.annotations.clone().unwrap_or_default().idempotent(false);
    tool.annotate(annotations)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    cursor: String,
    max_rows: Option<u64>,
    format: Option<Format>,
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let given: Arguments = arguments(given)?;
    if given.max_rows == Some(0) {
        return Err(CallError::new(ErrorKind::InvalidValue, "max_rows must be at least 1"));
    }
    let rows = given.max_rows.unwrap_or(DEFAULT_ROWS);
    let (database, result, more) = context.sessions.fetch(context.call, &given.cursor, rows, MAX_BYTES, None).await?;
    let (most_rows, most_bytes) = database.most();
    let limits = Limits { rows: rows.min(most_rows), most_rows, bytes: MAX_BYTES.min(most_bytes) };
    let cursor = more.then_some(given.cursor.as_str());
    let format = given.format.unwrap_or_default();
    let links = if format == Format::Arrow { keep(context, database.id(), &result, format)? } else { Vec::new() };
    Ok(answered(database.id(), &result, format, limits, cursor, &links))
}
