//! `server_info`: what a database's server says of itself.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, located, other_description, put, reading, with_place};
use crate::contract::{Description, ServerInfo, Target};
use crate::error::CallError;

pub(super) fn tool() -> Tool {
    reading(
        "server_info",
        "About the server",
        "Shows what a database's server says of itself: product, version, catalog, user, search path, encoding, time zone, TLS.",
        with_place(json!({"type": "object", "properties": {}, "additionalProperties": false})),
        json!({
            "type": "object",
            "properties": {"database_id": {"type": "string"}, "product": {"type": "string"}, "version": {"type": "string"}},
            "required": ["database_id", "product", "version"]
        }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, Arguments {}) = located(given)?;
    let database = context.place(&to).await?.database;
    let Description::Server(server) = database.describe(Target::Server).await? else { return Err(other_description(&database)) };
    Ok(answer::document(document(database.id(), server).to_string()))
}

fn document(database: &str, server: ServerInfo) -> Value {
    let mut document = JsonObject::new();
    put(&mut document, "database_id", Some(database));
    put(&mut document, "product", Some(server.product));
    put(&mut document, "version", Some(server.version));
    put(&mut document, "catalog", server.catalog);
    put(&mut document, "user", server.user);
    put(&mut document, "search_path", (!server.search_path.is_empty()).then_some(server.search_path));
    put(&mut document, "encoding", server.encoding);
    put(&mut document, "time_zone", server.time_zone);
    put(&mut document, "read_only", Some(server.read_only));
    put(&mut document, "tls", server.tls);
    let properties: JsonObject = server.properties.into_iter().map(|(name, value)| (name, value.into())).collect();
    put(&mut document, "properties", (!properties.is_empty()).then_some(Value::Object(properties)));
    Value::Object(document)
}
