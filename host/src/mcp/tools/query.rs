//! `query`: one statement, its rows, and how it ended.

mod answer;
mod keep;

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{failure, params};
use super::family::data_api;
use super::{Context, Target, To, answer_or_error, located, object, with_target};
use crate::contract::{ErrorKind, Parameter};
use crate::database::{Database, QueryResult, Statement};
use crate::error::CallError;

/// Rows in one answer unless the call asks for another number: more than a model reads, few enough to hold.
pub(super) const DEFAULT_ROWS: u64 = 1_000;
/// Bytes of values in one answer: about 300,000 tokens, beyond any model's use.
pub(super) const MAX_BYTES: u64 = 1024 * 1024;

pub(super) fn tool(writable: bool) -> Tool {
    let title = "Run SQL";
    // Honest about the worst that a configured database allows.
    let annotations =
        ToolAnnotations::with_title(title).read_only(!writable).destructive(writable).idempotent(!writable).open_world(false);
    let description = if writable {
        "Runs one SQL statement, in the database's own dialect (see list_databases), and gives its rows. It can change data where \
         the database isn't read-only; each call is a transaction of its own. Pass values as params, never inside the text. \
         An answer is cut at max_rows rows or 1 MiB, and says so in `truncated`: filter, aggregate or LIMIT rather than read \
         everything. Integers beyond 2^53 and decimals come as strings, with every digit; bytes as base64."
    } else {
        "Runs one SQL statement that only reads, in the database's own dialect (see list_databases), and gives its rows. Every \
         database here is read-only: writing is refused. Pass values as params, never inside the text. An answer is cut at \
         max_rows rows or 1 MiB, and says so in `truncated`: filter, aggregate or LIMIT rather than read everything. Integers \
         beyond 2^53 and decimals come as strings, with every digit; bytes as base64."
    };
    Tool::new("query", description, object(input()))
        .with_title(title)
        .with_raw_output_schema(object(answer_or_error(output())))
        .annotate(annotations)
}

fn input() -> Value {
    with_target(json!({
        "type": "object",
        "properties": {
            "sql": {"type": "string", "description": "One statement"},
            "params": {
                "type": ["array", "object"],
                "items": {},
                "description": "Values of the statement's parameters: an array by position, or an object by name. A value is a \
                                JSON scalar; {\"base64\": \"...\"} for bytes; {\"type\": \"int4\", \"value\": null} to give the \
                                database's type; any other object or array is JSON"
            },
            "max_rows": {"type": "integer", "minimum": 1, "default": DEFAULT_ROWS},
            "timeout_ms": {"type": "integer", "minimum": 1, "description": "Stop the statement after this long. Default and most: the database's"},
            "format": {
                "type": "string",
                "enum": ["json", "objects", "csv", "markdown", "arrow"],
                "default": "json",
                "description": "json: each row an array in the order of columns; objects: each row an object by column name, in the \
                                structured content alone; csv or markdown: one text; arrow: an IPC stream, as a resource"
            },
            "as_resource": {
                "type": "boolean",
                "default": false,
                "description": "Give the link of a resource with the rows, for programs: all rows up to the database's limit"
            }
        },
        "required": ["sql"],
        "additionalProperties": false
    }))
}

pub(super) fn output() -> Value {
    let set = json!({
        "columns": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "type": {"type": "string", "description": "The database's own name of the type"},
                    "key": {"type": "string", "description": "format=objects: the key in each row, where it isn't the name"}
                },
                "required": ["name", "type"]
            }
        },
        "rows": {"type": "array", "items": {"type": ["array", "object"]}},
        "text": {"type": "string", "description": "The rows, for format=csv and format=markdown"},
        "resource": {
            "type": "object",
            "description": "Where the rows are, for format=arrow and as_resource",
            "properties": {"uri": {"type": "string"}, "mime_type": {"type": "string"}, "bytes": {"type": "integer"}},
            "required": ["uri", "mime_type", "bytes"]
        },
        "row_count": {"type": "integer", "description": "How many rows are here"},
        "cursor": {"type": "string", "description": "Only if there is more: pass it to fetch_rows"},
        "truncated": {
            "type": "object",
            "description": "Only if there are more rows than these",
            "properties": {
                "by": {"type": "string", "enum": ["rows", "bytes"]},
                "limit": {"type": "integer"},
                "next_step": {"type": "string"}
            },
            "required": ["by", "limit", "next_step"]
        },
        "rows_affected": {"type": "integer"},
        "command": {"type": "string", "description": "What the database says it did: UPDATE 3"},
        "notices": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "severity": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "detail": {"type": "string"},
                    "hint": {"type": "string"}
                },
                "required": ["severity", "message"]
            }
        },
        "outputs": {"type": "object", "description": "A procedure's output parameters"}
    });
    let mut properties = set.clone();
    if let Some(properties) = properties.as_object_mut() {
        properties.insert("database_id".to_owned(), json!({"type": "string"}));
        properties.insert("elapsed_ms".to_owned(), json!({"type": "number"}));
        let more = json!({
            "type": "array",
            "description": "Further result sets, where the statement gave several",
            "items": {"type": "object", "properties": set, "required": ["columns", "row_count"]}
        });
        properties.insert("more".to_owned(), more);
    }
    json!({"type": "object", "properties": properties, "required": ["database_id", "columns", "row_count", "elapsed_ms"]})
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    sql: String,
    params: Option<Value>,
    max_rows: Option<u64>,
    timeout_ms: Option<u64>,
    format: Option<Format>,
    as_resource: Option<bool>,
}

