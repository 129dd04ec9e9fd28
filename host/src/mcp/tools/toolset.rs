//! Which tools a client sees: the dozen that an agent needs most, and what the configuration adds.

use rmcp::model::Tool;

use super::{
    describe_table, execute_script, explain, family, fetch_rows, foreign_keys, health, list_catalogs, list_databases,
    list_routines, list_schemas, list_tables, query, recommend_indexes, saved, search_objects, server_info, sessions,
    table_stats, transactions, user_info,
};
use crate::config::{Family, SessionsConfig, Toolset};
use crate::registry::Registry;
use crate::session::Sessions;

/// The tools as clients see them, always in the same order.
pub(in crate::mcp) fn list(sessions: &Sessions, sets: &[Toolset], family: Option<Family>) -> Vec<Tool> {
    let writable = sessions.registry().databases().any(|database| !database.read_only());
    let mut tools = tools(writable, sets, family, sessions.config());
    tools.extend(sessions.registry().statements().iter().map(|(name, statement)| saved::tool(name, statement)));
    tools
}

/// Whether every saved statement has a name of its own.
///
/// # Errors
/// One has the name of another tool.
pub(in crate::mcp) fn check(registry: &Registry, family: Option<Family>) -> anyhow::Result<()> {
    let times = SessionsConfig::default();
    let mut taken = every(true, &times);
    taken.extend(family.into_iter().flat_map(|family| family::tools(family, true, &times)));
    for name in registry.statements().keys() {
        anyhow::ensure!(
            !taken.iter().any(|tool| tool.name == *name),
            "statements.{name}: there is a tool of that name already; call it something else"
        );
    }
    Ok(())
}

/// The same, of databases of which some or none can be written.
pub(super) fn tools(writable: bool, sets: &[Toolset], family: Option<Family>, times: &SessionsConfig) -> Vec<Tool> {
    let mut tools = family.map_or_else(|| usual(writable, times), |family| family::tools(family, writable, times));
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
    let mut tools = tools(writable, &sets, None, times);
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
            health::test(),
        ],
        Toolset::Scripts if writable => vec![execute_script::tool()],
        Toolset::Scripts => Vec::new(),
    }
}
