//! What the names that clients know come to. Made once for each configuration: a call looks its tool up.

use std::collections::BTreeMap;

use rmcp::model::JsonObject;
use serde_json::Value;

use super::delegate::Delegate;
use super::{Alias, aliases, pool_registry, statements};
use crate::config::{Family, SavedStatement};
use crate::registry::Snapshot;

/// The names of a server's tools.
pub(in crate::mcp) struct Names {
    family: Option<Family>,
    delegate: Option<Delegate>,
    saved: BTreeMap<String, SavedStatement>,
}

impl Names {
    /// The names of a family's tools, or of our own, and of the saved statements.
    pub(in crate::mcp) fn new(family: Option<Family>, snapshot: &Snapshot) -> Names {
        Names {
            family,
            delegate: (family == Some(Family::Delegate)).then(|| Delegate::new(snapshot)),
            saved: snapshot.statements().clone(),
        }
    }

    /// Whether a tool's call may change what is in a database.
    pub(in crate::mcp) fn may_write(&self, name: &str) -> bool {
        if self.is_pool_registry()
            && let Some(may_write) = pool_registry::may_write(name)
        {
            return may_write;
        }
        matches!(self.ours(name), "query" | "execute_script" | "explain" | "begin_transaction")
            || self.saved.get(name).is_some_and(|saved| !saved.read_only)
    }

    /// Whether a tool's answers are rows of our own shape.
    pub(in crate::mcp) fn gives_rows(&self, name: &str) -> bool {
        let own_shape = self.is_pool_registry() && pool_registry::has(name);
        !own_shape && (matches!(self.ours(name), "query" | "fetch_rows") || self.saved.contains_key(name))
    }

    /// Whether the tools are those with answers of their own.
    pub(in crate::mcp::tools) fn is_pool_registry(&self) -> bool {
        self.family == Some(Family::PoolRegistry)
    }

    /// Whether a statement's parameters may come as the RDS Data API has them.
    pub(in crate::mcp::tools) fn has_data_api_parameters(&self) -> bool {
        self.family == Some(Family::Awslabs)
    }

    /// A call of a family's tool as a call of ours. Any other is what it is.
    pub(in crate::mcp::tools) fn translated<'a>(&self, name: &'a str, given: JsonObject) -> (&'a str, JsonObject) {
        match (&self.delegate, self.alias(name)) {
            (Some(delegate), _) => delegate.translated(name, given),
            (None, Some(alias)) => alias.translated(given),
            (None, None) => (name, given),
        }
    }

    /// A tool that is a statement: the family's, or a saved one.
    pub(in crate::mcp::tools) fn statement(&self, name: &str) -> Option<&SavedStatement> {
        let of_family = self.family.and_then(statements).and_then(|statements| statements.get(name));
        of_family.or_else(|| self.saved.get(name))
    }

    /// Ours for a name, as far as the name alone tells.
    pub(in crate::mcp) fn ours<'a>(&self, name: &'a str) -> &'a str {
        let ours = match &self.delegate {
            Some(delegate) => delegate.ours(name),
            None => self.alias(name).map(|alias| alias.of),
        };
        ours.unwrap_or(name)
    }

    fn alias(&self, name: &str) -> Option<&'static Alias> {
        aliases(self.family?).iter().find(|alias| alias.name == name)
    }
}

impl Alias {
    /// A call of theirs as one of ours.
    pub(super) fn translated(&self, given: JsonObject) -> (&'static str, JsonObject) {
        let mut arguments: JsonObject = given
            .into_iter()
            .map(|(theirs, value)| {
                let ours = self.arguments.iter().find(|(name, _)| *name == theirs).map(|(_, ours)| (*ours).to_owned());
                (ours.unwrap_or(theirs), value)
            })
            .collect();
        arguments.extend(self.fixed.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
        (self.of, arguments)
    }
}
