//! The driver's own options, in the operator's configuration.

use bulkhead_driver::error::Result;
use bulkhead_driver::{Error, ErrorKind};
use serde::Deserialize;

/// The JSON Schema that the host checks them against before they get here.
pub(crate) const SCHEMA: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "busy_timeout_ms": {
      "type": "integer", "minimum": 0, "maximum": 3600000, "default": 5000,
      "description": "How long a statement waits for another connection's or process's lock, in milliseconds."
    },
    "cache_kib": {
      "type": "integer", "minimum": 64, "maximum": 32768, "default": 16384,
      "description": "Pages of the database kept in memory for each connection, in KiB."
    },
    "create": {
      "type": "boolean", "default": false,
      "description": "Make the database file if it isn't there. Never done on a read-only connection."
    },
    "foreign_keys": {
      "type": "boolean", "default": true,
      "description": "Enforce foreign keys. SQLite itself does not unless told to."
    },
    "locking": {
      "enum": ["normal", "exclusive"], "default": "normal",
      "description": "exclusive: lock the file from the first statement until the connection closes. Needed for a database in WAL mode, with a pool of one connection; no other process can then use the file."
    },
    "synchronous": {
      "enum": ["normal", "full", "extra"], "default": "full",
      "description": "How thoroughly a commit is written to the disk: PRAGMA synchronous."
    }
  }
}"#;

/// Long enough for another writer's transaction, short enough for a caller to be told why it waits.
const DEFAULT_BUSY_TIMEOUT_MS: u32 = 5_000;
/// Most databases that a model looks at fit in it, and four times it fits in an instance's memory.
const DEFAULT_CACHE_KIB: u32 = 16 << 10;

/// The options, with their defaults.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Options {
    pub(crate) busy_timeout_ms: u32,
    pub(crate) cache_kib: u32,
    pub(crate) create: bool,
    pub(crate) foreign_keys: bool,
    pub(crate) locking: Locking,
    pub(crate) synchronous: Synchronous,
}

/// Who else may use the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Locking {
    /// Others, between our statements.
    Normal,
    /// Nobody, while the connection is open.
    Exclusive,
}

/// How thoroughly a commit is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Synchronous {
    Normal,
    Full,
    Extra,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            busy_timeout_ms: DEFAULT_BUSY_TIMEOUT_MS,
            cache_kib: DEFAULT_CACHE_KIB,
            create: false,
            foreign_keys: true,
            locking: Locking::Normal,
            synchronous: Synchronous::Full,
        }
    }
}

impl Options {
    /// Reads the JSON object of `connect-options.options`.
    pub(crate) fn parse(json: &str) -> Result<Self> {
        if json.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str(json)
            .map_err(|why| Error::new(ErrorKind::InvalidValue, format!("the driver's options: {why}")).connection_lost())
    }
}

impl Synchronous {
    /// The pragma's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL",
            Self::Full => "FULL",
            Self::Extra => "EXTRA",
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_and_the_options_agree() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
        let defaults: serde_json::Map<_, _> = schema["properties"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, property)| (name.clone(), property["default"].clone()))
            .collect();
        let parsed = Options::parse(&serde_json::Value::Object(defaults).to_string()).unwrap();
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Options::default()));
        assert!(Options::parse(r#"{"nonsense": 1}"#).is_err());
    }
}
