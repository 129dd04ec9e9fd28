//! The list of tools.

use rmcp::ErrorData;
use rmcp::model::Tool;
use serde_json::{Value, json};

use crate::made::made;
use crate::{asks, contents, rounds, tells};

/// A tool one of whose arguments also travels as a header, for what is between client and server.
pub(crate) const WITH_HEADER: &str = "test_custom_header";
/// A tool whose schema has all that JSON Schema has.
pub(crate) const WITH_SCHEMA: &str = "json_schema_2020_12_tool";

/// All tools, in the order of their names.
pub(crate) fn list() -> Result<Vec<Tool>, ErrorData> {
    let mut tools = vec![
        tool(
            WITH_HEADER,
            json!({
                "type": "object",
                "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
                "required": ["region"],
            }),
        ),
        tool(WITH_SCHEMA, broad_schema()),
        tool("test_sampling", one_string("prompt")),
        tool("test_elicitation", one_string("message")),
    ];
    let plain = contents::NAMES.iter().chain(&tells::NAMES).chain(&asks::NAMES).chain(&rounds::NAMES);
    tools.extend(plain.map(|name| tool(name, json!({"type": "object", "properties": {}}))));
    tools.sort_by_key(|tool| tool["name"].as_str().unwrap_or_default().to_owned());
    made(Value::Array(tools))
}

fn tool(name: &str, schema: Value) -> Value {
    json!({"name": name, "description": format!("The conformance suite's {name}."), "inputSchema": schema})
}

fn one_string(name: &str) -> Value {
    json!({"type": "object", "properties": {name: {"type": "string"}}, "required": [name]})
}

fn broad_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            },
        },
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false,
    })
}
