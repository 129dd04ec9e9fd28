//! Three tools for each database, under a prefix of its own: `sql1-delegate`, `sql1-schema`, `sql1-table-details`.

use std::collections::HashMap;

use rmcp::model::{JsonObject, Tool};
use serde_json::{Value, json};

use super::super::{answer_or_error, object};
use crate::config::DatabaseConfig;
use crate::registry::Snapshot;

/// What the document calls its modules, and what it calls their tools.
const MODULE: &str = "postgresql";
const SHORT: &str = "sql";
/// Its tools that are for all databases.
const HEALTH: &str = "health-check";
const USER: &str = "user-info";
/// MCP's limit for the names of tools.
const MAX_NAME: usize = 64;

/// How the names of a database's tools begin.
fn prefix(id: &str, entry: &DatabaseConfig) -> String {
    entry.tool_prefix.clone().unwrap_or_else(|| id.replacen(MODULE, SHORT, 1))
}

fn names(id: &str, entry: &DatabaseConfig) -> [String; 3] {
    let prefix = prefix(id, entry);
    ["delegate", "schema", "table-details"].map(|name| format!("{prefix}-{name}"))
}

/// Whether the names fit and are different.
pub(super) fn check(snapshot: &Snapshot) -> anyhow::Result<()> {
    let mut seen = std::collections::BTreeMap::new();
    for (id, entry) in snapshot.entries() {
        for name in names(id, entry) {
            let fits = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
            anyhow::ensure!(
                name.len() <= MAX_NAME && name.chars().all(fits),
                "databases.{id}: {name:?} can't be a tool's name; set tool_prefix to letters, digits, `_` and `-`"
            );
            if let Some(other) = seen.insert(name.clone(), id) {
                anyhow::bail!("databases.{id} and databases.{other}: both have a tool {name:?}; set another tool_prefix");
            }
        }
    }
    Ok(())
}

pub(super) fn tools(snapshot: &Snapshot, ours: &[Tool]) -> Vec<Tool> {
    let mut tools = Vec::new();
    for (id, entry) in snapshot.entries() {
        let about = entry.description.as_ref().map(|description| format!(" {description}")).unwrap_or_default();
        let [delegate, schema, details] = names(id, entry);
        tools.extend(renamed(
            ours,
            "query",
            delegate,
            format!("Runs a statement on the database {}, lists its tables or describes one.{about}", id),
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
            format!("Lists the tables of the database {}.{about}", id),
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
            format!("Describes a table of the database {}.{about}", id),
            json!({
                "type": "object",
                "properties": {"tableName": {"type": "string"}, "schemaName": {"type": "string"}},
                "required": ["tableName"],
                "additionalProperties": false
            }),
            false,
        ));
    }
    tools.extend(renamed(ours, "health_check", HEALTH.to_owned(), "Asks one or all databases for a round trip.".to_owned(), json!({
        "type": "object",
        "properties": {"service": {"type": "string", "description": "A database, by its id or its tools' prefix. Default: all"}},
        "additionalProperties": false
    }), false));
    tools.extend(renamed(ours, "user_info", USER.to_owned(), "Shows who a database's server takes the caller for.".to_owned(), json!({
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

/// What the names come to.
pub(super) struct Delegate {
    /// The tools of databases: which database's, and which of the three.
    tools: HashMap<String, (String, Kind)>,
    /// Databases by how the names of their tools begin.
    prefixes: HashMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Does as its `action` says.
    Delegate,
    Schema,
    Details,
}

impl Delegate {
    pub(super) fn new(snapshot: &Snapshot) -> Delegate {
        let mut made = Delegate { tools: HashMap::new(), prefixes: HashMap::new() };
        for (id, entry) in snapshot.entries() {
            made.prefixes.insert(prefix(id, entry), id.to_owned());
            for (name, kind) in names(id, entry).into_iter().zip([Kind::Delegate, Kind::Schema, Kind::Details]) {
                made.tools.insert(name, (id.to_owned(), kind));
            }
        }
        made
    }

    /// Ours for a name, as far as the name alone tells.
    pub(super) fn ours(&self, name: &str) -> Option<&'static str> {
        match (name, self.tools.get(name)) {
            (HEALTH, _) => Some("health_check"),
            (USER, _) => Some("user_info"),
            (_, Some((_, Kind::Delegate))) => Some("query"),
            (_, Some((_, Kind::Schema))) => Some("list_tables"),
            (_, Some((_, Kind::Details))) => Some("describe_table"),
            (_, None) => None,
        }
    }

    /// A call of theirs as one of ours. Any other is what it is.
    pub(super) fn translated<'a>(&self, name: &'a str, mut given: JsonObject) -> (&'a str, JsonObject) {
        let Some(ours) = self.ours(name) else { return (name, given) };
        let Some((database, kind)) = self.tools.get(name) else {
            given.remove("includeClaims");
            if let Some(id) = given.get("service").and_then(|service| self.prefixes.get(service.as_str()?)) {
                given.insert("service".to_owned(), id.clone().into());
            }
            rename(&mut given, "service", "database_id");
            return (ours, given);
        };
        given.insert("database_id".to_owned(), database.clone().into());
        let action = match kind {
            Kind::Delegate => given.remove("action").and_then(|action| action.as_str().map(str::to_owned)),
            Kind::Schema => Some("schema".to_owned()),
            Kind::Details => Some("table-details".to_owned()),
        };
        let ours = match action.as_deref() {
            Some("schema") => {
                rename(&mut given, "resource", "schema");
                rename(&mut given, "schemaName", "schema");
                "list_tables"
            }
            Some("table-details") => {
                rename(&mut given, "resource", "table");
                rename(&mut given, "tableName", "table");
                rename(&mut given, "schemaName", "schema");
                "describe_table"
            }
            Some("query") | None => "query",
            // Left where it is: the tool says that it has no such argument.
            Some(other) => {
                given.insert("action".to_owned(), other.into());
                "query"
            }
        };
        (ours, given)
    }
}

fn rename(given: &mut JsonObject, theirs: &str, ours: &str) {
    if let Some(value) = given.remove(theirs) {
        given.insert(ours.to_owned(), value);
    }
}
