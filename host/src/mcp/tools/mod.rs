//! The tools, one file each: what a model is told of it, what it may pass, and what it gets.

mod describe_table;
mod list_databases;
mod list_tables;
mod query;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::failure;
use crate::contract::ErrorKind;
use crate::error::CallError;
use crate::registry::Registry;

/// The tools as clients see them.
pub(super) fn list(registry: &Registry) -> Vec<Tool> {
    let writable = registry.databases().any(|database| !database.read_only());
    vec![list_databases::tool(), list_tables::tool(), describe_table::tool(), query::tool(writable)]
}

/// Runs a tool of [`list`]. Failures are results too.
pub(super) async fn call(registry: &Registry, name: &str, arguments: JsonObject) -> CallToolResult {
    let outcome = match name {
        "list_databases" => list_databases::call(registry, arguments),
        "list_tables" => list_tables::call(registry, arguments).await,
        "describe_table" => describe_table::call(registry, arguments).await,
        // Knows its statement, and shows where in it a failure lies.
        "query" => return query::call(registry, arguments).await,
        other => Err(CallError::new(ErrorKind::Undefined, format!("there is no tool {other:?}"))),
    };
    outcome.unwrap_or_else(|error| failure::result(&error, None))
}

/// A tool that only looks.
fn reading(name: &'static str, title: &str, description: &'static str, input: Value, output: Value) -> Tool {
    let annotations = ToolAnnotations::with_title(title).read_only(true).idempotent(true).open_world(false);
    Tool::new(name, description, object(input))
        .with_title(title)
        .with_raw_output_schema(object(answer_or_error(output)))
        .annotate(annotations)
}

/// A call's arguments, as the tool's own type.
fn arguments<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, CallError> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|why| CallError::new(ErrorKind::InvalidValue, format!("the arguments don't fit the tool's input schema: {why}")))
}

/// The schema of an answer, with what a failed call gives instead: some clients check that too.
fn answer_or_error(mut output: Value) -> Value {
    let required = output.as_object_mut().and_then(|schema| schema.remove("required")).unwrap_or_else(|| json!([]));
    if let Some(properties) = output.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("error".to_owned(), error_schema());
    }
    if let Some(schema) = output.as_object_mut() {
        schema.insert("anyOf".to_owned(), json!([{"required": required}, {"required": ["error"]}]));
    }
    output
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "description": "Only where the call failed",
        "properties": {
            "kind": {"type": "string"},
            "message": {"type": "string"},
            "sqlstate": {"type": "string"},
            "position": {"type": "integer", "description": "In the statement, 1-based, in characters"},
            "hint": {"type": "string"},
            "retryable": {"type": "boolean"},
            "next_step": {"type": "string"}
        },
        "required": ["kind", "message", "retryable", "next_step"]
    })
}

fn object(schema: Value) -> Arc<JsonObject> {
    match schema {
        Value::Object(object) => Arc::new(object),
        _ => Arc::default(),
    }
}

/// Puts a value under a name if there is one: absent things are left out of answers, they cost tokens.
fn put(object: &mut JsonObject, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.into());
    }
}
