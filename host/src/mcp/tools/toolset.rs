//! Which tools a client sees: the dozen that an agent needs most, and what the configuration adds.

use rmcp::model::{JsonObject, Tool};
use serde_json::{Value, json};

use super::{
    connect_database, describe_table, execute_script, explain, explain_policy, family, fetch_rows, foreign_keys, health,
    list_catalogs, list_databases, list_routines, list_schemas, list_tables, object, query, recommend_indexes, saved,
    search_objects, server_info, sessions, table_stats, transactions, user_info,
};
use crate::config::{Family, SessionsConfig, ToolsConfig, Toolset};
use crate::registry::Snapshot;

/// The tools that are there where callers may name databases themselves.
const DYNAMIC: [&str; 2] = ["connect_database", "disconnect_database"];

/// The tools as clients see them, always in the same order.
pub(in crate::mcp) fn list(snapshot: &Snapshot, times: &SessionsConfig) -> Vec<Tool> {
    let config = snapshot.server();
    let dynamic = snapshot.dynamic().is_some_and(|rules| !rules.config().read_only);
    let writable = dynamic || snapshot.entries().any(|(_, entry)| !entry.read_only());
    let mut tools = tools(writable, &config.toolsets, config.family, Some(snapshot), times);
    if let Some(rules) = snapshot.dynamic() {
        tools
            .iter_mut()
            .filter(|tool| config.family.is_none() && tool.name == "list_databases")
            .for_each(list_databases::in_session);
        // That family has its own way to connect.
        let connect = (config.family != Some(Family::PoolRegistry)).then(|| connect_database::connect(rules.config()));
        tools.extend(connect.into_iter().chain([connect_database::disconnect()]));
    }
    tools.extend(snapshot.statements().iter().map(|(name, statement)| saved::tool(name, statement)));
    tools.retain(|tool| config.tools.get(tool.name.as_ref()) != Some(&false));
    let names = family::Names::new(config.family, snapshot);
    tools.retain(|tool| is_of_some_use(snapshot, &tool.name, names.ours(&tool.name)));
    tools.into_iter().map(brief).collect()
}

/// Whether some database allows it.
fn is_of_some_use(snapshot: &Snapshot, shown: &str, ours: &str) -> bool {
    let mut entries = snapshot.entries().peekable();
    // Those that callers name allow every tool, unless their policy says otherwise.
    snapshot.dynamic().is_some()
        || entries.peek().is_none()
        || entries.any(|(_, entry)| entry.tools().is_none_or(|tools| tools.allow(shown, ours)))
}

/// The tool with its output schema's first level alone. Clients load the list for every conversation; what is deeper they see in
/// the answers.
pub(super) fn brief(mut tool: Tool) -> Tool {
    let of = |schema: &Value| schema.get("type").map_or_else(|| json!({}), |kind| json!({"type": kind}));
    let properties = tool.output_schema.as_ref().and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    if let Some(properties) = properties {
        let properties: JsonObject = properties.iter().map(|(name, schema)| (name.clone(), of(schema))).collect();
        tool.output_schema = Some(object(json!({"type": "object", "properties": properties})));
    }
    tool
}

/// Whether every tool has a name of its own, and those turned on or off are there.
///
/// # Errors
/// A saved statement has the name of another tool; or there is no tool of a name. All of it at once.
pub fn check(snapshot: &Snapshot) -> anyhow::Result<()> {
    let faults = faults(snapshot);
    anyhow::ensure!(faults.is_empty(), "{}", faults.join("; "));
    Ok(())
}

/// What is wrong with the tools' names, each after its key.
pub fn faults(snapshot: &Snapshot) -> Vec<String> {
    let config = snapshot.server();
    let mut faults: Vec<String> = family::check(config.family, snapshot).err().map(|why| why.to_string()).into_iter().collect();
    let times = SessionsConfig::default();
    let mut taken = every(true, &times);
    taken.extend(config.family.into_iter().flat_map(|family| family::tools(family, Some(snapshot), true, &times)));
    let is_taken = |name: &String| DYNAMIC.contains(&name.as_str()) || taken.iter().any(|tool| tool.name == *name);
    for name in snapshot.statements().keys() {
        if is_taken(name) {
            faults.push(format!("statements.{name}: there is a tool of that name already; call it something else"));
        }
    }
    for name in config.tools.keys() {
        if !is_taken(name) && !snapshot.statements().contains_key(name) {
            faults.push(format!("server.tools.{name}: there is no tool of that name"));
        }
    }
    for (id, entry) in snapshot.entries() {
        for name in entry.tools().map(ToolsConfig::names).unwrap_or_default() {
            let known = taken.iter().any(|tool| tool.name == name) || snapshot.statements().contains_key(name);
            if !known {
                faults.push(format!("databases.{id}.policy.tools: there is no tool {name:?}"));
            }
        }
    }
    faults
}

/// The same, of databases of which some or none can be written.
pub(super) fn tools(
    writable: bool,
    sets: &[Toolset],
    family: Option<Family>,
    snapshot: Option<&Snapshot>,
    times: &SessionsConfig,
) -> Vec<Tool> {
    let mut tools = family.map_or_else(|| usual(writable, times), |family| family::tools(family, snapshot, writable, times));
    for set in [Toolset::Sessions, Toolset::Transactions, Toolset::Administration, Toolset::Scripts] {
        if sets.contains(&set) {
            let taken: Vec<_> = tools.iter().map(|tool| tool.name.clone()).collect();
            tools.extend(of_set(set, writable, times).into_iter().filter(|tool| !taken.contains(&tool.name)));
        }
    }
    tools
}

/// All there are.
pub(super) fn every(writable: bool, times: &SessionsConfig) -> Vec<Tool> {
    let sets = [Toolset::Sessions, Toolset::Transactions, Toolset::Administration, Toolset::Scripts];
    let mut tools = tools(writable, &sets, None, None, times);
    tools.extend([foreign_keys::tool(), recommend_indexes::tool()]);
    tools
}

fn usual(writable: bool, times: &SessionsConfig) -> Vec<Tool> {
    vec![
        list_databases::tool(),
        list_schemas::tool(),
        list_tables::tool(),
        describe_table::tool(),
        search_objects::tool(),
        query::tool(writable),
        fetch_rows::tool(times),
        explain::tool(),
        health::check(),
        sessions::open(times),
        sessions::select(),
        sessions::close(),
    ]
}

fn of_set(set: Toolset, writable: bool, times: &SessionsConfig) -> Vec<Tool> {
    match set {
        Toolset::Sessions => vec![sessions::info(), sessions::list()],
        Toolset::Transactions => vec![transactions::begin(times), transactions::commit(), transactions::rollback()],
        Toolset::Administration => vec![
            list_catalogs::tool(),
            list_routines::tool(),
            table_stats::tool(),
            server_info::tool(),
            user_info::tool(),
            explain_policy::tool(),
            health::test(),
        ],
        Toolset::Scripts if writable => vec![execute_script::tool()],
        Toolset::Scripts => Vec::new(),
    }
}