/// How rows are written.
#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Json,
    Objects,
    Csv,
    Markdown,
    /// Arrow IPC; always kept as a resource.
    Arrow,
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> CallToolResult {
    let (to, given): (To, Arguments) = match located(given) {
        Ok(given) => given,
        Err(error) => return failure::result(&error, None),
    };
    failure::outcome(ask(context, &to, &given).await, Some(&given.sql))
}

async fn ask(context: Context<'_>, to: &To, given: &Arguments) -> Result<CallToolResult, CallError> {
    if given.max_rows == Some(0) || given.timeout_ms == Some(0) {
        return Err(CallError::new(ErrorKind::InvalidValue, "max_rows and timeout_ms must be at least 1"));
    }
    let (sql, params) = if context.names.has_data_api_parameters() && data_api::is_form(given.params.as_ref()) {
        data_api::bound(&*context.database(to)?, &given.sql, given.params.clone().unwrap_or_default())?
    } else {
        (given.sql.clone(), params::parameters(given.params.clone())?)
    };
    let format = given.format.unwrap_or_default();
    let kept = given.as_resource.unwrap_or(false) || format == Format::Arrow;
    let request = Request {
        sql,
        params,
        max_rows: given.max_rows.unwrap_or(if kept { u64::MAX } else { DEFAULT_ROWS }),
        max_bytes: if kept { keep::MAX_BYTES } else { MAX_BYTES },
        timeout: given.timeout_ms.map(Duration::from_millis),
        keep: true,
    };
    let Run { database, result, limits, cursor } = run(context, to, request).await?;
    let links = if kept { keep::keep(context, database.id(), &result, format)? } else { Vec::new() };
    Ok(answer::query(database.id(), &result, format, limits, cursor.as_deref(), &links))
}

/// What is asked of a statement.
pub(super) struct Request {
    pub(super) sql: String,
    pub(super) params: Vec<Parameter>,
    pub(super) max_rows: u64,
    pub(super) max_bytes: u64,
    pub(super) timeout: Option<Duration>,
    /// Outside of a transaction: leave a result that is cut open, to be read on.
    pub(super) keep: bool,
}

/// What it came to.
pub(super) struct Run {
    pub(super) database: Arc<Database>,
    pub(super) result: QueryResult,
    pub(super) limits: Limits,
    /// Where to read on.
    pub(super) cursor: Option<String>,
}

/// Runs a statement where the call goes, asking the person first where its database wants that.
pub(super) async fn run(context: Context<'_>, to: &To, request: Request) -> Result<Run, CallError> {
    let target = context.target(to).await?;
    let database = target.database();
    let (most_rows, most_bytes) = database.most();
    let limits = Limits { rows: request.max_rows.min(most_rows), most_rows, bytes: request.max_bytes.min(most_bytes) };
    let read_only = match &target {
        Target::Place(place) => place.read_only,
        // As it was begun.
        Target::Transaction(..) => false,
    };
    // The person agreed to a transaction, and agrees to each write in it.
    let consent = context.confirm_unless_reading(database, read_only, &request.sql).await?;
    let statement = Statement {
        sql: request.sql,
        params: request.params,
        read_only,
        consent,
        timeout: request.timeout,
        max_rows: limits.rows,
        max_bytes: limits.bytes,
    };
    let (result, cursor) = match &target {
        Target::Transaction(handle, _) => context.sessions.query_in(context.call, handle, statement).await?,
        Target::Place(place) if request.keep => context.sessions.query(context.call, place, statement).await?,
        Target::Place(place) => (place.database.query(statement).await?, None),
    };
    Ok(Run { database: target.database().clone(), result, limits, cursor })
}

pub(super) use answer::{Limits, query as answered, result_object};
pub(super) use keep::keep;
