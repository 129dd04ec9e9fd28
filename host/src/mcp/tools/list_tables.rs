//! `list_tables`: what can be read from.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, To, located, put, reading, with_place};
use crate::contract::{Description, ErrorKind, TableFilter, TableInfo, TableKind, Target};
use crate::error::CallError;

/// Tables in one answer unless the call asks for another number: about 5,000 tokens.
const DEFAULT_TABLES: u32 = 200;
/// The most tables in one answer.
const MAX_TABLES: u32 = 2_000;

pub(super) fn tool() -> Tool {
    reading(
        "list_tables",
        "List tables",
        "Lists tables and views with their kind, the database's estimate of their rows, and comments; the system's own schemas only \
         when asked for by name. Use describe_table for columns and keys.",
        with_place(json!({
            "type": "object",
            "properties": {
                "schema": {"type": "string", "description": "Only this schema"},
                "name": {"type": "string", "description": "Only names like this: a LIKE pattern (%, _), case-insensitive"},
                "kind": {
                    "type": "string",
                    "enum": ["table", "view", "materialized-view", "foreign-table", "partitioned-table", "virtual-table", "system"]
                },
                "limit": {"type": "integer", "minimum": 1, "maximum": MAX_TABLES, "default": DEFAULT_TABLES},
                "offset": {"type": "integer", "minimum": 0, "default": 0, "description": "next_offset of the call before"}
            },
            "additionalProperties": false
        })),
        json!({
            "type": "object",
            "properties": {
                "database_id": {"type": "string"},
                "tables": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "schema": {"type": "string"},
                            "name": {"type": "string"},
                            "kind": {"type": "string"},
                            "rows_estimate": {"type": "integer"},
                            "size_bytes": {"type": "integer"},
                            "comment": {"type": "string"}
                        },
                        "required": ["name", "kind"]
                    }
                },
                "next_offset": {"type": "integer", "description": "There are more: pass this as offset"}
            },
            "required": ["database_id", "tables"]
        }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    schema: Option<String>,
    name: Option<String>,
    kind: Option<Kind>,
    limit: Option<u32>,
    offset: Option<u32>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Table,
    View,
    MaterializedView,
    ForeignTable,
    PartitionedTable,
    VirtualTable,
    System,
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, given): (To, Arguments) = located(given)?;
    let database = context.place(&to).await?.database;
    let limit = given.limit.unwrap_or(DEFAULT_TABLES).clamp(1, MAX_TABLES);
    let offset = given.offset.unwrap_or(0);
    // One more than asked for, to see whether there are more.
    let filter =
        TableFilter { schema: given.schema, name: given.name, kind: given.kind.map(Kind::contract), offset, limit: limit + 1 };
    let Description::Tables(tables) = database.describe(Target::Tables(filter)).await? else {
        return Err(CallError::new(ErrorKind::Protocol, "the driver described something else than tables").of(database.id()));
    };
    Ok(answer::document(document(database.id(), tables, offset, limit).to_string()))
}

pub(in crate::mcp) fn document(database: &str, mut tables: Vec<TableInfo>, offset: u32, limit: u32) -> Value {
    let mut document = JsonObject::new();
    let more = tables.len() > limit as usize;
    tables.truncate(limit as usize);
    put(&mut document, "database_id", Some(database));
    put(&mut document, "tables", Some(tables.into_iter().map(|table| Value::Object(entry(table))).collect::<Vec<_>>()));
    put(&mut document, "next_offset", more.then(|| offset.saturating_add(limit)));
    Value::Object(document)
}

/// A table as this and `describe_table` show it.
pub(super) fn entry(table: TableInfo) -> JsonObject {
    let mut entry = JsonObject::new();
    put(&mut entry, "schema", table.schema);
    put(&mut entry, "name", Some(table.name));
    put(&mut entry, "kind", Some(kind_name(table.kind)));
    put(&mut entry, "rows_estimate", table.rows);
    put(&mut entry, "size_bytes", table.size);
    put(&mut entry, "comment", table.comment);
    entry
}

impl Kind {
    fn contract(self) -> TableKind {
        match self {
            Kind::Table => TableKind::Table,
            Kind::View => TableKind::View,
            Kind::MaterializedView => TableKind::MaterializedView,
            Kind::ForeignTable => TableKind::ForeignTable,
            Kind::PartitionedTable => TableKind::PartitionedTable,
            Kind::VirtualTable => TableKind::VirtualTable,
            Kind::System => TableKind::System,
        }
    }
}

fn kind_name(kind: TableKind) -> &'static str {
    match kind {
        TableKind::Table => "table",
        TableKind::View => "view",
        TableKind::MaterializedView => "materialized-view",
        TableKind::ForeignTable => "foreign-table",
        TableKind::PartitionedTable => "partitioned-table",
        TableKind::VirtualTable => "virtual-table",
        TableKind::System => "system",
    }
}
