//! From everything that says something of the configuration to one that can be used.
//!
//! The file, the environment and the command line each become a tree; what they say of the same is decided in that order, the last one
//! wins. The whole is held against the schema, what is written in another server's way is turned into our own, and what remains is read
//! into types and looked at once more as a whole. Nothing stops at the first fault.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::forms::{self, Environment, Flags};
use super::tree::{self, Node, Value};
use super::{Config, ConfigErrors, Fault, Origin, Overlay, alias, fit};
use crate::text_file;

/// The largest file: a thousand databases are a twentieth of it.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Where a configuration comes from. Can be read as often as one likes.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The file. None: there is none, or one that another server's variable names.
    pub file: Option<PathBuf>,
    /// What the command line says.
    pub flags: Flags,
    /// The variables that are looked at.
    pub environment: Environment,
}

/// A configuration, and what is to be known of it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What works and could be better, and what isn't used as it was said.
    pub warnings: Vec<Fault>,
    pub(super) tree: Node,
}

impl Loaded {
    /// Where the value of a key comes from: `databases.app.port`.
    #[must_use]
    pub fn origin(&self, key: &str) -> Origin {
        self.tree.exactly(key).map_or(Origin::Default, |node| node.origin.clone())
    }

    /// The configuration as a document, with every default. Of a secret its reference alone.
    ///
    /// # Errors
    /// None that is known: everything in it can be written.
    pub fn effective(&self) -> serde_json::Result<serde_json::Value> {
        let mut whole = serde_json::to_value(&self.config)?;
        for (id, database) in &self.config.databases {
            let Some(entry) = whole.pointer_mut("/databases").and_then(|all| all.get_mut(id)) else { continue };
            let timeout = humantime::format_duration(database.statement_timeout()).to_string();
            let policy = database.policy();
            entry["read_only"] = database.read_only().into();
            entry["confirm_writes"] = database.confirm_writes().into();
            entry["statement_timeout"] = timeout.into();
            entry["max_rows"] = policy.max_rows.unwrap_or(super::DEFAULT_MAX_ROWS).into();
            entry["max_bytes"] = policy.max_bytes.unwrap_or(super::DEFAULT_MAX_BYTES).into();
        }
        Ok(whole)
    }

    /// Where each value that was said comes from, by its key.
    #[must_use]
    pub fn origins(&self) -> HashMap<String, &Origin> {
        let mut all = HashMap::new();
        origins_in(&self.tree, String::new(), &mut all);
        all
    }

    /// The same; of what wasn't said itself, where the mapping around it is.
    #[must_use]
    pub fn origin_around(&self, key: &str) -> Origin {
        self.tree.origin_of(key)
    }
}

impl Source {
    /// The configuration of a file alone.
    #[must_use]
    pub fn file(path: &Path) -> Source {
        Source { file: Some(path.to_owned()), flags: Flags::default(), environment: Environment::none() }
    }

    /// Reads and checks it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(&self) -> Result<Loaded, ConfigErrors> {
        self.load_under(&Overlay::default())
    }

    /// The same, with the administrator's changes over it.
    ///
    /// # Errors
    /// As for [`Source::load`].
    pub fn load_under(&self, overlay: &Overlay) -> Result<Loaded, ConfigErrors> {
        let mut parts = Parts::default();
        let file = self.path();
        let mut tree = Node::map(&Origin::Default);
        if let Some(path) = &file
            && let Some(node) = read_file(path, &mut parts.faults)
        {
            tree = node;
        }
        if !parts.faults.is_empty() && tree.entries().is_empty() {
            return Err(ConfigErrors::new(parts.faults));
        }
        for over in
            [forms::environment(&self.environment, &tree, &mut parts), forms::flags(&self.flags, &self.environment, &mut parts)]
        {
            merge(&mut tree, over, &mut parts.warnings);
        }
        if file.is_none() && tree.get("databases").is_none() && parts.faults.is_empty() {
            let said = "there is no configuration: give --config FILE, or a single database by --resource_arn or --hostname, or in the environment";
            return Err(ConfigErrors::one(Fault::new(None, "", said)));
        }
        overlay.apply(&mut tree, &mut parts);
        let base = file.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
        finish(tree, &base, parts)
    }

    /// The files whose change is a change of it.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        self.path().into_iter().collect()
    }

    fn path(&self) -> Option<PathBuf> {
        self.file.clone().or_else(|| self.environment.get(forms::CONFIG_PATH).map(|path| PathBuf::from(path.as_str())))
    }
}

/// What is found on the way.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Fault>,
    /// Databases that can't be used, and why.
    pub(super) refused: BTreeMap<String, String>,
}

/// Reads and checks a text that is in no file.
pub(super) fn text(text: &str) -> Result<Loaded, ConfigErrors> {
    let mut parts = Parts::default();
    match tree::read(text, None, &mut parts.faults) {
        Some(tree) => finish(tree, Path::new(""), parts),
        None => Err(ConfigErrors::new(parts.faults)),
    }
}

