//! Durations as people write them: `30s`, `5m`, `1h 30m`, `500ms`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

/// For `#[serde(deserialize_with)]`.
pub(super) fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    humantime::parse_duration(&text)
        .map_err(|_| D::Error::custom(format!("not a duration: {text:?}; write 500ms, 30s, 5m or 1h")))
}
