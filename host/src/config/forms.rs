//! The ways in which other servers are configured: each is turned into a tree of ours, and nothing behind it knows of the difference.
//!
//! | of | what |
//! |---|---|
//! | the command line, `POSTGRES_*` | one database behind the RDS Data API or a PostgreSQL server: `default` |
//! | `POSTGRES_CONNECTION_STRING`, `MONGODB_CONNECTION_STRING` | `postgres`, `mongodb` |
//! | `SQLSERVER_*` | `sqlserver` |
//! | `DB_CONFIGS`, `DB_CONFIG_<ID>_<FIELD>`, `DB_DEFAULT_CONFIG` | databases by their ids |
//! | `delegation.modules`, `mcp.enabledTools` in the file | databases by the modules' names, and tools |
//! | `FASTMCP_HOST`, `FASTMCP_PORT`, `SERVER_PORT` | where the server listens |
//!
//! What is said on the command line goes before the environment, and that before the file.

mod databases;
mod delegation;
mod entry;
mod environment;
mod fields;
mod listen;
mod single;
mod sqlserver;
mod strings;

use std::path::Path;

pub use environment::Environment;
pub use single::Flags;

use super::load::Parts;
use super::tree::Node;
use super::{Fault, Origin};

/// Names the file, where nothing else does.
pub(super) const CONFIG_PATH: &str = "CONFIG_PATH";

/// What the environment says.
pub(super) fn environment(environment: &Environment, file: &Node, parts: &mut Parts) -> Node {
    let mut tree = Node::map(&Origin::Default);
    databases::read(environment, &mut tree, parts);
    sqlserver::read(environment, &mut tree, parts);
    strings::read(environment, &mut tree, parts);
    listen::read(environment, file, &mut tree, parts);
    tree
}

/// What the command line says, and the variables that stand for flags.
pub(super) fn flags(flags: &Flags, environment: &Environment, parts: &mut Parts) -> Node {
    let mut tree = Node::map(&Origin::Default);
    single::read(flags, environment, &mut tree, parts);
    tree
}

/// Turns what the tree has of other forms into ours.
pub(super) fn translate(tree: &mut Node, base: &Path, parts: &mut Parts) {
    delegation::translate(tree, parts);
    entry::translate(tree, base, parts);
}

/// Adds a database; a second of the same id isn't used.
fn add(tree: &mut Node, id: &str, entry: Node, parts: &mut Parts) {
    if let Some(there) = tree.get("databases").and_then(|all| all.get(id)) {
        let said = format!("what {} says of this database isn't used, {} says it", entry.origin, there.origin);
        parts.warnings.push(Fault::new(Some(entry.origin.clone()), format!("databases.{id}"), said));
    } else {
        tree.set(&["databases", id], entry);
    }
}

/// Where nothing was said of TLS: none on this machine, all of it anywhere else.
fn tls_unsaid(entry: &mut Node) {
    let host = entry.get("host").and_then(Node::as_text).unwrap_or_default();
    let said = entry.get("tls").is_some_and(|tls| tls.get("mode").is_some());
    if !said && super::is_loopback(host) {
        let origin = entry.origin.clone();
        entry.set(&["tls", "mode"], Node::text(&origin, "off"));
    }
}
