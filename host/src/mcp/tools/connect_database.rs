//! `connect_database` and `disconnect_database`: a database that isn't configured, for the caller's session.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer;
use super::list_databases::style;
use super::{Context, acting, arguments, put};
use crate::config::{DynamicConfig, Secret, TlsMode};
use crate::contract::ErrorKind;
use crate::dynamic::{Given, Parts};
use crate::error::CallError;
use crate::session::{NewConnection, NowConnected};

/// The longest description, in characters: it is shown in lists.
const MAX_DESCRIPTION: usize = 200;

pub(super) fn connect(rules: &DynamicConfig) -> Tool {
    let modes: Vec<String> = rules.tls_modes.iter().map(ToString::to_string).collect();
    acting(
        "connect_database",
        "Connect to a database",
        format!(
            "Connects to a database that isn't configured, by a connection string or its parts, and gives the database_id for further calls. \
             It is for this session alone: without one, a session is opened, whose handle has to be passed as `session`. It is closed by \
             disconnect_database, with the session, or when it isn't used for {}.",
            humantime::format_duration(rules.idle_timeout)
        ),
        json!({
            "type": "object",
            "properties": {
                "connection_string": {"type": "string", "description": "postgresql://user:password@host:5432/database?sslmode=verify-full, or as its driver writes it. Instead of the parts"},
                "driver": {"type": "string", "enum": rules.drivers},
                "host": {"type": "string"},
                "port": {"type": "integer", "minimum": 1, "maximum": u16::MAX},
                "database": {"type": "string", "description": "The catalog on the server"},
                "user": {"type": "string"},
                "password": {"type": "string"},
                "tls": {"type": "string", "enum": modes},
                "description": {"type": "string", "description": "What is in it, for list_databases"},
                "select": {"type": "boolean", "default": false, "description": "Use it for this session's calls without database_id"},
                "test": {"type": "boolean", "default": true, "description": "Ask it whether it answers first"},
                "session": {"type": "string", "description": "From open_session"}
            },
            "additionalProperties": false
        }),
        json!({
            "type": "object",
            "properties": {
                "database_id": {"type": "string"},
                "session": {"type": "string", "description": "To be passed with database_id"},
                "driver": {"type": "string"},
                "dialect": {"type": "string"},
                "parameter_style": {"type": "string"},
                "read_only": {"type": "boolean"},
                "idle_left_s": {"type": "integer", "description": "Seconds until it is closed unless it is used"},
                "left_s": {"type": "integer", "description": "Seconds until its session ends in any case"},
                "latency_ms": {"type": "number"}
            },
            "required": ["database_id", "driver", "dialect", "read_only", "idle_left_s"]
        }),
        false,
    )
}

pub(super) fn disconnect() -> Tool {
    acting(
        "disconnect_database",
        "Disconnect a database",
        "Closes a database that connect_database connected to: what is open on it is rolled back.",
        json!({
            "type": "object",
            "properties": {
                "database_id": {"type": "string", "description": "From connect_database"},
                "session": {"type": "string", "description": "The one that came with it"}
            },
            "required": ["database_id"],
            "additionalProperties": false
        }),
        json!({"type": "object", "properties": {"disconnected": {"type": "boolean"}}, "required": ["disconnected"]}),
        false,
    )
}

/// Without a `Debug`: there is a password in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Connect {
    connection_string: Option<String>,
    driver: Option<String>,
    host: Option<String>,
    port: Option<u16>,
    database: Option<String>,
    user: Option<String>,
    password: Option<String>,
    tls: Option<TlsMode>,
    description: Option<String>,
    #[serde(default)]
    select: bool,
    test: Option<bool>,
    session: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Disconnect {
    database_id: String,
    session: Option<String>,
}

pub(super) async fn call_connect(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let given: Connect = secret_arguments(given)?;
    let session = given.session.clone();
    let new = NewConnection {
        description: given.description.as_deref().map(described).transpose()?,
        select: given.select,
        untested: given.test == Some(false),
    };
    let connected = context.sessions.connect(context.call, session.as_deref(), named(given)?, new).await?;
    Ok(answer::document(Value::Object(document(&connected)).to_string()))
}

pub(super) async fn call_disconnect(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let given: Disconnect = arguments(given)?;
    context.sessions.disconnect(context.call.caller, given.session.as_deref(), &given.database_id).await?;
    Ok(answer::document(json!({"disconnected": true}).to_string()))
}

/// Arguments of which none is repeated: what doesn't fit may be the password.
fn secret_arguments(given: JsonObject) -> Result<Connect, CallError> {
    let names = ["connection_string", "driver", "host", "database", "user", "password", "description", "session"];
    let text = |name: &str| given.get(name).is_none_or(|value| value.is_string() || value.is_null());
    let wrong = |what: String| CallError::new(ErrorKind::InvalidValue, what);
    if let Some(name) = names.into_iter().find(|name| !text(name)) {
        return Err(wrong(format!("the arguments don't fit the tool's input schema: {name} is a text")));
    }
    Connect::deserialize(Value::Object(given)).map_err(|_| {
        wrong("the arguments don't fit the tool's input schema: one isn't known, or isn't of its type".to_owned())
            .hint("connection_string; or driver, host, port, database, user, password, tls; description, select, test, session")
    })
}

/// The database that the arguments name.
fn named(given: Connect) -> Result<Given, CallError> {
    let parts = given.driver.is_some()
        || given.host.is_some()
        || given.port.is_some()
        || given.database.is_some()
        || given.user.is_some()
        || given.password.is_some()
        || given.tls.is_some();
    let wrong = |what: &str| CallError::new(ErrorKind::InvalidValue, what);
    match given.connection_string {
        Some(_) if parts => Err(wrong("a connection_string goes without driver, host, port, database, user, password and tls")),
        Some(text) => Ok(Given::Text(Secret::new(text))),
        None => {
            let (Some(driver), Some(host)) = (given.driver, given.host) else {
                return Err(wrong("a connection_string is missing, or else driver and host"));
            };
            Ok(Given::Parts(Box::new(Parts {
                driver,
                host,
                port: given.port,
                database: given.database,
                user: given.user,
                password: given.password.map(Secret::new),
                tls: given.tls,
            })))
        }
    }
}

fn described(text: &str) -> Result<String, CallError> {
    if text.chars().count() > MAX_DESCRIPTION || text.chars().any(char::is_control) {
        let what = format!("the description has more than {MAX_DESCRIPTION} characters, or control characters");
        return Err(CallError::new(ErrorKind::InvalidValue, what));
    }
    Ok(text.to_owned())
}

fn document(connected: &NowConnected) -> JsonObject {
    let (database, session) = (&connected.database, &connected.session);
    let mut document = JsonObject::new();
    put(&mut document, "database_id", Some(database.id()));
    put(&mut document, "session", session.handle.clone());
    put(&mut document, "driver", Some(database.driver()));
    put(&mut document, "dialect", Some(database.dialect()));
    put(&mut document, "parameter_style", Some(style(database.parameter_style())));
    put(&mut document, "read_only", Some(database.read_only() || session.read_only));
    put(&mut document, "idle_left_s", Some(connected.idle_timeout.min(session.idle_left).as_secs()));
    put(&mut document, "left_s", Some(session.life_left.as_secs()));
    put(&mut document, "latency_ms", connected.answered.map(|time| (time.as_secs_f64() * 1_000_000.0).round() / 1_000.0));
    document
}
