//! `DB_CONFIGS`, a JSON array; `DB_CONFIG_<ID>_<FIELD>`, one variable for each field; `DB_DEFAULT_CONFIG`, an id.
//!
//! They are of PostgreSQL unless `type` says otherwise. Ids from names of variables are in lower case; where one could end in several
//! ways, the longest field is meant. Where both forms have an id, the array's is used.

use std::collections::BTreeMap;

use super::{Environment, Parts, add, fields, tls_unsaid};
use crate::config::tree::{self, Node, Value};
use crate::config::{Fault, Origin, near};

const ARRAY: &str = "DB_CONFIGS";
const PREFIX: &str = "DB_CONFIG_";
const DEFAULT: &str = "DB_DEFAULT_CONFIG";

pub(super) fn read(environment: &Environment, tree: &mut Node, parts: &mut Parts) {
    if let Some(text) = environment.get(ARRAY) {
        array(text, tree, parts);
    }
    let mut entries: BTreeMap<String, Node> = BTreeMap::new();
    for (rest, name, value) in environment.beginning(PREFIX) {
        let origin = Origin::environment(name);
        let Some((id, key)) = split(rest) else {
            let field = rest.rsplit('_').next().unwrap_or_default().to_lowercase();
            let near = near::nearest(&field, KNOWN.iter().copied())
                .map_or_else(String::new, |near| format!("; {} may be meant", near.to_uppercase()));
            let said = format!("the name is {PREFIX}ID_FIELD, and this one ends in no field that is known{near}");
            parts.faults.push(Fault::new(Some(origin), "", said));
            continue;
        };
        let entry = entries.entry(id).or_insert_with(|| Node::map(&origin));
        let node = if key == "password" { fields::secret(name) } else { fields::variable(name, value) };
        fields::set(entry, &key, node, name, parts);
    }
    for (id, entry) in entries {
        finish(tree, &id, entry, parts);
    }
    if let Some(id) = environment.get(DEFAULT) {
        let known = |id: &str| tree.get("databases").is_some_and(|all| all.get(id).is_some());
        let lower = id.to_lowercase();
        let id = if !known(id) && known(&lower) { lower } else { id.to_string() };
        tree.set(&["default_database"], fields::variable(DEFAULT, &id));
    }
}

/// For suggestions.
const KNOWN: &[&str] = &["host", "port", "database", "user", "password", "ssl", "sslmode", "name", "type", "username"];

fn array(text: &str, tree: &mut Node, parts: &mut Parts) {
    let origin = Origin::environment(ARRAY);
    let mut faults = Vec::new();
    let read = tree::read(text, None, &mut faults);
    for fault in faults {
        let place = fault.origin.map(|origin| format!("{origin}: ")).unwrap_or_default();
        parts.faults.push(Fault::new(Some(origin.clone()), fault.key, format!("{place}{}", fault.message)));
    }
    // What can't be read at all has been said.
    let Some(read) = read else { return };
    let Node { value: Value::List(items), .. } = read else {
        parts.faults.push(Fault::new(Some(origin), "", "a JSON array of objects is wanted"));
        return;
    };
    for (at, item) in items.into_iter().enumerate() {
        let place = format!("[{at}]");
        let id = item.get("id").and_then(Node::as_text).map(str::to_owned);
        let (Some(id), Value::Map(given)) = (id, item.value) else {
            parts.faults.push(Fault::new(Some(origin.clone()), place, "an object with an `id` is wanted"));
            continue;
        };
        let mut entry = Node::map(&origin);
        for mut field in given {
            relocate(&mut field.node, &origin);
            match fields::key(&field.key) {
                Some(key) if key == "id" => {}
                Some(key) => fields::set(&mut entry, &key, field.node, &format!("{place}.{}", field.key), parts),
                None => {
                    let shown = tree::shown(&field.key);
                    parts.faults.push(Fault::new(Some(origin.clone()), format!("{place}.{shown}"), "this field isn't known"));
                }
            }
        }
        finish(tree, &id, entry, parts);
    }
}

/// Everything in a variable comes from that variable.
fn relocate(node: &mut Node, origin: &Origin) {
    node.origin = origin.clone();
    match &mut node.value {
        Value::Map(entries) => {
            for entry in entries {
                entry.origin = origin.clone();
                relocate(&mut entry.node, origin);
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| relocate(item, origin)),
        Value::Scalar(_) => {}
    }
}

fn finish(tree: &mut Node, id: &str, mut entry: Node, parts: &mut Parts) {
    if entry.get("driver").is_none() && entry.get("connection_string").is_none() {
        let origin = entry.origin.clone();
        entry.set(&["driver"], Node::text(&origin, "postgres"));
    }
    fields::encryption(&mut entry);
    tls_unsaid(&mut entry);
    add(tree, id, entry, parts);
}

/// The id and the key: of all the ways to read it, that with the longest field.
fn split(rest: &str) -> Option<(String, String)> {
    rest.match_indices('_').find_map(|(at, _)| {
        let (id, field) = (rest.get(..at)?, rest.get(at + 1..)?);
        let key = fields::key(field).filter(|key| key != "id")?;
        (!id.is_empty()).then(|| (id.to_lowercase(), key))
    })
}
