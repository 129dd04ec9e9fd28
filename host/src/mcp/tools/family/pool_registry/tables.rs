//! `list_tables`: the tables of a schema.

use std::time::Instant;

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::shape::{since, size};
use crate::contract::{Description, SchemaInfo, TableFilter, TableInfo, TableKind, Target};
use crate::database::Database;
use crate::error::CallError;
use crate::mcp::answer;
use crate::mcp::tools::{Context, To, located, other_description, put, reading, with_place};

/// The most tables in one answer.
const MAX_TABLES: usize = 2_000;
/// Every schema, as a client names them.
const ALL: &str = "*";

pub(super) fn tool() -> Tool {
    reading(
        "list_tables",
        "List tables",
        "Lists the tables of the session's database, or of one schema.",
        with_place(json!({
            "type": "object",
            "properties": {
                "schema": {"type": "string", "description": "Default: where unqualified names are looked for; *: all schemas"},
                "includeSystemTables": {"type": "boolean", "default": false, "description": "With schema *: the system's own as well"},
                "includeSize": {"type": "boolean", "default": false, "description": "Sizes, and the database's estimates of rows"},
                "pattern": {"type": "string", "description": "Only names like this: a LIKE pattern"}
            },
            "additionalProperties": false
        })),
        json!({
            "type": "object",
            "properties": {
                "success": {"type": "boolean"},
                "schema": {"type": "string"},
                "tableCount": {"type": "integer"},
                "tables": {"type": "array", "items": {"type": "object", "required": ["schema", "table"]}},
                "schemas": {"type": "array", "items": {"type": "object"}},
                "truncated": {"type": "boolean", "description": "There are more tables than these"}
            },
            "required": ["success", "schema", "tableCount", "tables"]
        }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Arguments {
    schema: Option<String>,
    #[serde(default)]
    include_system_tables: bool,
    #[serde(default)]
    include_size: bool,
    pattern: Option<String>,
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let began = Instant::now();
    let (to, given): (To, Arguments) = located(given)?;
    let database = context.place(&to).await?.database;
    let mut document = JsonObject::new();
    put(&mut document, "success", Some(true));
    let mut tables = Vec::new();
    match given.schema.as_deref() {
        Some(ALL) => {
            let schemas = schemas(&database).await?;
            tables.extend(of(&database, None, &given).await?);
            for schema in schemas.iter().filter(|schema| schema.system && given.include_system_tables) {
                if tables.len() <= MAX_TABLES {
                    tables.extend(of(&database, Some(&schema.name), &given).await?);
                }
            }
            put(&mut document, "schema", Some("all"));
            let shown = schemas.iter().filter(|schema| !schema.system).map(about).collect::<Vec<_>>();
            put(&mut document, "schemas", Some(shown));
        }
        Some(schema) => {
            tables = of(&database, Some(schema), &given).await?;
            put(&mut document, "schema", Some(schema));
        }
        None => {
            let Description::Server(server) = database.describe(Target::Server).await? else {
                return Err(other_description(&database));
            };
            tables = of(&database, None, &given).await?;
            let path = server.search_path;
            tables.retain(|table| table.schema.as_ref().is_none_or(|schema| path.is_empty() || path.contains(schema)));
            put(&mut document, "schema", Some(path.join(", ")));
        }
    }
    let more = tables.len() > MAX_TABLES;
    tables.truncate(MAX_TABLES);
    put(&mut document, "tableCount", Some(tables.len()));
    put(&mut document, "tables", Some(tables.into_iter().map(|table| entry(table, given.include_size)).collect::<Vec<_>>()));
    put(&mut document, "truncated", more.then_some(true));
    put(&mut document, "metadata", Some(json!({"database_id": database.id(), "duration": since(began)})));
    Ok(answer::document(Value::Object(document).to_string()))
}

/// The tables of a schema, or of all but the system's, and one more than is shown if there are more.
async fn of(database: &Database, schema: Option<&str>, given: &Arguments) -> Result<Vec<TableInfo>, CallError> {
    let filter = TableFilter {
        schema: schema.map(str::to_owned),
        name: given.pattern.clone(),
        kind: None,
        offset: 0,
        limit: u32::try_from(MAX_TABLES + 1).unwrap_or(u32::MAX),
    };
    let Description::Tables(mut tables) = database.describe(Target::Tables(filter)).await? else {
        return Err(other_description(database));
    };
    let system = given.include_system_tables;
    tables.retain(|table| match table.kind {
        TableKind::Table | TableKind::PartitionedTable | TableKind::VirtualTable => true,
        TableKind::System => system,
        TableKind::View | TableKind::MaterializedView | TableKind::ForeignTable => false,
    });
    Ok(tables)
}

async fn schemas(database: &Database) -> Result<Vec<SchemaInfo>, CallError> {
    let Description::Schemas(schemas) = database.describe(Target::Schemas).await? else {
        return Err(other_description(database));
    };
    Ok(schemas)
}

fn about(schema: &SchemaInfo) -> Value {
    let mut entry = JsonObject::new();
    put(&mut entry, "schema_name", Some(schema.name.clone()));
    put(&mut entry, "schema_owner", schema.owner.clone());
    Value::Object(entry)
}

fn entry(table: TableInfo, with_size: bool) -> Value {
    let mut entry = JsonObject::new();
    entry.insert("schema".to_owned(), table.schema.unwrap_or_default().into());
    put(&mut entry, "table", Some(table.name));
    put(&mut entry, "description", table.comment);
    if with_size {
        put(&mut entry, "size", table.size.map(size));
        put(&mut entry, "sizeBytes", table.size);
        put(&mut entry, "rowCount", table.rows);
    }
    Value::Object(entry)
}
