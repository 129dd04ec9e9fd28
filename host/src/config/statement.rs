//! Saved statements: named, described and typed; each becomes a tool of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One saved statement.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedStatement {
    /// What a model is told of it.
    pub description: String,
    /// The database it runs on. None: the caller's choice, as for `query`.
    #[serde(default)]
    pub database_id: Option<String>,
    /// One statement, its parameters by position in the database's own style: `$1`, `?1`, `@p1`.
    pub sql: String,
    /// Its parameters, in the order of their positions.
    #[serde(default)]
    pub parameters: Vec<SavedParameter>,
    /// Refuse to write, whatever the database allows.
    #[serde(default = "yes")]
    pub read_only: bool,
    /// The most rows in one answer. None: as for `query`.
    #[serde(default)]
    pub max_rows: Option<u64>,
}

/// One parameter of a saved statement.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedParameter {
    /// What callers name it.
    pub name: String,
    /// What callers pass.
    #[serde(rename = "type", default)]
    pub kind: ParameterType,
    /// The database's own type, where the value's place in the statement doesn't tell.
    #[serde(default)]
    pub native_type: Option<String>,
    /// What a model is told of it.
    #[serde(default)]
    pub description: Option<String>,
    /// Of calls that leave it out; it can be NULL. Without one it has to be passed.
    #[serde(default, deserialize_with = "present")]
    pub default: Option<Value>,
    /// The values there are. Empty: any.
    #[serde(default, rename = "enum")]
    pub values: Vec<Value>,
}

/// JSON's types of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ParameterType {
    /// Text, a date, anything else that is written as text.
    #[default]
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// True or false.
    Boolean,
}

/// A `null` that is written is a value; only what isn't written is none.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn yes() -> bool {
    true
}

/// MCP's limit for the names of tools.
const MAX_NAME: usize = 64;
/// A description stands in a model's context for a whole conversation.
const MAX_DESCRIPTION: usize = 2_000;

impl SavedStatement {
    pub(crate) fn check(&self, name: &str) -> Result<(), String> {
        check_name(name, "the name of a saved statement is its tool's")?;
        if self.description.trim().is_empty() || self.description.len() > MAX_DESCRIPTION {
            return Err(format!("description: 1 to {MAX_DESCRIPTION} bytes, it is all that a model knows of the statement"));
        }
        if self.sql.trim().is_empty() {
            return Err("sql: there is no statement".to_owned());
        }
        if self.max_rows == Some(0) {
            return Err("max_rows: at least 1".to_owned());
        }
        for (at, parameter) in self.parameters.iter().enumerate() {
            let place = |why: String| format!("parameters[{at}]: {why}");
            check_name(&parameter.name, "a parameter's name").map_err(place)?;
            if ["database_id", "database", "session", "transaction"].contains(&parameter.name.as_str()) {
                return Err(place(format!("{:?} says where a call goes and can't be a parameter", parameter.name)));
            }
            if self.parameters.iter().skip(at + 1).any(|other| other.name == parameter.name) {
                return Err(place(format!("{:?} is there twice", parameter.name)));
            }
            for value in parameter.default.iter().chain(&parameter.values) {
                if !parameter.kind.is_of(value) {
                    return Err(place(format!("{value} is not {}", parameter.kind.name())));
                }
            }
        }
        Ok(())
    }
}

impl ParameterType {
    /// As JSON Schema names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ParameterType::String => "string",
            ParameterType::Integer => "integer",
            ParameterType::Number => "number",
            ParameterType::Boolean => "boolean",
        }
    }

    /// Whether a value is of this type. NULL is of each.
    #[must_use]
    pub fn is_of(self, value: &Value) -> bool {
        value.is_null()
            || match self {
                ParameterType::String => value.is_string(),
                ParameterType::Integer => value.as_number().is_some_and(|number| !number.to_string().contains(['.', 'e', 'E'])),
                ParameterType::Number => value.is_number(),
                ParameterType::Boolean => value.is_boolean(),
            }
    }
}

fn check_name(name: &str, what: &str) -> Result<(), String> {
    let fits = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(fits) {
        return Err(format!("{name:?}: {what}: 1 to {MAX_NAME} letters, digits, `_` and `-`"));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn check(name: &str, json: Value) -> Result<(), String> {
        serde_json::from_value::<SavedStatement>(json).map_err(|why| why.to_string())?.check(name)
    }

    #[test]
    fn what_is_refused_says_where() {
        let fine = || serde_json::json!({"description": "d", "sql": "SELECT $1", "parameters": [{"name": "a"}]});
        assert_eq!(check("top", fine()), Ok(()));
        let with = |path: &str, value: Value| {
            let mut json = fine();
            *json.pointer_mut(path).unwrap() = value;
            json
        };
        for (name, json, said) in [
            ("a b", fine(), "a b"),
            ("", fine(), "1 to 64"),
            ("a", with("/description", "".into()), "description"),
            ("a", with("/sql", " ".into()), "sql"),
            ("a", with("/parameters", serde_json::json!([{"name": "a"}, {"name": "a"}])), "twice"),
            ("a", with("/parameters", serde_json::json!([{"name": "session"}])), "session"),
            (
                "a",
                with("/parameters", serde_json::json!([{"name": "a", "type": "integer", "default": 1.5}])),
                "1.5 is not integer",
            ),
            ("a", with("/parameters", serde_json::json!([{"name": "a", "enum": [1]}])), "1 is not string"),
            ("a", with("/parameters", serde_json::json!([{"name": "a", "type": "date"}])), "unknown variant"),
        ] {
            let why = check(name, json).unwrap_err();
            assert!(why.contains(said), "{why}");
        }
    }
}
