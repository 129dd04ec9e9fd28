//! Holding a tree against the schema: every fault of it is found at once, with its place.
//!
//! What doesn't fit is taken out, so that the rest can be read and looked at further; keys that were written by another of their
//! names get their own.

use std::sync::LazyLock;

use serde_json::Value as Json;

use super::tree::{Entry, Node, Scalar, Value};
use super::{Fault, duration, near, schema, tree};

static SCHEMA: LazyLock<Json> = LazyLock::new(|| schema::derived().to_value());

/// The most words that a fault lists.
const MAX_LISTED: usize = 40;

/// Holds a whole configuration against the schema. Whether anything of it can be used.
pub(super) fn whole(node: &mut Node, faults: &mut Vec<Fault>) -> bool {
    Fit { faults }.node(node, &SCHEMA, "")
}

/// Holds a database's entry against its part of the schema.
pub(super) fn entry(node: &mut Node, faults: &mut Vec<Fault>) -> bool {
    match definition("DatabaseConfig") {
        Some(schema) => Fit { faults }.node(node, schema, ""),
        None => false,
    }
}

/// The keys that a database's entry may have.
pub(super) fn entry_keys() -> Vec<String> {
    let properties = definition("DatabaseConfig").and_then(|schema| schema.get("properties")?.as_object());
    properties.into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

fn definition(name: &str) -> Option<&'static Json> {
    SCHEMA.get("$defs")?.get(name)
}

struct Fit<'a> {
    faults: &'a mut Vec<Fault>,
}

impl Fit<'_> {
    /// Whether the value fits, or does so now that something was taken out of it.
    fn node(&mut self, node: &mut Node, schema: &Json, key: &str) -> bool {
        let schema = resolved(schema);
        if let Some(branches) = branches(schema) {
            return self.branch(node, branches, key);
        }
        if !accepts(schema, node) {
            self.fault(node, key, format!("{} is wanted", wanted(schema)));
            return false;
        }
        match &mut node.value {
            Value::Map(_) => self.map(node, schema, key),
            Value::List(items) => {
                let Some(of) = schema.get("items") else { return true };
                let mut at = 0;
                items.retain_mut(|item| {
                    let key = format!("{key}[{at}]");
                    at += 1;
                    self.node(item, of, &key)
                });
                true
            }
            Value::Scalar(scalar) => match scalar_fault(scalar, schema) {
                None => true,
                Some(why) => {
                    self.fault(node, key, why);
                    false
                }
            },
        }
    }

    /// One of several: that which takes what is there, by its kind.
    fn branch(&mut self, node: &mut Node, branches: &[Json], key: &str) -> bool {
        let words: Vec<&str> = branches.iter().flat_map(|branch| words(resolved(branch))).collect();
        let fitting: Vec<&Json> = branches.iter().map(resolved).filter(|branch| takes(branch, node)).collect();
        match fitting.as_slice() {
            [] => {
                let kinds: Vec<String> = branches.iter().map(resolved).filter(|branch| !is_null(branch)).map(wanted).collect();
                let message = if words.is_empty() { format!("{} is wanted", kinds.join(" or ")) } else { choice(node, &words) };
                self.fault(node, key, message);
                false
            }
            [only] => self.node(node, only, key),
            several => {
                // The first that has nothing to say against it; else what the first says.
                for branch in several {
                    let (mut copy, mut faults) = (node.clone(), Vec::new());
                    if (Fit { faults: &mut faults }).node(&mut copy, branch, key) && faults.is_empty() {
                        *node = copy;
                        return true;
                    }
                }
                match several.first() {
                    Some(_) if !words.is_empty() => {
                        self.fault(node, key, choice(node, &words));
                        false
                    }
                    Some(first) => self.node(node, first, key),
                    None => false,
                }
            }
        }
    }

    fn map(&mut self, node: &mut Node, schema: &Json, key: &str) -> bool {
        let properties = schema.get("properties").and_then(Json::as_object);
        let others = schema.get("additionalProperties");
        let place = node.origin.clone();
        let Value::Map(entries) = &mut node.value else { return false };
        let mut given: Vec<String> = Vec::new();
        // What is meant by a key that isn't known isn't missing besides.
        let mut meant: Vec<&str> = Vec::new();
        let mut kept: Vec<Entry> = Vec::new();
        for mut entry in std::mem::take(entries) {
            let inner = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
            let other = properties.filter(|properties| !properties.contains_key(&entry.key));
            if let Some(name) = other.and_then(|properties| canonical(&entry.key, properties)) {
                entry.key = name;
            }
            let property = properties.and_then(|properties| properties.get(&entry.key));
            let fits = match (property, others) {
                (Some(_), _) if given.contains(&entry.key) => {
                    let said = "this is here twice, perhaps by another of its names";
                    self.faults.push(Fault::new(Some(entry.origin.clone()), inner(&entry.key), said));
                    false
                }
                (Some(property), _) => self.node(&mut entry.node, property, &inner(&entry.key)),
                (None, Some(Json::Bool(false))) => {
                    let known = properties.into_iter().flatten().map(|(name, _)| name.as_str());
                    let near = near::nearest(&entry.key, known);
                    meant.extend(near);
                    let message = unknown(near, properties);
                    self.faults.push(Fault::new(Some(entry.origin.clone()), inner(&tree::shown(&entry.key)), message));
                    false
                }
                (None, Some(of)) => self.node(&mut entry.node, of, &inner(&entry.key)),
                (None, None) => true,
            };
            given.push(entry.key.clone());
            if fits {
                kept.push(entry);
            }
        }
        *entries = kept;
        let mut whole = true;
        for name in schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str) {
            let property = properties.and_then(|all| all.get(name));
            let instead = property.and_then(|property| property.get(schema::INSTEAD)?.as_array());
            if instead.is_some_and(|keys| keys.iter().any(|key| given.iter().any(|there| key == there))) {
                continue;
            }
            if !given.iter().any(|there| there == name) && !meant.contains(&name) {
                let described = properties.and_then(|all| resolved(all.get(name)?).get("description")?.as_str());
                let described = described.map_or_else(String::new, |text| format!(": {}", first_sentence(text)));
                let name = if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
                self.faults.push(Fault::new(Some(place.clone()), name, format!("is missing{described}")));
            }
            whole &= entries.iter().any(|entry| entry.key == name);
        }
        whole
    }

    fn fault(&mut self, node: &Node, key: &str, message: impl Into<String>) {
        self.faults.push(Fault::new(Some(node.origin.clone()), key, message));
    }
}

