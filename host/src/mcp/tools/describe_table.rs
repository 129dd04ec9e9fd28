//! `describe_table`: all that is known of one table.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, list_tables, other_description, put, reading, table};
use crate::contract::{Check, Description, ForeignKey, Index, Key, TableColumn, TableDetail, Target, Trigger};
use crate::error::CallError;

pub(super) fn tool() -> Tool {
    let foreign_keys = json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "columns": {"type": "array", "items": {"type": "string"}},
                "schema": {"type": "string"},
                "table": {"type": "string"},
                "table_columns": {"type": "array", "items": {"type": "string"}},
                "on_update": {"type": "string"},
                "on_delete": {"type": "string"}
            },
            "required": ["columns", "table", "table_columns"]
        }
    });
    let described = |description: &str, schema: &Value| {
        let mut schema = schema.clone();
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("description".to_owned(), description.into());
        }
        schema
    };
    reading(
        "describe_table",
        "Describe a table",
        "Describes one table or view: columns with types, defaults and comments, primary and unique keys, foreign keys in both \
         directions, indexes, checks, triggers, a view's definition, and estimates of rows and size. Call it before writing a \
         statement about a table not seen yet.",
        table::input(),
        json!({
            "type": "object",
            "properties": {
                "database_id": {"type": "string"},
                "schema": {"type": "string"},
                "name": {"type": "string"},
                "kind": {"type": "string"},
                "rows_estimate": {"type": "integer"},
                "size_bytes": {"type": "integer"},
                "comment": {"type": "string"},
                "columns": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "name": {"type": "string"},
                            "type": {"type": "string"},
                            "nullable": {"type": "boolean"},
                            "default": {"type": "string"},
                            "generated": {"type": "string", "description": "The expression of a generated column"},
                            "identity": {"type": "boolean"},
                            "collation": {"type": "string"},
                            "comment": {"type": "string"}
                        },
                        "required": ["name", "type", "nullable"]
                    }
                },
                "primary_key": {"type": "array", "items": {"type": "string"}},
                "unique_keys": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}, "columns": {"type": "array", "items": {"type": "string"}}},
                        "required": ["columns"]
                    }
                },
                "foreign_keys": described("This table's columns, and the table and columns they refer to", &foreign_keys),
                "referenced_by": described("Other tables' foreign keys to this one: columns are this table's", &foreign_keys),
                "indexes": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "name": {"type": "string"},
                            "columns": {"type": "array", "items": {"type": "string"}},
                            "unique": {"type": "boolean"},
                            "method": {"type": "string"},
                            "included": {"type": "array", "items": {"type": "string"}},
                            "predicate": {"type": "string"}
                        },
                        "required": ["name", "columns"]
                    }
                },
                "checks": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}, "expression": {"type": "string"}},
                        "required": ["expression"]
                    }
                },
                "triggers": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}, "definition": {"type": "string"}},
                        "required": ["name", "definition"]
                    }
                },
                "definition": {"type": "string", "description": "A view's query, or the statement that made the table"}
            },
            "required": ["database_id", "name", "kind", "columns"]
        }),
    )
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (database, name) = table::named(context, given).await?;
    let Description::Table(table) = database.describe(Target::Table(name)).await? else {
        return Err(other_description(&database));
    };
    Ok(answer::document(document(database.id(), table).to_string()))
}

pub(in crate::mcp) fn document(database: &str, table: TableDetail) -> Value {
    let mut document = JsonObject::new();
    put(&mut document, "database_id", Some(database));
    document.extend(list_tables::entry(table.info));
    put(&mut document, "columns", Some(table.columns.into_iter().map(column).collect::<Vec<_>>()));
    let (primary, unique): (Vec<Key>, Vec<Key>) = table.keys.into_iter().partition(|key| key.primary);
    put(&mut document, "primary_key", primary.into_iter().next().map(|key| key.columns));
    put(&mut document, "unique_keys", some(unique.into_iter().map(key)));
    put(&mut document, "foreign_keys", some(table.foreign_keys.into_iter().map(foreign_key)));
    put(&mut document, "referenced_by", some(table.referenced_by.into_iter().map(foreign_key)));
    put(&mut document, "indexes", some(table.indexes.into_iter().filter(|index| !index.primary).map(index)));
    put(&mut document, "checks", some(table.checks.into_iter().map(check)));
    put(&mut document, "triggers", some(table.triggers.into_iter().map(trigger)));
    put(&mut document, "definition", table.definition);
    Value::Object(document)
}

/// An array, or nothing where it would be empty.
fn some(values: impl Iterator<Item = Value>) -> Option<Vec<Value>> {
    let values: Vec<Value> = values.collect();
    (!values.is_empty()).then_some(values)
}

fn column(column: TableColumn) -> Value {
    let mut entry = JsonObject::new();
    put(&mut entry, "name", Some(column.name));
    put(&mut entry, "type", Some(column.native_type));
    put(&mut entry, "nullable", Some(column.nullable));
    put(&mut entry, "default", column.default);
    put(&mut entry, "generated", column.generated);
    put(&mut entry, "identity", column.identity.then_some(true));
    put(&mut entry, "collation", column.collation);
    put(&mut entry, "comment", column.comment);
    Value::Object(entry)
}

fn key(key: Key) -> Value {
    let mut entry = JsonObject::new();
    put(&mut entry, "name", key.name);
    put(&mut entry, "columns", Some(key.columns));
    Value::Object(entry)
}

pub(super) fn foreign_key(key: ForeignKey) -> Value {
    let mut entry = JsonObject::new();
    put(&mut entry, "name", key.name);
    put(&mut entry, "columns", Some(key.columns));
    put(&mut entry, "schema", key.referenced_schema);
    put(&mut entry, "table", Some(key.referenced_table));
    put(&mut entry, "table_columns", Some(key.referenced_columns));
    put(&mut entry, "on_update", (key.on_update != "NO ACTION").then_some(key.on_update));
    put(&mut entry, "on_delete", (key.on_delete != "NO ACTION").then_some(key.on_delete));
    Value::Object(entry)
}

fn index(index: Index) -> Value {
    let mut entry = JsonObject::new();
    put(&mut entry, "name", Some(index.name));
    put(&mut entry, "columns", Some(index.columns));
    put(&mut entry, "unique", index.unique.then_some(true));
    put(&mut entry, "method", index.method);
    put(&mut entry, "included", (!index.included.is_empty()).then_some(index.included));
    put(&mut entry, "predicate", index.predicate);
    Value::Object(entry)
}

fn check(check: Check) -> Value {
    let mut entry = JsonObject::new();
    put(&mut entry, "name", check.name);
    put(&mut entry, "expression", Some(check.expression));
    Value::Object(entry)
}

fn trigger(trigger: Trigger) -> Value {
    let mut entry = JsonObject::new();
    put(&mut entry, "name", Some(trigger.name));
    put(&mut entry, "definition", Some(trigger.definition));
    Value::Object(entry)
}
