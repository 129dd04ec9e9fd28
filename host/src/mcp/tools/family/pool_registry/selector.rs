//! `database_selector` and `database_connect`: which database the session's further calls go to.

use std::time::Instant;

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::connect;
use super::shape::since;
use crate::contract::ErrorKind;
use crate::database::Database;
use crate::error::CallError;
use crate::mcp::answer;
use crate::mcp::tools::{Context, To, acting, located, put};
use crate::session::{NewSession, Selection};

const SELECTOR: &str = "database_selector";

pub(super) fn tool() -> Tool {
    acting(
        SELECTOR,
        "Select a database",
        "Lists the databases that are configured, switches the session to one of them, or shows which it uses. Where the protocol has \
         no sessions, switching opens one and gives its handle: pass it as `session`.",
        json!({
            "type": "object",
            "properties": {
                "action": {"type": "string", "enum": ["list", "switch", "current"], "default": "list"},
                "databaseId": {"type": "string", "description": "For action=switch"},
                "database": {"type": "string", "description": "For action=switch: another catalog on the same server"},
                "session": {"type": "string"}
            },
            "additionalProperties": false
        }),
        json!({
            "type": "object",
            "properties": {
                "success": {"type": "boolean"},
                "currentDatabase": {"type": ["string", "null"]},
                "databases": {"type": "array", "items": {"type": "object", "required": ["id", "isCurrent"]}},
                "session": {"type": "string"}
            },
            "required": ["success", "currentDatabase"]
        }),
        true,
    )
}

pub(super) fn connect_tool(dynamic: bool) -> Tool {
    let mut properties: JsonObject = [
        ("databaseId", json!({"type": "string"})),
        ("database", json!({"type": "string", "description": "Another catalog on the same server"})),
        ("session", json!({"type": "string"})),
    ]
    .into_iter()
    .map(|(name, schema)| (name.to_owned(), schema))
    .collect();
    let mut required = json!(["databaseId"]);
    if dynamic {
        properties.extend(connect::properties());
        required = json!([]);
    }
    acting(
        "database_connect",
        "Connect to a database",
        "Connects to a configured database, and switches the session to it. See database_selector for their ids.",
        json!({"type": "object", "properties": properties, "required": required}),
        json!({
            "type": "object",
            "properties": {
                "success": {"type": "boolean"},
                "currentDatabase": {"type": ["string", "null"]},
                "connectionTime": {"type": "number", "description": "Milliseconds"},
                "session": {"type": "string"}
            },
            "required": ["success", "currentDatabase", "connectionTime"]
        }),
        true,
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    #[serde(default)]
    action: Action,
    #[serde(rename = "databaseId")]
    database_id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Action {
    #[default]
    List,
    Switch,
    Current,
}

pub(super) fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, given): (To, Arguments) = located(given)?;
    let document = match given.action {
        Action::List => list(context, &to)?,
        Action::Switch => {
            let id = given.database_id.as_deref().or(to.selection().database_id).ok_or_else(|| unnamed(context))?;
            switch(context, &to, id)?
        }
        Action::Current => current(context, &to)?,
    };
    Ok(answer::document(Value::Object(document).to_string()))
}

pub(super) async fn call_connect(context: Context<'_>, mut given: JsonObject) -> Result<CallToolResult, CallError> {
    if connect::is_meant(&given) {
        let snapshot = context.sessions.registry().current();
        let Some(rules) = snapshot.dynamic() else {
            let what = "connections are made to configured databases only: none by a connection string or its parts";
            return Err(CallError::new(ErrorKind::Unsupported, what).hint(ids(context)));
        };
        return connect::call(context, rules.config(), given).await;
    }
    given.remove("action");
    let (to, given): (To, Arguments) = located(given)?;
    let id = given.database_id.as_deref().or(to.selection().database_id).ok_or_else(|| unnamed(context))?;
    let began = Instant::now();
    let selection = Selection { database_id: Some(id), database: to.selection().database };
    context.sessions.place(context.call, to.session(), selection).await?.database.ping().await?;
    let time = since(began);
    let mut document = switch(context, &to, id)?;
    put(&mut document, "connectionTime", Some(time));
    Ok(answer::document(Value::Object(document).to_string()))
}

