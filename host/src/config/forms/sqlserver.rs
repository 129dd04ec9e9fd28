//! `SQLSERVER_*`: one server, and every catalog on it. Its encryption is on and its certificate verified unless said otherwise.

use super::{Environment, Parts, add, fields};
use crate::config::tree::{Node, Value};
use crate::config::{Fault, Origin};

const PREFIX: &str = "SQLSERVER_";
const ID: &str = "sqlserver";

/// What a variable sets.
enum To {
    Text(&'static str),
    Flag(&'static str),
    Number(&'static [&'static str]),
    Milliseconds(&'static [&'static str]),
}

/// Any of these makes a database; the others only say more of it.
const MAKES: &[&str] = &["HOST", "SERVER", "DATABASE", "CONNECTION_STRING"];

const VARIABLES: &[(&str, To)] = &[
    ("HOST", To::Text("host")),
    ("SERVER", To::Text("host")),
    ("PORT", To::Number(&["port"])),
    ("DATABASE", To::Text("catalog")),
    ("USER", To::Text("user")),
    ("USERNAME", To::Text("user")),
    ("PASSWORD", To::Text("password")),
    ("CONNECTION_STRING", To::Text("connection_string")),
    ("ENCRYPT", To::Flag("encrypt")),
    ("TRUST_CERT", To::Flag("trust")),
    ("TRUST_CERTIFICATE", To::Flag("trust")),
    ("TRUST_SERVER_CERTIFICATE", To::Flag("trust")),
    ("READ_ONLY", To::Flag("read_only")),
    ("READONLY", To::Flag("read_only")),
    ("MAX_ROWS", To::Number(&["max_rows"])),
    ("POOL_MAX", To::Number(&["pool", "max"])),
    ("POOL_MIN", To::Number(&["pool", "min"])),
    ("CONNECTION_TIMEOUT", To::Milliseconds(&["pool", "connect_timeout"])),
    ("REQUEST_TIMEOUT", To::Milliseconds(&["statement_timeout"])),
    ("IDLE_TIMEOUT", To::Milliseconds(&["pool", "idle_timeout"])),
    ("POOL_IDLE_TIMEOUT", To::Milliseconds(&["pool", "idle_timeout"])),
];

pub(super) fn read(environment: &Environment, tree: &mut Node, parts: &mut Parts) {
    let made = MAKES.iter().find_map(|name| environment.first(&[&format!("{PREFIX}{name}")]).map(|_| format!("{PREFIX}{name}")));
    let Some(made) = made else { return };
    let origin = Origin::environment(&made);
    let mut entry = Node::map(&origin);
    for (rest, name, value) in environment.beginning(PREFIX) {
        let Some((_, to)) = VARIABLES.iter().find(|(known, _)| *known == rest) else {
            let origin = Some(Origin::environment(name));
            match rest {
                "AUTH_MODE" if value.eq_ignore_ascii_case("sql") => {}
                "AUTH_MODE" => {
                    parts.faults.push(Fault::new(origin, "", "only `sql` is known here: a user and a password"));
                }
                _ => parts.warnings.push(Fault::new(origin, "", "it isn't known here, and isn't used")),
            }
            continue;
        };
        match to {
            To::Text("password") => entry.set(&["password"], fields::secret(name)),
            To::Text(key) => entry.set(&[key], fields::variable(name, value)),
            To::Flag(key) => fields::set(&mut entry, key, fields::variable(name, value), name, parts),
            To::Number(path) => entry.set(path, Node::plain(&Origin::environment(name), value)),
            To::Milliseconds(path) => match value.parse::<u64>() {
                Ok(milliseconds) if milliseconds > 0 => {
                    entry.set(path, Node::text(&Origin::environment(name), format!("{milliseconds}ms")));
                }
                _ => {
                    let said = "a number of milliseconds from 1 on is wanted";
                    parts.faults.push(Fault::new(Some(Origin::environment(name)), "", said));
                }
            },
        }
    }
    if entry.get("connection_string").is_none() {
        entry.set(&["driver"], Node::text(&origin, "sqlserver"));
        if entry.get("host").is_none() {
            entry.set(&["host"], Node::text(&origin, "localhost"));
        }
    }
    fields::encryption(&mut entry);
    // A call may name any database of the server.
    entry.set(&["catalogs"], Node { origin: origin.clone(), value: Value::List(vec![Node::text(&origin, "*")]) });
    add(tree, ID, entry, parts);
}
