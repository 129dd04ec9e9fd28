//! Tools that ask their client something while they run, as the older protocols let them.

use rmcp::model::{CallToolResult, ClientResult, ContentBlock, JsonObject, ServerRequest};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::{Value, json};

use crate::made::made;

/// The names of those that take nothing.
pub(crate) const NAMES: [&str; 2] = ["test_elicitation_sep1034_defaults", "test_elicitation_sep1330_enums"];

/// Runs a tool. None: it isn't one of these.
pub(crate) async fn run(
    tool: &str,
    arguments: &JsonObject,
    context: &RequestContext<RoleServer>,
) -> Option<Result<CallToolResult, ErrorData>> {
    let argument = |name: &str| arguments.get(name).cloned().unwrap_or_default();
    let (question, before) = match tool {
        "test_sampling" => (sampling(argument("prompt"), 100), "LLM response: "),
        "test_elicitation" => (
            elicitation(
                argument("message"),
                json!({
                    "username": {"type": "string", "description": "User's response"},
                    "email": {"type": "string", "description": "User's email address"},
                }),
                &["username", "email"],
            ),
            "User response: ",
        ),
        "test_elicitation_sep1034_defaults" => (elicitation(json!("Is this right?"), defaults(), &[]), "Elicitation completed: "),
        "test_elicitation_sep1330_enums" => (elicitation(json!("Which?"), choices(), &[]), "Elicitation completed: "),
        _ => return None,
    };
    Some(
        ask(context, question).await.map(|answer| CallToolResult::success(vec![ContentBlock::text(format!("{before}{answer}"))])),
    )
}

/// A question for the client's model.
pub(crate) fn sampling(prompt: Value, most: u32) -> Value {
    let message = json!({"role": "user", "content": {"type": "text", "text": prompt}});
    json!({"method": "sampling/createMessage", "params": {"messages": [message], "maxTokens": most}})
}

/// A question for the person at the client.
pub(crate) fn elicitation(message: Value, properties: Value, required: &[&str]) -> Value {
    let schema = json!({"type": "object", "properties": properties, "required": required});
    json!({"method": "elicitation/create", "params": {"mode": "form", "message": message, "requestedSchema": schema}})
}

async fn ask(context: &RequestContext<RoleServer>, question: Value) -> Result<String, ErrorData> {
    let request: ServerRequest = made(question)?;
    let answer = context.peer.send_request(request).await;
    let answer = answer.map_err(|why| ErrorData::internal_error(format!("the client didn't answer: {why}"), None))?;
    Ok(match answer {
        ClientResult::ElicitResult(answer) => {
            let action = serde_json::to_value(&answer.action).unwrap_or_default();
            format!("action={}, content={}", action.as_str().unwrap_or_default(), answer.content.unwrap_or_default())
        }
        other => {
            let answer = serde_json::to_value(other).unwrap_or_default();
            answer.pointer("/content/text").and_then(Value::as_str).unwrap_or("nothing").to_owned()
        }
    })
}

fn defaults() -> Value {
    json!({
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": true},
    })
}

fn choices() -> Value {
    let titled = |titles: [&str; 3]| -> Vec<Value> {
        (1..).zip(titles).map(|(number, title)| json!({"const": format!("value{number}"), "title": title})).collect()
    };
    let options = ["option1", "option2", "option3"];
    json!({
        "untitledSingle": {"type": "string", "enum": options},
        "titledSingle": {"type": "string", "oneOf": titled(["First Option", "Second Option", "Third Option"])},
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled(["First Choice", "Second Choice", "Third Choice"])}},
    })
}
