//! The protocol's types from the JSON that its documents give.

use rmcp::ErrorData;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The type that this JSON is.
pub(crate) fn made<T: DeserializeOwned>(json: Value) -> Result<T, ErrorData> {
    serde_json::from_value(json).map_err(|why| ErrorData::internal_error(format!("the fixture's own mistake: {why}"), None))
}
