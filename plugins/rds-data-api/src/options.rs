//! The driver's own options: what they are, and their JSON.

use crate::engine::Engine;
use bulkhead_driver::{Error, ErrorKind};
use serde::Deserialize;

/// A cluster takes up to half a minute to resume; with the waits of `session::retry` this is longer.
const DEFAULT_RETRIES: u32 = 20;

/// What can be set for a database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The cluster.
    pub resource_arn: String,
    /// The secret with the database's user and password. Its name, not its value.
    pub secret_arn: String,
    /// What runs in the cluster.
    #[serde(default)]
    pub engine: Engine,
    /// Whether statements that may write go on after the service's own time limit.
    #[serde(default)]
    pub continue_after_timeout: bool,
    /// How often a request is repeated.
    #[serde(default = "default_retries")]
    pub max_retries: u32,
}

fn default_retries() -> u32 {
    DEFAULT_RETRIES
}

impl Options {
    /// From the contract's JSON object.
    ///
    /// # Errors
    /// If it doesn't fit the schema. Says where.
    pub fn parse(json: &str) -> Result<Self, Error> {
        serde_json::from_str(json)
            .map_err(|error| Error::new(ErrorKind::InvalidValue, format!("options: {error}")).connection_lost())
    }
}

/// The JSON Schema of [`Options`].
pub const SCHEMA: &str = include_str!("options.schema.json");

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_and_the_type_agree() {
        let options = Options::parse(r#"{"resource_arn": "r", "secret_arn": "s"}"#).unwrap();
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
        let mut all = serde_json::Map::new();
        for (name, property) in schema["properties"].as_object().unwrap() {
            let value = property.get("default").cloned().unwrap_or_else(|| name.chars().take(1).collect::<String>().into());
            all.insert(name.clone(), value);
        }
        assert_eq!(Options::parse(&serde_json::Value::Object(all).to_string()).unwrap(), options);
        for wrong in [
            "{}",
            "[]",
            r#"{"resource_arn": "r", "secret_arn": "s", "engine": "oracle"}"#,
            r#"{"resource_arn": "r", "secret_arn": "s", "x": 1}"#,
        ] {
            assert_eq!(Options::parse(wrong).unwrap_err().kind, ErrorKind::InvalidValue, "{wrong}");
        }
    }
}