fn resolved(schema: &Json) -> &Json {
    let mut schema = schema;
    while let Some(name) = schema.get("$ref").and_then(Json::as_str).and_then(|text| text.strip_prefix("#/$defs/")) {
        match definition(name) {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

fn branches(schema: &Json) -> Option<&[Json]> {
    // A derived `oneOf` of names is also a list of words with their descriptions.
    ["anyOf", "oneOf"].iter().find_map(|name| schema.get(name)?.as_array()).map(Vec::as_slice)
}

/// The words that are all there is.
fn words(schema: &Json) -> Vec<&str> {
    match (schema.get("const"), schema.get("enum"), branches(schema)) {
        (Some(word), ..) => word.as_str().into_iter().collect(),
        (_, Some(words), _) => words.as_array().into_iter().flatten().filter_map(Json::as_str).collect(),
        (.., Some(branches)) => branches.iter().flat_map(|branch| words(resolved(branch))).collect(),
        _ => Vec::new(),
    }
}

fn types(schema: &Json) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(name)) => vec![name],
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_null(schema: &Json) -> bool {
    types(schema) == ["null"]
}

/// Whether a value is of the kind that a schema is about.
fn takes(schema: &Json, node: &Node) -> bool {
    match branches(schema) {
        Some(branches) => branches.iter().any(|branch| takes(resolved(branch), node)),
        None => accepts(schema, node),
    }
}

fn accepts(schema: &Json, node: &Node) -> bool {
    let types = types(schema);
    if types.is_empty() {
        // `enum` and `const` alone are of texts; anything else is of everything.
        let words = words(schema);
        return words.is_empty() || matches!(&node.value, Value::Scalar(scalar) if !scalar.is_null());
    }
    types.iter().any(|name| match (*name, &node.value) {
        ("object", Value::Map(_)) | ("array", Value::List(_)) => true,
        ("null", Value::Scalar(scalar)) => scalar.is_null(),
        ("string", Value::Scalar(scalar)) => !scalar.is_null(),
        ("boolean", Value::Scalar(scalar)) => scalar.boolean().is_some(),
        ("integer", Value::Scalar(scalar)) => scalar.integer().is_some(),
        ("number", Value::Scalar(scalar)) => scalar.float().is_some() || scalar.integer().is_some(),
        _ => false,
    })
}

/// What is wrong with a scalar of the right kind.
fn scalar_fault(scalar: &Scalar, schema: &Json) -> Option<String> {
    let types = types(schema);
    if scalar.is_null() && (types.is_empty() || types.contains(&"null")) {
        return None;
    }
    let text = scalar.text.as_str();
    let words = words(schema);
    if !words.is_empty() && !words.contains(&text) {
        return Some(said(text, &words));
    }
    if let Some(number) = scalar.integer().filter(|_| types.contains(&"integer")) {
        let bound = |name: &str| schema.get(name).and_then(|bound| bound.to_string().parse::<i128>().ok());
        match (bound("minimum"), bound("maximum")) {
            (Some(least), Some(most)) if number < least || number > most => {
                return Some(format!("a number from {least} to {most} is wanted"));
            }
            (Some(least), _) if number < least => return Some(format!("a number from {least} on is wanted")),
            (_, Some(most)) if number > most => return Some(format!("a number up to {most} is wanted")),
            _ => {}
        }
    }
    match schema.get("format").and_then(Json::as_str) {
        Some(duration::FORMAT) if duration::parse(text).is_err() => Some("a duration is wanted: 500ms, 30s, 5m or 1h".to_owned()),
        Some(super::ADDRESS) if text.parse::<std::net::SocketAddr>().is_err() => {
            Some("an address and a port are wanted: 127.0.0.1:8000".to_owned())
        }
        _ => None,
    }
}

/// What a schema is about, in words.
fn wanted(schema: &Json) -> String {
    let words = words(schema);
    if !words.is_empty() {
        return format!("one of {}", words.join(", "));
    }
    if schema.get("format").and_then(Json::as_str) == Some(duration::FORMAT) {
        return "a duration (500ms, 30s, 5m or 1h)".to_owned();
    }
    let name = |name: &&str| match *name {
        "object" => "a mapping",
        "array" => "a list",
        "boolean" => "true or false",
        "integer" => "a whole number, without quotes",
        "number" => "a number, without quotes",
        _ => "a text",
    };
    types(schema).iter().filter(|name| **name != "null").map(name).collect::<Vec<_>>().join(" or ")
}

fn choice(node: &Node, words: &[&str]) -> String {
    said(node.as_text().unwrap_or_default(), words)
}

fn said(text: &str, words: &[&str]) -> String {
    let near = near::nearest(text, words.iter().copied()).map_or_else(String::new, |word| format!("; {word} may be meant"));
    format!("one of these is wanted: {}{near}", words.join(", "))
}

fn canonical(key: &str, properties: &serde_json::Map<String, Json>) -> Option<String> {
    let is_of = |property: &Json| {
        property.get(schema::ALIASES).and_then(Json::as_array).is_some_and(|names| names.iter().any(|name| name == key))
    };
    properties.iter().find(|(_, property)| is_of(property)).map(|(name, _)| name.clone())
}

fn unknown(near: Option<&str>, properties: Option<&serde_json::Map<String, Json>>) -> String {
    let known = properties.into_iter().flatten().map(|(name, _)| name.as_str()).take(MAX_LISTED);
    match near {
        Some(name) => format!("this key isn't known; `{name}` may be meant"),
        None => format!("this key isn't known; known are: {}", known.collect::<Vec<_>>().join(", ")),
    }
}

fn first_sentence(text: &str) -> &str {
    text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.')
}
