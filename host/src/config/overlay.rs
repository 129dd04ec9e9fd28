//! What the administrator said while the server runs, over what the file says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::load::Parts;
use super::tree::{self, Node, Value};
use super::{Fault, Origin};

/// What can be said something of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// `databases`.
    Databases,
    /// `policies`.
    Policies,
    /// `statements`.
    Statements,
}

impl Section {
    /// All there are.
    pub const ALL: [Section; 3] = [Section::Databases, Section::Policies, Section::Statements];

    /// The key in the file.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Section::Databases => "databases",
            Section::Policies => "policies",
            Section::Statements => "statements",
        }
    }
}

/// Entries that are put in the place of the file's, and entries of the file that are taken away.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Overlay(BTreeMap<Section, BTreeMap<String, Option<Json>>>);

impl Overlay {
    /// Puts an entry; None takes away what the file has.
    pub fn put(&mut self, section: Section, name: &str, entry: Option<Json>) {
        self.0.entry(section).or_default().insert(name.to_owned(), entry);
    }

    /// The names of what was said, and whether it was put.
    pub fn entries(&self, section: Section) -> impl Iterator<Item = (&str, bool)> {
        self.0.get(&section).into_iter().flatten().map(|(name, entry)| (name.as_str(), entry.is_some()))
    }

    /// Lays it over what was read.
    pub(super) fn apply(&self, tree: &mut Node, parts: &mut Parts) {
        for (section, entries) in &self.0 {
            for (name, entry) in entries {
                let key = format!("{}.{name}", section.key());
                match entry {
                    Some(entry) => {
                        // What is wrong is said with its key; lines and columns are those of a text that nobody has seen.
                        let mut faults = Vec::new();
                        let Some(mut node) = tree::read(&entry.to_string(), None, &mut faults) else {
                            parts.faults.extend(faults.into_iter().map(|fault| Fault {
                                origin: None,
                                key: key.clone(),
                                ..fault
                            }));
                            continue;
                        };
                        said_by_the_administrator(&mut node);
                        tree.set(&[section.key(), name], node);
                    }
                    None => {
                        if let Some(entries) = tree.get_mut(section.key()) {
                            entries.take(name);
                        }
                    }
                }
            }
        }
    }
}

fn said_by_the_administrator(node: &mut Node) {
    node.origin = Origin::Administrator;
    match &mut node.value {
        Value::Scalar(_) => {}
        Value::List(items) => items.iter_mut().for_each(said_by_the_administrator),
        Value::Map(entries) => entries.iter_mut().for_each(|entry| {
            entry.origin = Origin::Administrator;
            said_by_the_administrator(&mut entry.node);
        }),
    }
}

/// The names alone: entries may hold passwords.
impl std::fmt::Debug for Overlay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map()
            .entries(self.0.iter().map(|(section, entries)| (section.key(), entries.keys().collect::<Vec<_>>())))
            .finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::config::Source;

    fn loaded(overlay: &Overlay) -> Result<crate::config::Loaded, crate::config::ConfigErrors> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bulkhead.yaml");
        std::fs::write(&file, "databases: {one: {driver: postgres, host: h}, two: {driver: postgres, host: h, max_rows: 5}}")
            .unwrap();
        Source::file(&file).load_under(overlay)
    }

    #[test]
    fn entries_are_put_and_taken_away() {
        let mut overlay = Overlay::default();
        overlay.put(Section::Databases, "one", None);
        overlay.put(Section::Databases, "two", Some(serde_json::json!({"driver": "postgres", "host": "other"})));
        overlay.put(
            Section::Databases,
            "three",
            Some(serde_json::json!({"driver": "postgres", "host": "h", "password": "hunter2"})),
        );
        overlay.put(Section::Statements, "mine", Some(serde_json::json!({"description": "d", "sql": "SELECT 1"})));
        let loaded = loaded(&overlay).unwrap();
        let config = loaded.config;
        assert_eq!(config.databases.keys().collect::<Vec<_>>(), ["three", "two"]);
        assert_eq!(config.databases["two"].host.as_deref(), Some("other"));
        assert!(config.statements.contains_key("mine"));
        assert!(!format!("{overlay:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_key_and_without_a_place() {
        let mut overlay = Overlay::default();
        overlay.put(
            Section::Databases,
            "three",
            Some(serde_json::json!({"driver": "postgres", "host": "h", "prot": 1, "password": "hunter2"})),
        );
        let why = loaded(&overlay).unwrap_err().to_string();
        assert!(why.contains("databases.three") && why.contains("prot") && why.contains("port"), "{why}");
        assert!(!why.contains("hunter2") && !why.contains("1:"), "{why}");
    }
}
