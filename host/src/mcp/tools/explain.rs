//! `explain`: how a database would run a statement.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{answer, failure, params};
use super::{Context, Target, To, located, put, reading, with_target};
use crate::contract::{ErrorKind, Features};
use crate::database::{Consent, Explain};
use crate::error::CallError;

pub(super) fn tool() -> Tool {
    reading(
        "explain",
        "Explain a statement",
        "Shows the database's plan for a statement, as text and, where the database has it, as JSON. Doesn't run the statement; with \
         analyze it runs, is measured, and what it changed is rolled back.",
        with_target(json!({
            "type": "object",
            "properties": {
                "sql": {"type": "string", "description": "One statement"},
                "params": {"type": ["array", "object"], "items": {}, "description": "As query's"},
                "analyze": {"type": "boolean", "default": false}
            },
            "required": ["sql"],
            "additionalProperties": false
        })),
        json!({
            "type": "object",
            "properties": {"database_id": {"type": "string"}, "text": {"type": "string"}, "plan": {}},
            "required": ["database_id", "text"]
        }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    sql: String,
    params: Option<Value>,
    analyze: Option<bool>,
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> CallToolResult {
    let (to, given): (To, Arguments) = match located(given) {
        Ok(given) => given,
        Err(error) => return failure::result(&error, None),
    };
    failure::outcome(run(context, &to, &given).await, Some(&given.sql))
}

async fn run(context: Context<'_>, to: &To, given: &Arguments) -> Result<CallToolResult, CallError> {
    let target = context.target(to).await?;
    let database = target.database();
    let analyze = given.analyze.unwrap_or(false);
    let wanted = if analyze { Features::EXPLAIN | Features::EXPLAIN_ANALYZE } else { Features::EXPLAIN };
    if !database.manifest().features.contains(wanted) {
        let what = format!("the driver {:?} has no plans{}", database.driver(), if analyze { " with analyze" } else { "" });
        return Err(CallError::new(ErrorKind::Unsupported, what).of(database.id()));
    }
    let params = params::parameters(given.params.clone())?;
    let read_only = matches!(&target, Target::Place(place) if place.read_only);
    let consent = if analyze { context.confirm_unless_reading(database, read_only, &given.sql).await? } else { Consent::NONE };
    let asked = Explain { sql: given.sql.clone(), params, analyze, read_only, consent };
    let plan = match &target {
        Target::Transaction(handle, _) => context.sessions.explain_in(context.call, handle, asked).await?,
        Target::Place(place) => place.database.explain(asked).await?,
    };
    let mut document = JsonObject::new();
    put(&mut document, "database_id", Some(database.id()));
    put(&mut document, "text", Some(plan.text.clone()));
    put(&mut document, "plan", plan.json.and_then(|json| serde_json::from_str::<Value>(&json).ok()));
    Ok(answer::with_text(Value::Object(document).to_string(), plan.text))
}
