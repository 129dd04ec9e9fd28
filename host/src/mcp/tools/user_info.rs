//! `user_info`: who a database's server takes the caller for.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, To, located, other_description, put, reading, with_place};
use crate::contract::{Description, Privilege, Target, UserInfo};
use crate::error::CallError;

pub(super) fn tool() -> Tool {
    reading(
        "user_info",
        "About the user",
        "Shows who the database's server takes this connection for: its user, the roles it is in, and what it may do.",
        with_place(json!({"type": "object", "properties": {}, "additionalProperties": false})),
        json!({
            "type": "object",
            "properties": {
                "database_id": {"type": "string"},
                "user": {"type": "string"},
                "login": {"type": "string", "description": "Who logged in, where that is another"},
                "roles": {"type": "array", "items": {"type": "string"}},
                "privileges": {
                    "type": "array",
                    "items": {"type": "object", "required": ["on", "rights"]}
                },
                "read_only": {"type": "boolean", "description": "Writes are refused here, whatever the server would allow"}
            },
            "required": ["database_id", "user", "roles", "privileges", "read_only"]
        }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, Arguments {}): (To, Arguments) = located(given)?;
    let place = context.place(&to).await?;
    let database = place.database;
    let Description::User(user) = database.describe(Target::User).await? else { return Err(other_description(&database)) };
    let read_only = place.read_only || database.read_only();
    Ok(answer::document(document(database.id(), user, read_only).to_string()))
}

fn document(database: &str, user: UserInfo, read_only: bool) -> Value {
    let mut document = JsonObject::new();
    put(&mut document, "database_id", Some(database));
    put(&mut document, "user", Some(user.name));
    put(&mut document, "login", user.login);
    put(&mut document, "roles", Some(user.roles));
    put(&mut document, "privileges", Some(user.privileges.into_iter().map(privilege).collect::<Vec<_>>()));
    put(&mut document, "read_only", Some(read_only));
    Value::Object(document)
}

fn privilege(privilege: Privilege) -> Value {
    json!({"on": privilege.on, "rights": privilege.rights})
}
