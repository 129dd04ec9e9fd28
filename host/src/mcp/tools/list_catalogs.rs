//! `list_catalogs`: the catalogs ("databases") on a database's server.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, To, located, other_description, put, reading, with_place};
use crate::contract::{CatalogInfo, Description, Target};
use crate::error::CallError;

pub(super) fn tool() -> Tool {
    reading(
        "list_catalogs",
        "List catalogs",
        "Lists the catalogs on a database's server that its user can see, and whether a call may name each as `database`.",
        with_place(json!({"type": "object", "properties": {}, "additionalProperties": false})),
        json!({
            "type": "object",
            "properties": {
                "database_id": {"type": "string"},
                "catalogs": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "name": {"type": "string"},
                            "owner": {"type": "string"},
                            "encoding": {"type": "string"},
                            "size_bytes": {"type": "integer"},
                            "comment": {"type": "string"},
                            "current": {"type": "boolean"},
                            "allowed": {"type": "boolean"}
                        },
                        "required": ["name", "current", "allowed"]
                    }
                }
            },
            "required": ["database_id", "catalogs"]
        }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, Arguments {}): (To, Arguments) = located(given)?;
    let database = context.place(&to).await?.database;
    let Description::Catalogs(catalogs) = database.describe(Target::Catalogs).await? else {
        return Err(other_description(&database));
    };
    let catalogs: Vec<Value> = catalogs
        .into_iter()
        .map(|catalog| {
            let allowed = catalog.current || database.allows_catalog(&catalog.name);
            entry(catalog, allowed)
        })
        .collect();
    Ok(answer::document(json!({"database_id": database.id(), "catalogs": catalogs}).to_string()))
}

fn entry(catalog: CatalogInfo, allowed: bool) -> Value {
    let mut entry = JsonObject::new();
    put(&mut entry, "name", Some(catalog.name));
    put(&mut entry, "owner", catalog.owner);
    put(&mut entry, "encoding", catalog.encoding);
    put(&mut entry, "size_bytes", catalog.size);
    put(&mut entry, "comment", catalog.comment);
    put(&mut entry, "current", Some(catalog.current));
    put(&mut entry, "allowed", Some(allowed));
    Value::Object(entry)
}
