//! Durations as people write them: `30s`, `5m`, `1h 30m`, `500ms`. For `#[serde(with = "duration")]`, and in the schema
//! `#[schemars(with = "duration::Text")]`.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// The schema's `format` of a duration.
pub(super) const FORMAT: &str = "bulkhead-duration";

/// A number and its unit, as often as one likes.
const PATTERN: &str = r"^(0|([0-9]+ *(ns|us|ms|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?) *)+)$";

/// A duration in the schema.
pub(super) struct Text;

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": FORMAT,
            "pattern": PATTERN,
            "examples": ["500ms", "30s", "5m", "1h 30m"],
        })
    }
}

/// Reads one.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| format!("not a duration: {text:?}; write 500ms, 30s, 5m or 1h"))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    parse(&String::deserialize(from)?).map_err(D::Error::custom)
}

pub(super) fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&humantime::format_duration(*duration))
}

/// The same, for one that may be left out: `#[serde(with = "duration::optional")]`.
pub(super) mod optional {
    use super::{Deserializer, Duration, Serializer};

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        super::deserialize(from).map(Some)
    }

    pub(in super::super) fn serialize<S: Serializer>(duration: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, to),
            None => to.serialize_none(),
        }
    }
}
