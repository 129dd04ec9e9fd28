//! The driver's own options: what they are, and their JSON.

use crate::protocol::login::LONGEST_NAME;
use bulkhead_driver::{Error, ErrorKind};
use serde::Deserialize;

/// What Microsoft's own clients ask for.
const DEFAULT_PACKET: usize = 8_000;
/// The least there is, and the most under TLS.
const PACKETS: std::ops::RangeInclusive<usize> = 512..=16_383;
/// The largest row taken from the server: the host's own limit on a batch.
const DEFAULT_ROW_BYTES: usize = 16 << 20;
const ROW_BYTES: std::ops::RangeInclusive<usize> = 1_024..=1 << 30;

/// What can be set for a database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How TLS begins.
    pub encryption: Encryption,
    /// The instance expected at the port.
    pub instance: Option<String>,
    /// What an availability group routes by. None: as the database is read-only or not.
    pub application_intent: Option<Intent>,
    /// The language of messages.
    pub language: Option<String>,
    /// The size of packets to ask for.
    pub packet_size: usize,
    /// The largest row taken.
    pub max_row_bytes: usize,
}

/// How TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Encryption {
    /// Negotiated, in PRELOGIN.
    #[serde(rename = "tds-7.4")]
    Negotiated,
    /// Before anything else (TDS 8.0).
    #[serde(rename = "strict")]
    Strict,
}

/// ApplicationIntent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// The primary is wanted.
    ReadWrite,
    /// A secondary will do.
    ReadOnly,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            encryption: Encryption::Negotiated,
            instance: None,
            application_intent: None,
            language: None,
            packet_size: DEFAULT_PACKET,
            max_row_bytes: DEFAULT_ROW_BYTES,
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
        if !PACKETS.contains(&options.packet_size) {
            return Err(invalid(format!("packet_size: {} to {}", PACKETS.start(), PACKETS.end())));
        }
        if !ROW_BYTES.contains(&options.max_row_bytes) {
            return Err(invalid(format!("max_row_bytes: {} to {}", ROW_BYTES.start(), ROW_BYTES.end())));
        }
        for (name, value) in [("instance", &options.instance), ("language", &options.language)] {
            if value.as_ref().is_some_and(|value| value.contains('\0') || value.len() > LONGEST_NAME) {
                return Err(invalid(format!("{name}: at most {LONGEST_NAME} characters, and no zero byte")));
            }
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
    fn what_does_not_fit_is_refused() {
        for json in [
            r#"{"packet": 1}"#,
            r#"{"packet_size": 100}"#,
            r#"{"packet_size": 32767}"#,
            r#"{"encryption": "none"}"#,
            r#"{"application_intent": "ReadOnly"}"#,
            r#"{"max_row_bytes": 1}"#,
            r#"{"instance": "a\u0000b"}"#,
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
        assert_eq!(properties.len(), 6);
        let mut defaults = serde_json::Map::new();
        for (name, property) in properties {
            if let Some(default) = property.get("default") {
                defaults.insert(name.clone(), default.clone());
            }
        }
        let parsed = Options::parse(&serde_json::Value::Object(defaults).to_string()).unwrap();
        assert_eq!(parsed, Options::default());
        assert_eq!(Options::parse("").unwrap(), Options::default());
    }
}
