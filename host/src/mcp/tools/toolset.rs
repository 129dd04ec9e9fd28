//! Which tools a client sees: the dozen that an agent needs most, and what the configuration adds.

use rmcp::model::Tool;

use super::{
    describe_table, execute_script, explain, fetch_rows, health, list_databases, list_routines, list_schemas, list_tables, query,
    search_objects, server_info, sessions, table_stats, transactions, user_info,
};
use crate::config::{SessionsConfig, Toolset};
use crate::session::Sessions;

/// The tools as clients see them, always in the same order.
pub(in crate::mcp) fn list(sessions: &Sessions, sets: &[Toolset]) -> Vec<Tool> {
    let writable = sessions.registry().databases().any(|database| !database.read_only());
    tools(writable, sets, sessions.config())
}

/// The same, of databases of which some or none can be written.
pub(super) fn tools(writable: bool, sets: &[Toolset], times: &SessionsConfig) -> Vec<Tool> {
    let mut tools = vec![
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
    ];
    if sets.contains(&Toolset::Sessions) {
        tools.extend([sessions::info(), sessions::list()]);
    }
    if sets.contains(&Toolset::Transactions) {
        tools.extend([transactions::begin(times), transactions::commit(), transactions::rollback()]);
    }
    if sets.contains(&Toolset::Administration) {
        tools.extend([list_routines::tool(), table_stats::tool(), server_info::tool(), user_info::tool(), health::test()]);
    }
    if sets.contains(&Toolset::Scripts) && writable {
        tools.push(execute_script::tool());
    }
    tools
}
