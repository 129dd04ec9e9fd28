//! The tools, one file each: what a model is told of it, what it may pass, and what it gets.

mod connect_database;
mod describe_table;
mod execute_script;
mod explain;
mod explain_policy;
mod family;
mod fetch_rows;
mod foreign_keys;
mod health;
mod list_catalogs;
mod list_databases;
mod list_routines;
mod list_schemas;
mod list_tables;
mod place;
mod query;
mod recommend_indexes;
mod saved;
mod search_objects;
mod server_info;
mod sessions;
mod table;
mod table_stats;
#[cfg(test)]
mod tests;
mod toolset;
mod transactions;
mod user_info;

use std::borrow::Cow;
use std::sync::Arc;

use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(super) use describe_table::document as describe_document;
pub(super) use family::Names;
pub(super) use list_tables::document as list_document;
pub(super) use place::InUse;
pub(super) use toolset::list;
pub use toolset::{check, faults};

use super::confirm::Asking;
use super::failure;
use super::kept::Kept;
use crate::contract::ErrorKind;
use crate::database::{Consent, Database};
use crate::error::CallError;
use crate::policy::Subject;
use crate::session::{Sessions, ToolCall};
use place::{Target, To, located, with_place, with_target};

/// What a tool's call has at hand.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) sessions: &'a Sessions,
    /// Who calls, and which tool.
    pub(super) call: ToolCall<'a>,
    /// Results that are read later.
    pub(super) kept: &'a Kept,
    /// How the person is asked.
    pub(super) asking: &'a Asking,
    /// What it has connections to.
    pub(super) in_use: &'a InUse,
    /// The names that the client knows the tools by.
    pub(super) names: &'a Names,
}

/// Runs a tool. Failures are results too.
pub(super) async fn call(context: Context<'_>, name: &str, arguments: JsonObject) -> CallToolResult {
    if context.names.is_pool_registry() && family::pool_registry::has(name) {
        return family::pool_registry::call(context, name, arguments).await;
    }
    let (name, arguments) = context.names.translated(name, arguments);
    let outcome = match name {
        // These know their statement, and show where in it a failure lies.
        "query" => return query::call(context, arguments).await,
        "explain" => return explain::call(context, arguments).await,
        "list_databases" => list_databases::call(context, arguments),
        "list_catalogs" => list_catalogs::call(context, arguments).await,
        "recommend_indexes" => recommend_indexes::call(context, arguments).await,
        "foreign_keys" => foreign_keys::call(context, arguments).await,
        "list_schemas" => list_schemas::call(context, arguments).await,
        "list_tables" => list_tables::call(context, arguments).await,
        "describe_table" => describe_table::call(context, arguments).await,
        "list_routines" => list_routines::call(context, arguments).await,
        "search_objects" => search_objects::call(context, arguments).await,
        "table_stats" => table_stats::call(context, arguments).await,
        "user_info" => user_info::call(context, arguments).await,
        "explain_policy" => explain_policy::call(context, arguments),
        "execute_script" => execute_script::call(context, arguments).await,
        "fetch_rows" => fetch_rows::call(context, arguments).await,
        "open_session" => sessions::call_open(context, arguments),
        "use_database" => sessions::call_select(context, arguments),
        "session_info" => sessions::call_info(context, arguments),
        "list_sessions" => sessions::call_list(context, arguments),
        "close_session" => sessions::call_close(context, arguments).await,
        "begin_transaction" => transactions::call_begin(context, arguments).await,
        "commit" => transactions::call_commit(context, arguments).await,
        "rollback" => transactions::call_rollback(context, arguments).await,
        "health_check" => health::call_check(context, arguments).await,
        "connect_database" => connect_database::call_connect(context, arguments).await,
        "disconnect_database" => connect_database::call_disconnect(context, arguments).await,
        "test_connection" => health::call_test(context, arguments).await,
        "server_info" => server_info::call(context, arguments).await,
        other => match context.names.statement(other) {
            Some(saved) => return saved::call(context, saved, arguments).await,
            None => Err(CallError::new(ErrorKind::Undefined, format!("there is no tool {other:?}"))),
        },
    };
    failure::outcome(outcome, None)
}

impl Context<'_> {
    /// Puts a statement to the person where its database asks for that.
    async fn confirm(&self, database: &Database, statement: &str) -> Result<Consent, CallError> {
        if !database.confirm_writes() {
            return Ok(Consent::NONE);
        }
        self.asking.confirm(self.call.caller, database, statement).await
    }

    /// The same, unless the statement only reads or is to be refused anyway.
    async fn confirm_unless_reading(&self, database: &Database, read_only: bool, sql: &str) -> Result<Consent, CallError> {
        if !database.confirm_writes() || read_only || database.read_only() || database.reads(sql) {
            return Ok(Consent::NONE);
        }
        database.decide(Subject::Statement(sql), false, Consent::given())?;
        self.confirm(database, sql).await
    }
}

fn other_description(database: &Database) -> CallError {
    CallError::new(ErrorKind::Protocol, "the driver described something else than was asked for").of(database.id())
}

/// A tool that changes something, but destroys nothing.
fn acting(
    name: &'static str,
    title: &str,
    description: impl Into<Cow<'static, str>>,
    input: Value,
    output: Value,
    idempotent: bool,
) -> Tool {
    let annotations =
        ToolAnnotations::with_title(title).read_only(false).destructive(false).idempotent(idempotent).open_world(false);
    Tool::new(name, description, object(input))
        .with_title(title)
        .with_raw_output_schema(object(answer_or_error(output)))
        .annotate(annotations)
}

/// A tool that only looks.
fn reading(name: &'static str, title: &str, description: impl Into<Cow<'static, str>>, input: Value, output: Value) -> Tool {
    let annotations = ToolAnnotations::with_title(title).read_only(true).idempotent(true).open_world(false);
    Tool::new(name, description, object(input))
        .with_title(title)
        .with_raw_output_schema(object(answer_or_error(output)))
        .annotate(annotations)
}

/// A call's arguments, as the tool's own type.
fn arguments<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, CallError> {
    let arguments = Value::Object(arguments);
    T::deserialize(&arguments).map_err(|why| {
        let why = misfit::<T>(&arguments, why.to_string());
        CallError::new(ErrorKind::InvalidValue, format!("the arguments don't fit the tool's input schema: {why}"))
    })
}

/// The most arguments among which the wrong one is looked for: no tool has more, and each look copies them all.
const MAX_ARGUMENTS: usize = 24;

/// What is wrong, with the name of the argument: the one without which something else would be, or nothing.
fn misfit<T: DeserializeOwned>(arguments: &Value, why: String) -> String {
    let is_culprit = |name: &&String| {
        let mut others = arguments.clone();
        others.as_object_mut().and_then(|others| others.remove(*name));
        T::deserialize(&others).err().is_none_or(|other| other.to_string() != why)
    };
    let all = arguments.as_object().filter(|all| all.len() <= MAX_ARGUMENTS);
    match all.and_then(|all| all.keys().find(is_culprit)) {
        Some(name) if !why.contains(&format!("`{name}`")) => format!("{name}: {why}"),
        _ => why,
    }
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

/// Short, since every tool repeats it: what else is in it explains itself.
fn error_schema() -> Value {
    json!({
        "type": "object",
        "description": "Only where the call failed",
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
