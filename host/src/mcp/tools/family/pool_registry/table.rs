//! `describe_table`: one table, with as much of it as is asked for.

use std::time::Instant;

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::shape::{since, size};
use crate::contract::{Description, ForeignKey, Index, TableColumn, TableDetail, TableName, Target};
use crate::error::CallError;
use crate::mcp::answer;
use crate::mcp::tools::{Context, To, located, other_description, put, reading, with_place};

/// References from other tables in one answer, unless the call asks for another number.
const DEFAULT_INBOUND: usize = 25;

pub(super) fn tool() -> Tool {
    reading(
        "describe_table",
        "Describe a table",
        "Describes a table: its columns, constraints, indexes, relationships and triggers.",
        with_place(json!({
            "type": "object",
            "properties": {
                "table": {"type": "string"},
                "schema": {"type": "string", "description": "Default: where unqualified names are looked for"},
                "includeIndexes": {"type": "boolean", "default": true},
                "includeConstraints": {"type": "boolean", "default": true},
                "includeRelationships": {"type": "boolean", "default": true, "description": "Foreign keys in both directions"},
                "maxInboundRelationships": {"type": "integer", "minimum": 0, "default": DEFAULT_INBOUND, "description": "Tables that refer to this one; 0: all"},
                "includeTriggers": {"type": "boolean", "default": false}
            },
            "required": ["table"],
            "additionalProperties": false
        })),
        json!({
            "type": "object",
            "properties": {
                "success": {"type": "boolean"},
                "schema": {"type": "string"},
                "table": {"type": "string"},
                "tableInfo": {"type": "object"},
                "columns": {"type": "array", "items": {"type": "object", "required": ["column_name", "data_type", "is_nullable"]}},
                "constraints": {"type": "array", "items": {"type": "object", "required": ["constraint_type"]}},
                "indexes": {"type": "array", "items": {"type": "object", "required": ["index_name", "is_primary", "is_unique"]}},
                "relationships": {"type": "array", "items": {"type": "object", "required": ["relationship_type", "related_table"]}},
                "relationshipSummary": {"type": "object"},
                "triggers": {"type": "array", "items": {"type": "object", "required": ["trigger_name", "definition"]}}
            },
            "required": ["success", "table", "tableInfo", "columns"]
        }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Arguments {
    table: String,
    schema: Option<String>,
    include_indexes: Option<bool>,
    include_constraints: Option<bool>,
    include_relationships: Option<bool>,
    max_inbound_relationships: Option<usize>,
    include_triggers: Option<bool>,
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let began = Instant::now();
    let (to, given): (To, Arguments) = located(given)?;
    let database = context.place(&to).await?.database;
    let name = TableName { schema: given.schema.clone(), name: given.table.clone() };
    let Description::Table(table) = database.describe(Target::Table(name)).await? else {
        return Err(other_description(&database));
    };
    let mut document = described(&table, &given);
    put(&mut document, "metadata", Some(json!({"database_id": database.id(), "duration": since(began)})));
    Ok(answer::document(Value::Object(document).to_string()))
}

fn described(table: &TableDetail, given: &Arguments) -> JsonObject {
    let mut document = JsonObject::new();
    put(&mut document, "success", Some(true));
    put(&mut document, "schema", table.info.schema.clone());
    put(&mut document, "table", Some(table.info.name.clone()));
    let mut info = JsonObject::new();
    put(&mut info, "comment", table.info.comment.clone());
    put(&mut info, "totalSize", table.info.size.map(size));
    put(&mut info, "estimatedRowCount", table.info.rows);
    put(&mut info, "definition", table.definition.clone());
    put(&mut document, "tableInfo", Some(Value::Object(info)));
    put(&mut document, "columns", Some((1_u64..).zip(&table.columns).map(column).collect::<Vec<_>>()));
    if given.include_constraints.unwrap_or(true) {
        put(&mut document, "constraints", Some(constraints(table)));
    }
    if given.include_indexes.unwrap_or(true) {
        put(&mut document, "indexes", Some(table.indexes.iter().map(index).collect::<Vec<_>>()));
    }
    if given.include_relationships.unwrap_or(true) {
        relationships(&mut document, table, given.max_inbound_relationships.unwrap_or(DEFAULT_INBOUND));
    }
    if given.include_triggers.unwrap_or(false) {
        let trigger =
            |trigger: &crate::contract::Trigger| json!({"trigger_name": trigger.name, "definition": trigger.definition});
        put(&mut document, "triggers", Some(table.triggers.iter().map(trigger).collect::<Vec<_>>()));
    }
    document
}

fn column((position, column): (u64, &TableColumn)) -> Value {
    let mut entry = JsonObject::new();
    put(&mut entry, "column_name", Some(column.name.clone()));
    put(&mut entry, "data_type", Some(column.native_type.clone()));
    put(&mut entry, "is_nullable", Some(if column.nullable { "YES" } else { "NO" }));
    entry.insert("column_default".to_owned(), column.default.clone().into());
    put(&mut entry, "ordinal_position", Some(position));
    put(&mut entry, "is_identity", Some(column.identity));
    put(&mut entry, "generation_expression", column.generated.clone());
    put(&mut entry, "comment", column.comment.clone());
    Value::Object(entry)
}

/// One entry for each column of a key, as the information schema has them.
fn constraints(table: &TableDetail) -> Vec<Value> {
    let mut constraints = Vec::new();
    for key in &table.keys {
        let kind = if key.primary { "PRIMARY KEY" } else { "UNIQUE" };
        for column in &key.columns {
            constraints.push(json!({"constraint_name": key.name, "constraint_type": kind, "column_name": column}));
        }
    }
    for key in &table.foreign_keys {
        for (column, foreign) in key.columns.iter().zip(&key.referenced_columns) {
            constraints.push(json!({
                "constraint_name": key.name,
                "constraint_type": "FOREIGN KEY",
                "column_name": column,
                "foreign_table_schema": key.referenced_schema,
                "foreign_table_name": key.referenced_table,
                "foreign_column_name": foreign,
                "update_rule": key.on_update,
                "delete_rule": key.on_delete
            }));
        }
    }
    for check in &table.checks {
        let definition = format!("CHECK ({})", check.expression);
        constraints.push(json!({"constraint_name": check.name, "constraint_type": "CHECK", "definition": definition}));
    }
    constraints
}

fn index(index: &Index) -> Value {
    let mut entry = JsonObject::new();
    put(&mut entry, "index_name", Some(index.name.clone()));
    put(&mut entry, "is_primary", Some(index.primary));
    put(&mut entry, "is_unique", Some(index.unique));
    put(&mut entry, "columns", Some(index.columns.clone()));
    put(&mut entry, "included", (!index.included.is_empty()).then(|| index.included.clone()));
    put(&mut entry, "method", index.method.clone());
    put(&mut entry, "predicate", index.predicate.clone());
    put(&mut entry, "definition", index.definition.clone());
    Value::Object(entry)
}

fn relationships(document: &mut JsonObject, table: &TableDetail, most: usize) {
    let most = if most == 0 { usize::MAX } else { most };
    let outbound = table.foreign_keys.iter().map(|key| relationship("REFERENCES", key));
    let inbound = table.referenced_by.iter().take(most).map(|key| relationship("REFERENCED BY", key));
    put(document, "relationships", Some(outbound.chain(inbound).collect::<Vec<_>>()));
    let total = table.referenced_by.len();
    if total > most {
        let note = format!("the first {most} of {total}; for more raise maxInboundRelationships, or pass 0");
        let inbound = json!({"shown": most, "total": total, "truncated": true, "note": note});
        let summary = json!({"outbound": table.foreign_keys.len(), "inbound": inbound});
        put(document, "relationshipSummary", Some(summary));
    }
}

fn relationship(kind: &str, key: &ForeignKey) -> Value {
    let related: Vec<&str> = key.referenced_schema.as_deref().into_iter().chain([key.referenced_table.as_str()]).collect();
    json!({
        "constraint_name": key.name,
        "relationship_type": kind,
        "related_table": related.join("."),
        "local_columns": key.columns,
        "foreign_columns": key.referenced_columns
    })
}
