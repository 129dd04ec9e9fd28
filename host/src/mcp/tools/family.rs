//! Families: tools under the names and arguments that clients of other servers know. Each is one of ours, its arguments renamed.

mod awslabs;
mod delegate;
mod sqlserver;

use std::collections::BTreeMap;
use std::sync::Arc;

use rmcp::model::{JsonObject, Tool};
use serde_json::{Map, Value};

use super::{saved, toolset};
use crate::config::{Family, SavedStatement, SessionsConfig};
use crate::registry::Registry;

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
        Family::Delegate => &[],
    }
}

/// A family's tools, as clients see them.
pub(super) fn tools(family: Family, registry: Option<&Registry>, writable: bool, times: &SessionsConfig) -> Vec<Tool> {
    let ours = toolset::every(writable, times);
    if family == Family::Delegate {
        return registry.map(|registry| delegate::tools(registry, &ours)).unwrap_or_default();
    }
    let renamed = |alias: &Alias| ours.iter().find(|tool| tool.name == alias.of).map(|tool| alias.tool(tool));
    let mut tools: Vec<Tool> = aliases(family).iter().filter_map(renamed).collect();
    tools.extend(statements(family).into_iter().flatten().map(|(name, statement)| saved::tool(name, statement)));
    tools
}

fn statements(family: Family) -> Option<&'static BTreeMap<String, SavedStatement>> {
    match family {
        Family::Sqlserver | Family::Delegate => None,
        Family::Awslabs => Some(awslabs::statements()),
    }
}

/// A family's tool that is a statement.
pub(super) fn statement(family: Option<Family>, name: &str) -> Option<&'static SavedStatement> {
    statements(family?)?.get(name)
}

/// Whether the family fits the databases.
///
/// # Errors
/// Two of its tools would have the same name, or one that can't be a tool's.
pub(super) fn check(family: Option<Family>, registry: &Registry) -> anyhow::Result<()> {
    if family == Some(Family::Delegate) { delegate::check(registry) } else { Ok(()) }
}

/// Ours for a name, which may be one of the family's.
pub(super) fn ours<'a>(family: Option<Family>, registry: &Registry, name: &'a str) -> &'a str {
    if family == Some(Family::Delegate) {
        return delegate::translated(registry, name, JsonObject::new()).map_or(name, |(ours, _)| ours);
    }
    find(family, name).map_or(name, |alias| alias.of)
}

/// A call of a family's tool as a call of ours. Any other is what it is.
pub(super) fn translated(family: Option<Family>, registry: &Registry, name: &str, given: JsonObject) -> (String, JsonObject) {
    if family == Some(Family::Delegate) {
        let translated = delegate::translated(registry, name, given.clone());
        return translated.map_or_else(|| (name.to_owned(), given), |(ours, given)| (ours.to_owned(), given));
    }
    renamed(family, name, given)
}

fn renamed(family: Option<Family>, name: &str, given: JsonObject) -> (String, JsonObject) {
    let Some(alias) = find(family, name) else { return (name.to_owned(), given) };
    let mut arguments: JsonObject = given
        .into_iter()
        .map(|(theirs, value)| {
            let ours = alias.arguments.iter().find(|(name, _)| *name == theirs).map(|(_, ours)| (*ours).to_owned());
            (ours.unwrap_or(theirs), value)
        })
        .collect();
    arguments.extend(alias.fixed.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
    (alias.of.to_owned(), arguments)
}

fn find(family: Option<Family>, name: &str) -> Option<&'static Alias> {
    aliases(family?).iter().find(|alias| alias.name == name)
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
        let given = serde_json::json!({"query": "SELECT 1", "limit": 5, "database": "other"});
        let (name, arguments) = renamed(Some(Family::Sqlserver), "execute_query", given.as_object().unwrap().clone());
        assert_eq!(name, "query");
        assert_eq!(Value::Object(arguments), serde_json::json!({"sql": "SELECT 1", "max_rows": 5, "database": "other"}));
        let (name, arguments) = renamed(Some(Family::Sqlserver), "list_views", JsonObject::new());
        assert_eq!((name.as_str(), Value::Object(arguments)), ("list_tables", serde_json::json!({"kind": "view"})));
    }
}
