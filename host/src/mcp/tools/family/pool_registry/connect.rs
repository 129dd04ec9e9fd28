//! `database_connect` with a connection string or its parts: a database that isn't configured, to which the session is switched.

use rmcp::model::{CallToolResult, JsonObject};
use serde_json::{Value, json};

use super::shape::milliseconds;
use crate::config::{DynamicConfig, Secret, TlsMode};
use crate::contract::ErrorKind;
use crate::dynamic::{Given, Parts};
use crate::error::CallError;
use crate::mcp::answer;
use crate::mcp::tools::{Context, put};
use crate::session::NewConnection;

/// A connection string, by the names it is known by.
const STRINGS: [&str; 3] = ["connectionString", "connection_string", "url"];
/// Its parts.
const PARTS: [&str; 6] = ["host", "port", "user", "username", "password", "ssl"];

/// Whether the arguments name a database that isn't configured.
pub(super) fn is_meant(given: &JsonObject) -> bool {
    STRINGS.iter().chain(&PARTS).any(|name| given.contains_key(*name))
}

/// What the tool takes besides, where such connections are allowed.
pub(super) fn properties() -> JsonObject {
    let text = |what: &str| json!({"type": "string", "description": what});
    [
        (
            "connectionString",
            text("In place of databaseId: postgresql://user:password@host:5432/database, or as its driver writes it"),
        ),
        ("driver", text("In place of databaseId, with host, port, database, user, password and ssl")),
        ("host", json!({"type": "string"})),
        ("port", json!({"type": "integer"})),
        ("user", json!({"type": "string"})),
        ("password", json!({"type": "string"})),
        ("ssl", json!({"type": "boolean"})),
    ]
    .into_iter()
    .map(|(name, schema)| (name.to_owned(), schema))
    .collect()
}

/// Connects, and switches the session.
pub(super) async fn call(context: Context<'_>, rules: &DynamicConfig, given: JsonObject) -> Result<CallToolResult, CallError> {
    let session = text(&given, &["session"])?;
    let meant = named(&given, rules)?;
    let new = NewConnection { select: true, ..NewConnection::default() };
    let connected = context.sessions.connect(context.call, session.as_deref(), meant, new).await?;
    let mut document = JsonObject::new();
    put(&mut document, "success", Some(true));
    put(&mut document, "currentDatabase", Some(connected.database.id()));
    put(&mut document, "connectionTime", connected.answered.map(milliseconds));
    put(&mut document, "session", connected.session.handle);
    Ok(answer::document(Value::Object(document).to_string()))
}

fn named(given: &JsonObject, rules: &DynamicConfig) -> Result<Given, CallError> {
    let known = ["action", "session", "driver", "type", "database", "name"];
    let is_known = |name: &&String| STRINGS.iter().chain(&PARTS).chain(&known).any(|known| known == name);
    if !given.keys().all(|name| is_known(&name)) {
        return Err(wrong("an argument isn't known, or doesn't go with a connection string or its parts"));
    }
    if let Some(string) = text(given, &STRINGS)? {
        if PARTS.iter().any(|name| given.contains_key(*name)) {
            return Err(wrong("a connection string goes without its parts"));
        }
        return Ok(Given::Text(Secret::new(string)));
    }
    let driver = match (text(given, &["driver", "type"])?, rules.drivers.as_slice()) {
        (Some(driver), _) => driver,
        (None, [only]) => only.clone(),
        (None, _) => return Err(wrong("the driver is missing")),
    };
    let port = match given.get("port") {
        None => None,
        Some(port) => Some(port.as_u64().and_then(|port| u16::try_from(port).ok()).ok_or_else(|| wrong("port is no port"))?),
    };
    let tls = match given.get("ssl") {
        Some(Value::Bool(false)) => Some(TlsMode::Off),
        None | Some(Value::Bool(true)) => None,
        Some(_) => return Err(wrong("ssl is true or false")),
    };
    Ok(Given::Parts(Box::new(Parts {
        driver,
        host: text(given, &["host"])?.ok_or_else(|| wrong("the host is missing"))?,
        port,
        database: text(given, &["database"])?,
        user: text(given, &["user", "username"])?,
        password: text(given, &["password"])?.map(Secret::new),
        tls,
    })))
}

/// The first of some arguments that is there. What isn't a text isn't repeated.
fn text(given: &JsonObject, names: &[&str]) -> Result<Option<String>, CallError> {
    match names.iter().find_map(|name| Some((name, given.get(*name)?))) {
        None => Ok(None),
        Some((_, Value::String(text))) => Ok(Some(text.clone())),
        Some((name, _)) => Err(wrong(&format!("{name} is a text"))),
    }
}

fn wrong(what: &str) -> CallError {
    CallError::new(ErrorKind::InvalidValue, what)
}