fn read_file(path: &Path, faults: &mut Vec<Fault>) -> Option<Node> {
    let text = match text_file::read(path, MAX_FILE) {
        Ok(text) => text,
        Err(why) => {
            faults.push(Fault::new(None, "", format!("{}: {why}", path.display())));
            return None;
        }
    };
    let node = tree::read(&text, Some(Arc::from(path)), faults)?;
    if matches!(&node.value, Value::Scalar(scalar) if scalar.is_null()) {
        faults.push(Fault::new(
            Some(node.origin),
            "",
            "there is nothing in it; `bulkhead config init` writes an example to begin with",
        ));
        return None;
    }
    Some(node)
}

/// Lays what is said later over what was said before: databases as a whole, everything else key by key.
fn merge(tree: &mut Node, over: Node, warnings: &mut Vec<Fault>) {
    let Value::Map(entries) = over.value else { return };
    for entry in entries {
        match (entry.key.as_str(), entry.node.value) {
            ("databases", Value::Map(databases)) => {
                for database in databases {
                    let there = tree.get("databases").and_then(|all| all.get(&database.key));
                    if let Some(there) = there {
                        let said = format!("what {} says of this database isn't used, {} says it", there.origin, database.origin);
                        warnings.push(Fault::new(Some(database.origin.clone()), format!("databases.{}", database.key), said));
                    }
                    tree.set(&["databases", &database.key], database.node);
                }
            }
            ("server", Value::Map(keys)) => {
                for key in keys {
                    tree.set(&["server", &key.key], key.node);
                }
            }
            (key, value) => tree.set(&[key], Node { origin: entry.node.origin, value }),
        }
    }
}

fn finish(mut tree: Node, base: &Path, mut parts: Parts) -> Result<Loaded, ConfigErrors> {
    let ids: BTreeSet<String> = tree.get("databases").map(keys).unwrap_or_default();
    let usable = fit::whole(&mut tree, &mut parts.faults);
    if !usable {
        return Err(ConfigErrors::new(parts.faults));
    }
    forms::translate(&mut tree, base, &mut parts);
    // Where nobody wrote a file, what is wrong with the variables and flags is why there is none.
    let explained = parts.faults.iter().any(|fault| fault.key == "databases" || tree.origin == Origin::Default);
    if tree.get("databases").is_none() && !explained {
        parts.faults.push(Fault::new(Some(tree.origin.clone()), "databases", "is missing: the databases, by id"));
    }
    let config = tree::deserialize::<Config>(&tree);
    let mut config = match config {
        Ok(config) => config,
        Err(fault) => {
            // What was taken out may be what is missing now.
            if parts.faults.is_empty() {
                parts.faults.push(fault);
            }
            return Err(ConfigErrors::new(parts.faults));
        }
    };
    for (id, why) in &parts.refused {
        if let Some(database) = config.databases.get_mut(id) {
            database.refused = Some(why.clone());
        }
    }
    let mut wrong: Vec<(String, String)> = Vec::new();
    for (id, database) in &mut config.databases {
        let of = |(key, why): (&'static str, String)| {
            let key = if key.is_empty() { format!("databases.{id}") } else { format!("databases.{id}.{key}") };
            (key, why)
        };
        wrong.extend(alias::resolve(database).into_iter().map(of));
    }
    wrong.extend(super::policy::resolve(&config.policies, &mut config.databases));
    wrong.extend(config.check(&ids));
    for (key, why) in wrong {
        // What doesn't fit was taken out above: that it is missing now isn't a second fault.
        let known = parts
            .faults
            .iter()
            .any(|fault| is_within(&fault.key, &key) || is_within(&key, &fault.key) || is_in_string(&fault.key, &key));
        if !known {
            parts.faults.push(Fault::new(Some(tree.origin_of(&key)), key, why));
        }
    }
    if !parts.faults.is_empty() {
        parts.faults.sort_by_key(|fault| match &fault.origin {
            Some(Origin::File { line, column, .. }) => (*line, *column),
            _ => (usize::MAX, 0),
        });
        return Err(ConfigErrors::new(parts.faults));
    }
    config.resolve(base);
    let mut loaded = Loaded { config, warnings: parts.warnings, tree };
    let warnings = super::warnings::of(&loaded);
    loaded.warnings.extend(warnings);
    Ok(loaded)
}

fn origins_in<'a>(node: &'a Node, key: String, all: &mut HashMap<String, &'a Origin>) {
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                let key = if key.is_empty() { entry.key.clone() } else { format!("{key}.{}", entry.key) };
                origins_in(&entry.node, key, all);
            }
        }
        Value::List(items) => {
            for (at, item) in items.iter().enumerate() {
                origins_in(item, format!("{key}[{at}]"), all);
            }
        }
        Value::Scalar(_) => {}
    }
    all.insert(key, &node.origin);
}

fn keys(node: &Node) -> BTreeSet<String> {
    node.entries().iter().map(|entry| entry.key.clone()).collect()
}

/// Whether a key is one that a connection string would say, of which something is wrong.
fn is_in_string(string: &str, key: &str) -> bool {
    string.strip_suffix("connection_string").is_some_and(|entry| key.strip_prefix(entry) == Some("host"))
}

/// Whether a key is another or in it.
fn is_within(outer: &str, inner: &str) -> bool {
    !outer.is_empty() && inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
