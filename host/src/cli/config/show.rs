//! `bulkhead config show`.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::config::{Origin, Source};

/// Where remarks begin, in characters, unless a line is longer.
const REMARKS: usize = 56;

/// Prints what the configuration comes to.
pub(super) fn run(source: &Source, as_json: bool) -> anyhow::Result<()> {
    let loaded = source.load()?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let value = loaded.effective()?;
    let said = loaded.origins();
    let text = if as_json {
        let mut origins = Map::new();
        origins_of(&said, "", &value, &mut origins);
        format!("{:#}\n", json!({"configuration": value, "origins": origins}))
    } else {
        let mut text = String::new();
        write(&mut text, &said, "", &value, 0);
        text
    };
    Ok(super::super::print(&text)?)
}

/// What was said by somebody, by key.
fn origins_of(said: &HashMap<String, &Origin>, key: &str, value: &Value, origins: &mut Map<String, Value>) {
    for (name, inner) in children(value) {
        let key = join(key, &name);
        if children(inner).next().is_some() {
            origins_of(said, &key, inner, origins);
        } else if let Some(origin @ (Origin::File { .. } | Origin::Environment(_) | Origin::Flag(_))) = said.get(&key) {
            origins.insert(key, origin.to_string().into());
        }
    }
}

/// YAML, each value with where it comes from.
fn write(text: &mut String, said: &HashMap<String, &Origin>, key: &str, value: &Value, depth: usize) {
    for (name, inner) in children(value) {
        let key = join(key, &name);
        let name = if name.starts_with('[') { "-".to_owned() } else { format!("{}:", scalar(&Value::String(name))) };
        let indent = "  ".repeat(depth);
        if children(inner).next().is_some() {
            text.push_str(&format!("{indent}{name}\n"));
            write(text, said, &key, inner, depth + 1);
        } else {
            let line = format!("{indent}{name} {}", scalar(inner));
            text.push_str(&format!("{line:<REMARKS$}  # {}\n", said.get(&key).unwrap_or(&&Origin::Default)));
        }
    }
}

fn children(value: &Value) -> Box<dyn Iterator<Item = (String, &Value)> + '_> {
    match value {
        Value::Object(map) => Box::new(map.iter().map(|(name, inner)| (name.clone(), inner))),
        Value::Array(items) => Box::new(items.iter().enumerate().map(|(at, inner)| (format!("[{at}]"), inner))),
        _ => Box::new(std::iter::empty()),
    }
}

fn join(key: &str, name: &str) -> String {
    if key.is_empty() || name.starts_with('[') { format!("{key}{name}") } else { format!("{key}.{name}") }
}

/// A value as YAML has it: texts that are no plain words are quoted.
fn scalar(value: &Value) -> String {
    let is_plain = |text: &str| {
        let fits = |character: char| character.is_alphanumeric() || "_-./:+".contains(character);
        let word = text.chars().next().is_some_and(|first| first.is_alphanumeric() || "/.".contains(first));
        let number = text.parse::<f64>().is_ok() || !text.contains(char::is_alphabetic);
        let other = ["true", "false", "null", "yes", "no", "on", "off"].contains(&text.to_lowercase().as_str());
        word && !other && !number && text.chars().all(fits) && !text.ends_with(':')
    };
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}
