//! What an entry says in a short or another way: a connection string, a secret of AWS in place of a user, tokens that are exchanged.

use std::path::Path;

use super::{Fault, Origin, Parts};
use crate::config::tree::{Node, Value};
use crate::config::{SecretRef, connection_string, fit};
use crate::secrets::AWS;

/// The key of a database's password in its secret: as the service itself writes it, and those who rotate it.
const PASSWORD: &str = "password";

pub(super) fn translate(tree: &mut Node, base: &Path, parts: &mut Parts) {
    let readable = tree.get("secrets").and_then(|secrets| secrets.get("allow_readable_files")).and_then(Node::as_text);
    let readable = readable == Some("true");
    let Some(mut databases) = tree.take("databases") else { return };
    if let Value::Map(entries) = &mut databases.value {
        for entry in entries.iter_mut() {
            let id = entry.key.clone();
            if let Some(string) = entry.node.take("connection_string") {
                expand(&id, &string, &mut entry.node, (base, readable), parts);
            }
            secret_of_aws(&mut entry.node);
            let mut faults = Vec::new();
            let known = parts.faults.len();
            fit::entry(&mut entry.node, &mut faults);
            for mut fault in faults {
                let said = parts.faults.iter().take(known).any(|known| known.origin == fault.origin);
                fault.key = format!("databases.{id}.{}", fault.key);
                if !said {
                    parts.faults.push(fault);
                }
            }
            if let Some(why) = refusal(&entry.node) {
                parts.refused.entry(id).or_insert(why);
            }
        }
        // One without a driver has its fault by now; the rest can still be looked at.
        entries.retain(|entry| entry.node.get("driver").is_some());
    }
    tree.set(&["databases"], databases);
}

/// A secret of AWS that holds a database's user and password, where it isn't the service's own to look into.
fn secret_of_aws(entry: &mut Node) {
    let behind_service = |driver: &str| ["rds_data_api", "rds-data-api"].contains(&driver);
    if entry.get("driver").and_then(Node::as_text).is_none_or(behind_service) || entry.get("password").is_some() {
        return;
    }
    let Some(arn) = entry.take("secret_arn") else { return };
    if let Some(text) = arn.as_text() {
        entry.set(&["password"], Node::text(&arn.origin, format!("{AWS}:{text}#{PASSWORD}")));
    }
}

/// What a connection string says goes where the entry says nothing.
fn expand(id: &str, string: &Node, entry: &mut Node, (base, readable): (&Path, bool), parts: &mut Parts) {
    let key = format!("databases.{id}.connection_string");
    let mut reference = SecretRef::of(string.as_text().unwrap_or_default());
    reference.resolve_path(base);
    if readable {
        reference.allow_readable();
    }
    let text = match reference.resolve() {
        Ok(text) => text,
        Err(why) => {
            if entry.get("driver").is_none() {
                entry.set(&["driver"], Node::text(&string.origin, "unknown"));
            }
            parts.refused.insert(id.to_owned(), format!("connection_string: {why}"));
            return;
        }
    };
    let origin = match reference.kept().map(|kept| (kept.scheme(), kept.rest())) {
        Some(("env", name)) => Origin::environment(name),
        Some(("file", path)) => Origin::File { path: Some(Path::new(path).into()), line: 1, column: 1 },
        _ => string.origin.clone(),
    };
    let said = match connection_string::entry(text.expose(), &origin) {
        Ok(said) => said,
        Err(why) => {
            parts.faults.push(Fault::new(Some(string.origin.clone()), key, why.to_string()));
            if entry.get("driver").is_none() {
                entry.set(&["driver"], Node::text(&string.origin, "unknown"));
            }
            return;
        }
    };
    for name in ["driver", "host", "port", "endpoints", "directory", "catalog", "user", "password"] {
        let (Some(own), Some(theirs)) = (entry.get(name), said.get(name)) else { continue };
        if own.as_text().is_none() || own.as_text() != theirs.as_text() {
            let fault =
                Fault::new(Some(own.origin.clone()), format!("databases.{id}.{name}"), "the connection string says it as well");
            parts.faults.push(fault);
        }
    }
    under(entry, said);
}

/// Lays what is said under what is there.
fn under(entry: &mut Node, said: Node) {
    let Value::Map(said) = said.value else { return };
    for inner in said {
        let there = match &mut entry.value {
            Value::Map(entries) => entries.iter_mut().find(|entry| entry.key == inner.key),
            _ => None,
        };
        match there {
            Some(there) => under(&mut there.node, inner.node),
            None => entry.set(&[&inner.key], inner.node),
        }
    }
}

/// Why a database can't be used as it is, though nothing is wrong with its entry.
fn refusal(entry: &Node) -> Option<String> {
    let exchange = entry.get("token_exchange")?;
    let accepted = exchange.get("accept_service_account").and_then(Node::as_text) == Some("true");
    (!accepted).then(|| {
        "callers' tokens are to be exchanged (tokenExchange), which isn't done yet, and without it every caller would be the service's \
         user; acceptServiceAccount: true in tokenExchange allows that"
            .to_owned()
    })
}
