//! The configuration's JSON Schema (2020-12), made from the types that read it.
//!
//! What serde knows and a derived schema doesn't is added here: the second names of keys.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Map, Value, json};

use super::Config;

/// Marks a key that has other names: `#[schemars(extend("x-aliases" = ["type"]))]`.
pub(super) const ALIASES: &str = "x-aliases";

/// Marks a key that isn't required where another one is given.
pub(super) const INSTEAD: &str = "x-instead";

/// The schema of a configuration file.
#[must_use]
pub fn schema() -> Value {
    let mut schema = derived();
    Aliases.transform(&mut schema);
    schema.to_value()
}

/// The schema as it is derived, in which a key's other names are a remark.
pub(super) fn derived() -> Schema {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.root_schema_for::<Config>();
    schema.insert("title".to_owned(), json!("Bulkhead configuration"));
    schema.insert("description".to_owned(), json!("The configuration file of bulkhead, YAML or JSON."));
    schema
}

/// Adds each second name as a key of its own, and says that one of the names is enough, and one only.
struct Aliases;

impl Transform for Aliases {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let names = aliases(schema);
        let mut rules = Vec::new();
        for (key, aliases) in names {
            let required = remove_required(schema, &key);
            for alias in &aliases {
                if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
                    let mut property = properties.get(&key).and_then(Value::as_object).cloned().unwrap_or_default();
                    property.remove(ALIASES);
                    property.remove(INSTEAD);
                    property.insert("description".to_owned(), json!(format!("Another name of `{key}`.")));
                    properties.insert(alias.clone(), Value::Object(property));
                }
            }
            let mut given: Vec<Value> = std::iter::once(&key).chain(&aliases).map(|name| json!({"required": [name]})).collect();
            let property = schema.get("properties").and_then(|properties| properties.get(&key));
            let instead =
                property.and_then(|property| property.get(INSTEAD)).and_then(Value::as_array).cloned().unwrap_or_default();
            let none = json!({"not": {"anyOf": given.clone()}});
            if !required {
                given.push(none);
            } else if !instead.is_empty() {
                let instead: Vec<Value> = instead.iter().map(|name| json!({"required": [name]})).collect();
                given.push(json!({"allOf": [none, {"anyOf": instead}]}));
            }
            rules.push(json!({"oneOf": given}));
        }
        if !rules.is_empty() {
            schema.insert("allOf".to_owned(), Value::Array(rules));
        }
    }
}

/// The keys of an object that have other names, and those.
fn aliases(schema: &Schema) -> Vec<(String, Vec<String>)> {
    let properties: Option<&Map<String, Value>> = schema.get("properties").and_then(Value::as_object);
    let marked = properties.into_iter().flatten().filter_map(|(key, property)| {
        let names = property.get(ALIASES)?.as_array()?.iter().filter_map(|name| Some(name.as_str()?.to_owned()));
        Some((key.clone(), names.collect()))
    });
    marked.collect()
}

/// Takes a key from those that are required. Whether it was there.
fn remove_required(schema: &mut Schema, key: &str) -> bool {
    let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) else { return false };
    let before = required.len();
    required.retain(|name| name != key);
    required.len() < before
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn errors(yaml: &str) -> Vec<String> {
        let value: Value = serde_saphyr::from_str(yaml).unwrap();
        let validator = jsonschema::validator_for(&schema()).unwrap();
        validator.iter_errors(&value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
    }

    #[test]
    fn it_is_a_schema_of_2020_12() {
        let schema = schema();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        jsonschema::draft202012::meta::validate(&schema).unwrap();
    }

    #[test]
    fn no_other_name_of_a_key_is_a_key() {
        let derived = derived().to_value();
        let objects = derived["$defs"].as_object().unwrap().values().chain([&derived]);
        let mut others = 0;
        for properties in objects.filter_map(|object| object.get("properties").and_then(Value::as_object)) {
            for names in properties.values().filter_map(|property| property.get(ALIASES)?.as_array()) {
                others += names.len();
                assert!(!names.iter().any(|name| properties.contains_key(name.as_str().unwrap())), "{names:?}");
            }
        }
        assert!(others > 5, "{others}");
    }

    #[test]
    fn every_object_is_closed_and_every_key_described() {
        let schema = schema();
        let objects = schema["$defs"].as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value));
        for (name, object) in objects.chain([("(top)", &schema)]) {
            let Some(properties) = object.get("properties").and_then(Value::as_object) else { continue };
            assert_eq!(object["additionalProperties"], false, "{name}");
            for (key, property) in properties {
                assert!(property.get("description").is_some(), "{name}.{key} has no description");
            }
        }
    }

    #[test]
    fn the_example_of_the_readme_fits() {
        let readme = include_str!("../../../README.md");
        let example = readme.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
        assert_eq!(errors(example), Vec::<String>::new());
    }

    #[test]
    fn one_of_two_names_is_enough() {
        for (yaml, fits) in [
            ("databases: {a: {driver: postgres, host: h}}", true),
            ("databases: {a: {type: postgres, host: h, database: d, readonly: true}}", true),
            ("databases: {a: {type: postgres, driver: postgres, host: h}}", false),
            ("databases: {a: {driver: postgres, host: h, catalog: c, database: d}}", false),
            ("databases: {a: {host: h}}", false),
            ("databases: {a: {connection_string: 'postgresql://h/d'}}", true),
            ("databases: {a: {driver: postgres, host: h, statement_timeout: 30}}", false),
            ("databases: {a: {driver: postgres, host: h, statement_timeout: 30 soon}}", false),
        ] {
            assert_eq!(errors(yaml).is_empty(), fits, "{yaml}: {:?}", errors(yaml));
        }
    }
}
