//! The prompts.

use rmcp::ErrorData;
use rmcp::model::{GetPromptResult, JsonObject, Prompt};
use serde_json::{Value, json};

use crate::contents::PIXEL;
use crate::made::made;

/// A prompt that needs an answer first.
pub(crate) const ASKING: &str = "test_input_required_result_prompt";

/// What there is.
pub(crate) fn list() -> Result<Vec<Prompt>, ErrorData> {
    let wants = |name: &str| json!({"name": name, "description": format!("The test's {name}."), "required": true});
    made(json!([
        {"name": "test_simple_prompt", "description": "Always the same."},
        {"name": "test_prompt_with_arguments", "description": "With arguments.", "arguments": [wants("arg1"), wants("arg2")]},
        {"name": "test_prompt_with_embedded_resource", "description": "With a resource.", "arguments": [wants("resourceUri")]},
        {"name": "test_prompt_with_image", "description": "With a picture."},
        {"name": ASKING, "description": "Asks something first."},
    ]))
}

/// Gives one.
pub(crate) fn get(name: &str, arguments: Option<&JsonObject>) -> Result<GetPromptResult, ErrorData> {
    let argument = |name: &str| arguments.and_then(|all| all.get(name)).and_then(Value::as_str).unwrap_or_default();
    let text = |text: String| json!({"role": "user", "content": {"type": "text", "text": text}});
    let messages = match name {
        "test_simple_prompt" => json!([text("This is a simple prompt for testing.".to_owned())]),
        "test_prompt_with_arguments" => {
            json!([text(format!("Prompt with arguments: arg1='{}', arg2='{}'", argument("arg1"), argument("arg2")))])
        }
        "test_prompt_with_embedded_resource" => json!([
            {"role": "user", "content": {"type": "resource", "resource": {
                "uri": argument("resourceUri"),
                "mimeType": "text/plain",
                "text": "Embedded resource content for testing.",
            }}},
            text("Please process the embedded resource above.".to_owned()),
        ]),
        "test_prompt_with_image" => json!([
            {"role": "user", "content": {"type": "image", "data": PIXEL, "mimeType": "image/png"}},
            text("Please analyze the image above.".to_owned()),
        ]),
        ASKING => json!([text("With the context that was given.".to_owned())]),
        _ => return Err(ErrorData::invalid_params(format!("there is no prompt {name:?}"), None)),
    };
    made(json!({"messages": messages, "resultType": "complete"}))
}
