//! The tools of an MCP server with a registry of connection pools: a session's database is selected, its further calls go there.
//!
//! Its clients read its answers, so these have its shape: names, `success`, rows as objects, times in milliseconds. What is asked of a
//! database is what our own tools ask, and what it allows is its own policy.

mod batch;
mod catalogs;
mod connect;
mod query;
mod selector;
mod shape;
mod table;
mod tables;

use rmcp::model::{CallToolResult, JsonObject, Tool};

use super::super::Context;
use crate::contract::ErrorKind;
use crate::error::CallError;
use crate::mcp::failure;

/// The tools, as clients see them.
pub(super) fn tools(writable: bool, dynamic: bool) -> Vec<Tool> {
    vec![
        selector::tool(),
        selector::connect_tool(dynamic),
        query::tool(writable),
        batch::tool(writable),
        tables::tool(),
        table::tool(),
        catalogs::tool(),
    ]
}

/// Whether a tool's call may change what is in a database. None: it isn't one of these.
pub(super) fn may_write(name: &str) -> Option<bool> {
    match name {
        "query" | "batch_query" => Some(true),
        "database_selector" | "database_connect" | "list_tables" | "describe_table" | "list_databases" => Some(false),
        _ => None,
    }
}

/// Whether a name is one of these tools'.
pub(in crate::mcp::tools) fn has(name: &str) -> bool {
    may_write(name).is_some()
}

/// Runs one of these tools.
pub(in crate::mcp::tools) async fn call(context: Context<'_>, name: &str, given: JsonObject) -> CallToolResult {
    let outcome = match name {
        // It knows its statement, and shows where in it a failure lies.
        "query" => return query::call(context, given).await,
        "batch_query" => batch::call(context, given).await,
        "database_selector" => selector::call(context, given),
        "database_connect" => selector::call_connect(context, given).await,
        "list_tables" => tables::call(context, given).await,
        "describe_table" => table::call(context, given).await,
        "list_databases" => catalogs::call(context, given).await,
        other => Err(CallError::new(ErrorKind::Undefined, format!("there is no tool {other:?}"))),
    };
    failure::outcome(outcome, None)
}
