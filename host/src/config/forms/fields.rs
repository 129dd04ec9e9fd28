//! The fields of a database as other servers name them.

use crate::config::fit;
use crate::config::tree::Node;
use crate::config::{Fault, Origin};

use super::super::load::Parts;

/// Their names, in lower case and without `_`, and the key of ours.
const FIELDS: &[(&str, &str)] = &[
    ("id", "id"),
    ("name", "description"),
    ("type", "driver"),
    ("dialect", "driver"),
    ("engine", "driver"),
    ("hostname", "host"),
    ("server", "host"),
    ("database", "catalog"),
    ("databasename", "catalog"),
    ("dbname", "catalog"),
    ("db", "catalog"),
    ("username", "user"),
    ("pwd", "password"),
    ("ssl", "ssl"),
    ("sslmode", "ssl"),
    ("connectionstring", "connection_string"),
    ("connectionuri", "connection_string"),
    ("url", "connection_string"),
    ("uri", "connection_string"),
    ("readonly", "read_only"),
    ("max", "pool.max"),
    ("poolmax", "pool.max"),
    ("poolsize", "pool.max"),
    ("maxconnections", "pool.max"),
    ("min", "pool.min"),
    ("poolmin", "pool.min"),
    ("trustservercertificate", "trust"),
    ("trustcert", "trust"),
    ("encrypt", "encrypt"),
];

/// The key of ours that a field is.
pub(super) fn key(field: &str) -> Option<String> {
    let plain = field.to_ascii_lowercase().replace(['_', '-'], "");
    if let Some((_, key)) = FIELDS.iter().find(|(name, _)| *name == plain) {
        return Some((*key).to_owned());
    }
    fit::entry_keys().into_iter().find(|key| key.replace('_', "") == plain)
}

/// The driver that another server's word for a kind of database stands for.
pub(super) fn driver(word: &str) -> &str {
    match word.to_ascii_lowercase().as_str() {
        "postgres" | "postgresql" | "pg" | "direct_postgres" => "postgres",
        "mssql" | "sqlserver" | "sql-server" => "sqlserver",
        "sqlite" | "sqlite3" => "sqlite",
        _ => word,
    }
}

/// Sets a field of an entry. What is wrong with it is a fault of `place`.
pub(super) fn set(entry: &mut Node, key: &str, value: Node, place: &str, parts: &mut Parts) {
    let origin = value.origin.clone();
    let text = value.as_text().map(str::to_owned);
    let mut wrong = |message: &str| parts.faults.push(Fault::new(Some(origin.clone()), place, message));
    match (key, text.as_deref()) {
        ("driver", Some(word)) => entry.set(&["driver"], Node::text(&origin, driver(word))),
        ("ssl", Some(word)) => match ssl(word) {
            Some(mode) => entry.set(&["tls", "mode"], Node::text(&origin, mode)),
            None => wrong("true, false, or one of libpq's words (disable, require, verify-ca, verify-full) is wanted"),
        },
        ("ssl", None) => wrong("true or false is wanted: what certificates are believed is said by `tls`"),
        ("encrypt" | "trust" | "read_only", Some(word)) => match boolean(word) {
            Some(on) => entry.set(&[key], Node::plain(&origin, on)),
            None => wrong("true or false is wanted"),
        },
        // Numbers and truth values come as texts in variables.
        ("port" | "pool.max" | "pool.min" | "max_rows" | "max_bytes" | "confirm_writes", Some(word)) => {
            let path: Vec<&str> = key.split('.').collect();
            entry.set(&path, Node::plain(&origin, word));
        }
        _ => {
            let path: Vec<&str> = key.split('.').collect();
            entry.set(&path, value);
        }
    }
}

/// What the fields say of SQL Server's encryption, once all of them are there.
pub(super) fn encryption(entry: &mut Node) {
    let (encrypt, trust) = (entry.take("encrypt"), entry.take("trust"));
    let Some(origin) = encrypt.as_ref().or(trust.as_ref()).map(|node| node.origin.clone()) else { return };
    let said = |node: Option<Node>| node.as_ref().and_then(Node::as_text).map(|text| text == "true");
    let trust = said(trust).unwrap_or(false);
    let mode = match (said(encrypt).unwrap_or(true), trust) {
        (true, false) => "verify-full",
        (true, true) => "require-unverified",
        (false, false) => "login-only",
        (false, true) => "login-only-unverified",
    };
    entry.set(&["tls", "mode"], Node::text(&origin, mode));
}

/// True and false, as they are written in variables.
pub(super) fn boolean(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// A variable's value as a node.
pub(super) fn variable(name: &str, value: &str) -> Node {
    Node::text(&Origin::environment(name), value)
}

/// A secret in a variable is a reference to it.
pub(super) fn secret(name: &str) -> Node {
    Node::text(&Origin::environment(name), format!("env:{name}"))
}

fn ssl(word: &str) -> Option<&'static str> {
    Some(match (boolean(word), word) {
        (Some(true), _) | (None, "verify-full") => "verify-full",
        (Some(false), _) | (None, "disable") => "off",
        (None, "verify-ca") => "verify-ca",
        (None, "require" | "prefer" | "allow" | "no-verify") => "require-unverified",
        _ => return None,
    })
}
