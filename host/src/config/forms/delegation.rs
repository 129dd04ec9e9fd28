//! `delegation.modules` and `mcp.enabledTools`: each module a database of its own, its tools those of the family `delegate`.
//!
//! `options.ssl` says all there is to say of TLS: true verifies everything, false encrypts nothing; without it nothing is encrypted
//! to this machine and everything is verified to any other.

use super::{Fault, Origin, Parts, add, fields, tls_unsaid};
use crate::config::tree::{Node, Value};

/// The beginnings of modules' names, and their drivers.
const KINDS: &[(&str, &str)] = &[("postgresql", "postgres"), ("mssql", "sqlserver"), ("sqlserver", "sqlserver")];
/// Our names for what a module has besides.
const KEYS: &[(&str, &[&str])] = &[
    ("_comment", &["description"]),
    ("host", &["host"]),
    ("port", &["port"]),
    ("database", &["catalog"]),
    ("user", &["user"]),
    ("password", &["password"]),
    ("tokenExchange", &["token_exchange"]),
];

pub(super) fn translate(tree: &mut Node, parts: &mut Parts) {
    let modules = tree.take("delegation").and_then(|mut delegation| delegation.take("modules"));
    let tools = tree.take("mcp").and_then(|mut mcp| mcp.take("enabledTools"));
    let mut prefixes = Vec::new();
    if let Some(Node { value: Value::Map(modules), origin }) = modules {
        for module in modules {
            let Some((kind, driver)) = KINDS.iter().find(|(kind, _)| module.key.starts_with(kind)) else {
                let said = "a module's name begins with postgresql or mssql; it says of which kind it is";
                parts.faults.push(Fault::new(Some(module.origin), format!("delegation.modules.{}", module.key), said));
                continue;
            };
            let prefix = if *kind == "postgresql" { module.key.replacen(kind, "sql", 1) } else { module.key.clone() };
            let entry = entry(module.node, driver, &prefix);
            prefixes.push(prefix);
            add(tree, &module.key, entry, parts);
        }
        if !prefixes.is_empty() && tree.get("server").is_none_or(|server| server.get("family").is_none()) {
            tree.set(&["server", "family"], Node::text(&origin, "delegate"));
        }
    }
    if let Some(tools) = tools {
        enabled(tree, &tools, &prefixes, parts);
    }
}

fn entry(mut module: Node, driver: &str, prefix: &str) -> Node {
    let origin = module.origin.clone();
    let mut entry = Node::map(&origin);
    entry.set(&["driver"], Node::text(&origin, driver));
    for (theirs, ours) in KEYS {
        if let Some(node) = module.take(theirs) {
            entry.set(ours, node);
        }
    }
    entry.set(&["tool_prefix"], Node::text(&origin, prefix));
    let mut options = module.take("options").unwrap_or_else(|| Node::map(&origin));
    if let Some(ssl) = options.take("ssl") {
        let mode = if ssl.as_text() == Some("true") { "verify-full" } else { "off" };
        entry.set(&["tls", "mode"], Node::text(&ssl.origin, mode));
    }
    for (theirs, ours) in [("encrypt", "encrypt"), ("trustServerCertificate", "trust")] {
        if let Some(node) = options.take(theirs) {
            entry.set(&[ours], node);
        }
    }
    fields::encryption(&mut entry);
    tls_unsaid(&mut entry);
    let mut pool = module.take("pool").unwrap_or_else(|| Node::map(&origin));
    for key in ["max", "min"] {
        if let Some(node) = pool.take(key) {
            entry.set(&["pool", key], node);
        }
    }
    for (theirs, ours) in
        [("idleTimeoutMillis", &["idle_timeout"][..]), ("connectionTimeoutMillis", &["connect_timeout", "acquire_timeout"])]
    {
        if let Some(node) = pool.take(theirs) {
            let time = format!("{}ms", node.as_text().unwrap_or_default());
            for key in ours {
                entry.set(&["pool", key], Node::text(&node.origin, time.clone()));
            }
        }
    }
    entry
}

/// Tools of the modules that aren't true here are off.
fn enabled(tree: &mut Node, tools: &Node, prefixes: &[String], parts: &mut Parts) {
    let mut names: Vec<String> = vec!["health-check".to_owned(), "user-info".to_owned()];
    for prefix in prefixes {
        names.extend(["delegate", "schema", "table-details"].map(|tool| format!("{prefix}-{tool}")));
    }
    for entry in tools.entries() {
        if !names.contains(&entry.key) {
            let key = format!("mcp.enabledTools.{}", entry.key);
            parts.warnings.push(Fault::new(Some(entry.origin.clone()), key, "there is no module with a tool of this name"));
        }
    }
    if prefixes.is_empty() {
        return;
    }
    for name in names {
        let said = tools.get(&name);
        let on = said.and_then(Node::as_text) == Some("true");
        let origin: Origin = said.map_or_else(|| tools.origin.clone(), |node| node.origin.clone());
        tree.set(&["server", "tools", &name], Node::plain(&origin, on));
    }
}
