//! The resources: two that are always the same, and a template.

use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, Resource, ResourceTemplate};
use serde_json::json;

use crate::contents::PIXEL;
use crate::made::made;

/// What can be read.
pub(crate) fn list() -> Result<Vec<Resource>, ErrorData> {
    made(json!([
        {"uri": "test://static-text", "name": "static-text", "description": "A text.", "mimeType": "text/plain"},
        {"uri": "test://static-binary", "name": "static-binary", "description": "A picture.", "mimeType": "image/png"},
        {"uri": "test://watched-resource", "name": "watched", "description": "To be watched.", "mimeType": "text/plain"},
    ]))
}

/// What can be read with something filled in.
pub(crate) fn templates() -> Result<Vec<ResourceTemplate>, ErrorData> {
    made(json!([{
        "uriTemplate": "test://template/{id}/data",
        "name": "template",
        "description": "Data by its id.",
        "mimeType": "application/json",
    }]))
}

/// Reads one.
pub(crate) fn read(uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let templated = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data"));
    let contents = match (uri, templated) {
        ("test://static-text", _) => {
            json!({"uri": uri, "mimeType": "text/plain", "text": "This is the content of the static text resource."})
        }
        ("test://static-binary", _) => json!({"uri": uri, "mimeType": "image/png", "blob": PIXEL}),
        ("test://watched-resource", _) => json!({"uri": uri, "mimeType": "text/plain", "text": "Watched."}),
        (_, Some(id)) => {
            let text = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")}).to_string();
            json!({"uri": uri, "mimeType": "application/json", "text": text})
        }
        _ => return Err(ErrorData::resource_not_found("there is no such resource", Some(json!({"uri": uri})))),
    };
    made(json!({"contents": [contents], "resultType": "complete"}))
}
