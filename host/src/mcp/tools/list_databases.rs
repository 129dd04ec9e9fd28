//! `list_databases`: what is configured.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, arguments, object, put, reading};
use crate::config::ATTACHED;
use crate::contract::ParameterStyle;
use crate::database::Database;
use crate::error::CallError;
use crate::registry::{Snapshot, Unavailable};
use crate::render;

pub(super) fn tool() -> Tool {
    reading(
        "list_databases",
        "List databases",
        "Lists the databases that can be queried: the id to pass as database_id, what it holds, its SQL dialect, how parameters \
         are written in a statement, whether it is read-only, the limits of one call, and its state. Connects to none of them.",
        json!({"type": "object", "properties": {}, "additionalProperties": false}),
        json!({
            "type": "object",
            "properties": {
                "databases": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "database_id": {"type": "string"},
                            "description": {"type": "string"},
                            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                            "catalogs": {"type": "array", "items": {"type": "string"}, "description": "What else `database` may be; *: any"},
                            "driver": {"type": "string"},
                            "dialect": {"type": "string", "description": "The SQL dialect: postgresql, sqlite, mssql, ..."},
                            "parameter_style": {"type": "string", "description": "How a parameter is written: $1, ?, @name or :name"},
                            "read_only": {"type": "boolean"},
                            "default": {"type": "boolean", "description": "Used by calls without database_id"},
                            "connected": {"type": "boolean", "description": "By connect_database, in this session"},
                            "max_rows": {"type": "integer"},
                            "max_timeout_ms": {"type": "integer"},
                            "state": {"type": "string", "enum": ["idle", "healthy", "degraded", "down"], "description": "As far as is known without connecting; idle: nothing is open and nothing wrong"},
                            "since": {"type": "string"},
                            "next_try_ms": {"type": "integer", "description": "Until then calls fail at once"},
                            "last_error": {"type": "object"},
                            "error": {"type": "string", "description": "Why it can't be used as it is configured"}
                        },
                        "required": ["database_id", "driver", "read_only", "default", "state"]
                    }
                }
            },
            "required": ["databases"]
        }),
    )
}

/// The tool where sessions may have databases of their own.
pub(super) fn in_session(tool: &mut Tool) {
    tool.input_schema = object(json!({
        "type": "object",
        "properties": {"session": {"type": "string", "description": "From open_session: shows the databases connected in it, too"}},
        "additionalProperties": false
    }));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    session: Option<String>,
}

pub(super) fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let Arguments { session } = arguments(given)?;
    let snapshot = context.sessions.registry().current();
    let own = context.sessions.visible(context.call.caller, session.as_deref())?;
    let own = own.iter().map(|database| {
        let mut entry = entry(&snapshot, database);
        entry.insert("connected".to_owned(), true.into());
        Value::Object(entry)
    });
    if context.call.caller.attached.is_some() {
        // The request names its database; no other can be used with it.
        return Ok(answer::document(json!({"databases": own.collect::<Vec<_>>()}).to_string()));
    }
    let mut databases: Vec<(&str, Value)> =
        snapshot.databases().map(|database| (database.id(), Value::Object(entry(&snapshot, database)))).collect();
    databases.extend(snapshot.unavailable().map(|(id, known)| (id, unavailable(&snapshot, id, known))));
    databases.sort_by_key(|(id, _)| *id);
    let databases: Vec<Value> = databases.into_iter().map(|(_, entry)| entry).chain(own).collect();
    Ok(answer::document(json!({"databases": databases}).to_string()))
}

fn entry(snapshot: &Snapshot, database: &Database) -> JsonObject {
    let mut entry = JsonObject::new();
    put(&mut entry, "database_id", Some(database.id()));
    put(&mut entry, "description", database.description());
    put(&mut entry, "labels", Some(&database.config().labels).filter(|labels| !labels.is_empty()).map(|labels| json!(labels)));
    put(&mut entry, "catalogs", (!database.allowed_catalogs().is_empty()).then(|| database.allowed_catalogs().to_vec()));
    put(&mut entry, "driver", Some(database.driver()));
    put(&mut entry, "dialect", Some(database.dialect()));
    put(&mut entry, "parameter_style", Some(style(database.parameter_style())));
    put(&mut entry, "read_only", Some(database.read_only()));
    put(&mut entry, "default", Some([snapshot.default_database(), Some(ATTACHED)].contains(&Some(database.id()))));
    let (rows, _) = database.most();
    put(&mut entry, "max_rows", Some(rows));
    put(&mut entry, "max_timeout_ms", u64::try_from(database.statement_timeout().as_millis()).ok());
    entry.extend(render::health(&database.health(), false));
    entry
}

/// What is known of one that can't be opened.
fn unavailable(snapshot: &Snapshot, id: &str, known: &Unavailable) -> Value {
    let mut entry = JsonObject::new();
    put(&mut entry, "database_id", Some(id));
    put(&mut entry, "description", known.description());
    put(&mut entry, "labels", Some(known.labels()).filter(|labels| !labels.is_empty()).map(|labels| json!(labels)));
    put(&mut entry, "driver", Some(known.driver()));
    put(&mut entry, "read_only", Some(known.read_only()));
    put(&mut entry, "default", Some(snapshot.default_database() == Some(id)));
    put(&mut entry, "state", Some("down"));
    put(&mut entry, "error", Some(known.reason.as_str()));
    Value::Object(entry)
}

pub(super) fn style(style: ParameterStyle) -> &'static str {
    match style {
        ParameterStyle::Dollar => "$1",
        ParameterStyle::Question => "?",
        ParameterStyle::AtName => "@name",
        ParameterStyle::ColonName => ":name",
    }
}
