//! Three tools for each database, under a prefix of its own: `sql1-delegate`, `sql1-schema`, `sql1-table-details`.

use rmcp::model::{JsonObject, Tool};
use serde_json::{Value, json};

use super::super::{answer_or_error, object};
use crate::database::Database;
use crate::registry::Registry;

/// What the document calls its modules, and what it calls their tools.
const MODULE: &str = "postgresql";
const SHORT: &str = "sql";
/// MCP's limit for the names of tools.
const MAX_NAME: usize = 64;

/// How the names of a database's tools begin.
fn prefix(database: &Database) -> String {
    database.tool_prefix().map_or_else(|| database.id().replacen(MODULE, SHORT, 1), str::to_owned)
}

fn names(database: &Database) -> [String; 3] {
    let prefix = prefix(database);
    ["delegate", "schema", "table-details"].map(|name| format!("{prefix}-{name}"))
}

/// Whether the names fit and are different.
pub(super) fn check(registry: &Registry) -> anyhow::Result<()> {
    let mut seen = std::collections::BTreeMap::new();
    for database in registry.databases() {
        for name in names(database) {
            let fits = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
            anyhow::ensure!(
                name.len() <= MAX_NAME && name.chars().all(fits),
                "databases.{}: {name:?} can't be a tool's name; set tool_prefix to letters, digits, `_` and `-`",
                database.id()
            );
            if let Some(other) = seen.insert(name.clone(), database.id().to_owned()) {
                anyhow::bail!(
                    "databases.{} and databases.{other}: both have a tool {name:?}; set another tool_prefix",
                    database.id()
                );
            }
        }
    }
    Ok(())
}

pub(super) fn tools(registry: &Registry, ours: &[Tool]) -> Vec<Tool> {
    let mut tools = Vec::new();
    for database in registry.databases() {
        let about = database.description().map(|description| format!(" {description}")).unwrap_or_default();
        let [delegate, schema, details] = names(database);
        tools.extend(renamed(
            ours,
            "query",
            delegate,
            format!("Runs a statement on the database {}, lists its tables or describes one.{about}", database.id()),
            json!({
                "type": "object",
                "properties": {
                    "action": {"type": "string", "enum": ["query", "schema", "table-details"], "default": "query"},
                    "sql": {"type": "string", "description": "For action=query: one statement"},
                    "params": {"type": "array", "items": {}, "description": "Values of the statement's parameters, by position"},
                    "resource": {"type": "string", "description": "For action=schema a schema, for action=table-details a table"}
                },
                "additionalProperties": false
            }),
            true,
        ));
        tools.extend(renamed(
            ours,
            "list_tables",
            schema,
            format!("Lists the tables of the database {}.{about}", database.id()),
            json!({
                "type": "object",
                "properties": {"schemaName": {"type": "string", "description": "Only this schema"}},
                "additionalProperties": false
            }),
            false,
        ));
        tools.extend(renamed(
            ours,
            "describe_table",
            details,
            format!("Describes a table of the database {}.{about}", database.id()),
            json!({
                "type": "object",
                "properties": {"tableName": {"type": "string"}, "schemaName": {"type": "string"}},
                "required": ["tableName"],
                "additionalProperties": false
            }),
            false,
        ));
    }
    tools.extend(renamed(ours, "health_check", "health-check".to_owned(), "Asks one or all databases for a round trip.".to_owned(), json!({
        "type": "object",
        "properties": {"service": {"type": "string", "description": "A database, by its id or its tools' prefix. Default: all"}},
        "additionalProperties": false
    }), false));
    tools.extend(renamed(ours, "user_info", "user-info".to_owned(), "Shows who a database's server takes the caller for.".to_owned(), json!({
        "type": "object",
        "properties": {
            "service": {"type": "string", "description": "A database, by its id or its tools' prefix. Default: the default database"},
            "includeClaims": {"type": "boolean", "description": "Callers have no claims here: without effect"}
        },
        "additionalProperties": false
    }), false));
    tools
}

fn renamed(ours: &[Tool], of: &str, name: String, description: String, input: Value, any_answer: bool) -> Option<Tool> {
    let mut tool = ours.iter().find(|tool| tool.name == of)?.clone();
    tool.title = None;
    tool.name = name.into();
    tool.description = Some(description.into());
    tool.input_schema = object(input);
    if any_answer {
        // By its action it answers as one of three.
        let anything = json!({"type": "object", "properties": {"database_id": {"type": "string"}}, "required": ["database_id"]});
        tool.output_schema = Some(object(answer_or_error(anything)));
    }
    Some(tool)
}

/// A call of theirs as one of ours.
pub(super) fn translated(registry: &Registry, name: &str, mut given: JsonObject) -> Option<(&'static str, JsonObject)> {
    let move_to = |given: &mut JsonObject, theirs: &str, ours: &str| {
        if let Some(value) = given.remove(theirs) {
            given.insert(ours.to_owned(), value);
        }
    };
    if name == "health-check" || name == "user-info" {
        given.remove("includeClaims");
        if let Some(Value::String(service)) = given.get("service") {
            let found = registry.databases().find(|database| prefix(database) == *service);
            let id = found.map_or_else(|| service.clone(), |database| database.id().to_owned());
            given.insert("service".to_owned(), id.into());
        }
        move_to(&mut given, "service", "database_id");
        return Some((if name == "health-check" { "health_check" } else { "user_info" }, given));
    }
    let (database, kind) = registry.databases().find_map(|database| {
        let at = names(database).iter().position(|one| one == name)?;
        Some((database, at))
    })?;
    given.insert("database_id".to_owned(), database.id().into());
    let action = match kind {
        0 => given.remove("action").and_then(|action| action.as_str().map(str::to_owned)).unwrap_or_else(|| "query".to_owned()),
        1 => "schema".to_owned(),
        _ => "table-details".to_owned(),
    };
    let ours = match action.as_str() {
        "schema" => {
            move_to(&mut given, "resource", "schema");
            move_to(&mut given, "schemaName", "schema");
            "list_tables"
        }
        "table-details" => {
            move_to(&mut given, "resource", "table");
            move_to(&mut given, "tableName", "table");
            move_to(&mut given, "schemaName", "schema");
            "describe_table"
        }
        "query" => "query",
        // Left where it is: the tool says that it has no such argument.
        other => {
            given.insert("action".to_owned(), other.into());
            "query"
        }
    };
    Some((ours, given))
}
