//! The driver's own options: what they are, and their JSON.

use bulkhead_driver::{Error, ErrorKind};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Prepared statements kept on a connection: a plan takes some tens of KiB on the server.
const DEFAULT_STATEMENTS: usize = 64;
/// More would cost more in looking them up than they save.
const MOST_STATEMENTS: usize = 1_024;
/// The largest message taken from the server, which is a row or one value: the host's own limit on a batch.
const DEFAULT_MESSAGE_BYTES: usize = 16 << 20;
/// What the protocol itself allows.
const MOST_MESSAGE_BYTES: usize = 1 << 30;
/// Settings that are the driver's to say.
const RESERVED: &[&str] = &["user", "database", "replication", "options", "client_encoding", "application_name", "datestyle"];

/// What can be set for a database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Prepared statements kept on a connection. 0: none.
    pub statement_cache_size: usize,
    /// False for PgBouncer in transaction mode: no named statements, no settings at startup or later.
    pub prepared_statements: bool,
    /// Whether SCRAM is tied to the TLS connection.
    pub channel_binding: ChannelBindingPolicy,
    /// `search_path` at startup.
    pub search_path: Option<String>,
    /// Other settings at startup.
    pub settings: BTreeMap<String, String>,
    /// The largest message taken from the server.
    pub max_message_bytes: usize,
}

/// As libpq's `channel_binding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelBindingPolicy {
    /// Never.
    Disable,
    /// Where the server offers it.
    Prefer,
    /// Or not at all: refuses every other way of authenticating.
    Require,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            statement_cache_size: DEFAULT_STATEMENTS,
            prepared_statements: true,
            channel_binding: ChannelBindingPolicy::Prefer,
            search_path: None,
            settings: BTreeMap::new(),
            max_message_bytes: DEFAULT_MESSAGE_BYTES,
        }
    }
}

impl Options {
    /// From the contract's JSON object.
    ///
    /// # Errors
    /// If it doesn't fit the schema. Says where.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let json = if json.trim().is_empty() { "{}" } else { json };
        if !json.trim_start().starts_with('{') {
            return Err(invalid("options: not a JSON object".to_owned()));
        }
        let options: Self = serde_json::from_str(json).map_err(|error| invalid(format!("options: {error}")))?;
        if options.statement_cache_size > MOST_STATEMENTS {
            return Err(invalid(format!("statement_cache_size: at most {MOST_STATEMENTS}")));
        }
        if options.max_message_bytes > MOST_MESSAGE_BYTES {
            return Err(invalid(format!("max_message_bytes: at most {MOST_MESSAGE_BYTES}")));
        }
        for (name, value) in &options.settings {
            if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
                return Err(invalid(format!("settings: `{name}` is the driver's to say")));
            }
            let plain = |byte: char| byte.is_ascii_alphanumeric() || matches!(byte, '_' | '.');
            if name.is_empty() || !name.chars().all(plain) || value.contains('\0') {
                return Err(invalid(format!("settings: `{}` is not the name and value of a setting", name.escape_debug())));
            }
        }
        if !options.prepared_statements && (options.search_path.is_some() || !options.settings.is_empty()) {
            let error = invalid("prepared_statements false is for PgBouncer, which refuses settings at startup".to_owned());
            return Err(error.hint("set them for the role: ALTER ROLE ... SET search_path = ..."));
        }
        Ok(options)
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidValue, message).connection_lost()
}

/// The JSON Schema of [`Options`].
pub const SCHEMA: &str = include_str!("options.schema.json");

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_the_default() {
        assert_eq!(Options::parse("").unwrap(), Options::default());
        assert_eq!(Options::parse("{}").unwrap(), Options::default());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for json in [
            r#"{"statement_cache": 1}"#,
            r#"{"statement_cache_size": 100000}"#,
            r#"{"channel_binding": "sometimes"}"#,
            r#"{"settings": {"replication": "true"}}"#,
            r#"{"settings": {"a b": "c"}}"#,
            r#"{"prepared_statements": false, "search_path": "a"}"#,
            "[1]",
        ] {
            assert_eq!(Options::parse(json).unwrap_err().kind, ErrorKind::InvalidValue, "{json}");
        }
    }

    #[test]
    fn the_schema_names_every_option_and_its_default() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
        assert_eq!(schema["additionalProperties"], false);
        let properties = schema["properties"].as_object().unwrap();
        let mut defaults = serde_json::Map::new();
        for (name, property) in properties {
            if let Some(default) = property.get("default") {
                defaults.insert(name.clone(), default.clone());
            }
        }
        let count = properties.len();
        assert_eq!(count, 6);
        let parsed = Options::parse(&serde_json::Value::Object(defaults).to_string()).unwrap();
        assert_eq!(parsed, Options::default());
    }
}