fn list(context: Context<'_>, to: &To) -> Result<JsonObject, CallError> {
    let current = chosen(context, to)?;
    let snapshot = context.sessions.registry().current();
    let own = context.sessions.visible(context.call.caller, to.session())?;
    let entries: Vec<Value> = snapshot
        .databases()
        .chain(&own)
        .map(|database| {
            let mut entry = about(database);
            put(&mut entry, "isCurrent", Some(current.as_deref() == Some(database.id())));
            Value::Object(entry)
        })
        .collect();
    let mut document = JsonObject::new();
    put(&mut document, "success", Some(true));
    document.insert("currentDatabase".to_owned(), current.into());
    put(&mut document, "databases", Some(entries));
    Ok(document)
}

fn switch(context: Context<'_>, to: &To, id: &str) -> Result<JsonObject, CallError> {
    let database = to.selection().database;
    let info = if to.session().is_none() && context.call.caller.protocol_session.is_none() {
        let new =
            NewSession { database_id: Some(id.to_owned()), database: database.map(str::to_owned), read_only: false, life: None };
        context.sessions.open(context.call, new)?
    } else {
        context.sessions.select(context.call, to.session(), Selection { database_id: Some(id), database })?
    };
    let mut document = JsonObject::new();
    put(&mut document, "success", Some(true));
    put(&mut document, "currentDatabase", Some(id));
    put(&mut document, "catalog", info.database);
    put(&mut document, "session", info.handle);
    Ok(document)
}

fn current(context: Context<'_>, to: &To) -> Result<JsonObject, CallError> {
    let mut document = JsonObject::new();
    put(&mut document, "success", Some(true));
    let Some(id) = chosen(context, to)? else {
        document.insert("currentDatabase".to_owned(), Value::Null);
        return Ok(document);
    };
    let place = context.sessions.whereabouts(context.call, to.session(), Selection::default())?;
    put(&mut document, "currentDatabase", Some(id));
    document.extend(about(&place.database));
    let pool = place.database.pool();
    put(&mut document, "readOnly", Some(place.read_only || place.database.read_only()));
    put(&mut document, "pool", Some(json!({"max": pool.max, "open": pool.open, "idle": pool.idle, "waiting": pool.waiting})));
    put(&mut document, "session", to.session());
    Ok(document)
}

/// The database of a session's calls, if they have one.
fn chosen(context: Context<'_>, to: &To) -> Result<Option<String>, CallError> {
    match context.sessions.chosen(context.call.caller, to.session()) {
        Ok(id) => Ok(Some(id)),
        // Nothing is selected, and there is no default.
        Err(_) if to.session().is_none() => Ok(None),
        Err(why) => Err(why),
    }
}

fn about(database: &Database) -> JsonObject {
    let mut entry = JsonObject::new();
    put(&mut entry, "id", Some(database.id()));
    put(&mut entry, "name", Some(database.description().unwrap_or(database.id())));
    put(&mut entry, "catalog", database.catalog());
    put(&mut entry, "dialect", Some(database.dialect()));
    put(&mut entry, "readOnly", Some(database.read_only()));
    entry
}

fn unnamed(context: Context<'_>) -> CallError {
    CallError::new(ErrorKind::InvalidValue, "no databaseId was given").hint(ids(context))
}

fn ids(context: Context<'_>) -> String {
    let snapshot = context.sessions.registry().current();
    let ids: Vec<&str> = snapshot.databases().map(|database| database.id()).collect();
    format!("pass a databaseId; there are: {}", ids.join(", "))
}
