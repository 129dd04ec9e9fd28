//! Families: tools under the names and arguments that clients of other servers know. Each is one of ours, its arguments renamed; those
//! of the last, whose clients read answers of another shape, are their own.

mod awslabs;
pub(super) mod data_api;
mod delegate;
mod names;
pub(super) mod pool_registry;
mod sqlserver;

use std::collections::BTreeMap;
use std::sync::Arc;

use rmcp::model::Tool;
use serde_json::{Map, Value};

use super::{saved, toolset};
use crate::config::{Family, SavedStatement, SessionsConfig};
use crate::registry::Snapshot;
pub(in crate::mcp) use names::Names;

/// One tool of a family.
pub(super) struct Alias {
    name: &'static str,
    /// Ours.
    of: &'static str,
    description: &'static str,
    /// Their argument's name, and ours.
    arguments: &'static [(&'static str, &'static str)],
    /// Arguments of ours that are always the same.
    fixed: &'static [(&'static str, &'static str)],
}

fn aliases(family: Family) -> &'static [Alias] {
    match family {
        Family::Sqlserver => sqlserver::TOOLS,
        Family::Awslabs => awslabs::TOOLS,
        Family::Delegate | Family::PoolRegistry => &[],
    }
}

/// A family's tools, as clients see them.
pub(super) fn tools(family: Family, snapshot: Option<&Snapshot>, writable: bool, times: &SessionsConfig) -> Vec<Tool> {
    let ours = toolset::every(writable, times);
    if family == Family::Delegate {
        return snapshot.map(|snapshot| delegate::tools(snapshot, &ours)).unwrap_or_default();
    }
    if family == Family::PoolRegistry {
        return pool_registry::tools(writable, snapshot.is_some_and(|snapshot| snapshot.dynamic().is_some()));
    }
    let renamed = |alias: &Alias| ours.iter().find(|tool| tool.name == alias.of).map(|tool| alias.tool(tool));
    let mut tools: Vec<Tool> = aliases(family).iter().filter_map(renamed).collect();
    tools.extend(statements(family).into_iter().flatten().map(|(name, statement)| saved::tool(name, statement)));
    tools
}

fn statements(family: Family) -> Option<&'static BTreeMap<String, SavedStatement>> {
    match family {
        Family::Sqlserver | Family::Delegate | Family::PoolRegistry => None,
        Family::Awslabs => Some(awslabs::statements()),
    }
}

/// Whether the family fits the databases.
///
/// # Errors
/// Two of its tools would have the same name, or one that can't be a tool's.
pub(super) fn check(family: Option<Family>, snapshot: &Snapshot) -> anyhow::Result<()> {
    if family == Some(Family::Delegate) { delegate::check(snapshot) } else { Ok(()) }
}

impl Alias {
    /// Ours under their name, with their arguments and those that say where a call goes.
    fn tool(&self, ours: &Tool) -> Tool {
        let mut tool = ours.clone();
        tool.name = self.name.into();
        tool.description = Some(self.description.into());
        let mut schema = ours.input_schema.as_ref().clone();
        let known = match schema.get("properties") {
            Some(Value::Object(known)) => known.clone(),
            _ => Map::new(),
        };
        let place = ["database", "database_id"].map(|name| (name, name));
        let shown = self.arguments.iter().chain(&place);
        let properties: Map<String, Value> =
            shown.filter_map(|(theirs, ours)| Some(((*theirs).to_owned(), known.get(*ours)?.clone()))).collect();
        schema.insert("properties".to_owned(), Value::Object(properties));
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            for name in required.iter_mut() {
                let theirs = self.arguments.iter().find(|(_, ours)| *name == *ours);
                if let Some((theirs, _)) = theirs {
                    *name = (*theirs).into();
                }
            }
        }
        tool.input_schema = Arc::new(schema);
        tool
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const FAMILIES: [Family; 2] = [Family::Sqlserver, Family::Awslabs];

    /// What a tool of a family is made of is there: ours, each argument, and what ours requires.
    #[test]
    fn every_tool_is_one_of_ours() {
        for family in FAMILIES {
            let tools = tools(family, None, true, &SessionsConfig::default());
            assert_eq!(tools.len(), aliases(family).len() + statements(family).map_or(0, BTreeMap::len));
            let ours = toolset::every(true, &SessionsConfig::default());
            for (tool, alias) in tools.iter().zip(aliases(family)) {
                let properties = tool.input_schema["properties"].as_object().unwrap();
                assert!(alias.arguments.iter().all(|(theirs, _)| properties.contains_key(*theirs)), "{}", alias.name);
                let our_tool = ours.iter().find(|tool| tool.name == alias.of).unwrap();
                let known = our_tool.input_schema["properties"].as_object().unwrap();
                assert!(alias.fixed.iter().all(|(name, _)| known.contains_key(*name)), "{}", alias.name);
                for required in tool.input_schema.get("required").and_then(Value::as_array).into_iter().flatten() {
                    assert!(properties.contains_key(required.as_str().unwrap()), "{}: {required}", alias.name);
                }
            }
        }
    }

    #[test]
    fn arguments_are_renamed_and_others_kept() {
        let renamed = |theirs: &str, given: Value| {
            let alias = aliases(Family::Sqlserver).iter().find(|alias| alias.name == theirs).unwrap();
            let (name, arguments) = alias.translated(given.as_object().unwrap().clone());
            (name, Value::Object(arguments))
        };
        assert_eq!(
            renamed("execute_query", serde_json::json!({"query": "SELECT 1", "limit": 5, "database": "other"})),
            ("query", serde_json::json!({"sql": "SELECT 1", "max_rows": 5, "database": "other"}))
        );
        assert_eq!(renamed("list_views", serde_json::json!({})), ("list_tables", serde_json::json!({"kind": "view"})));
    }
}
