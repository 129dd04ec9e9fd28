//! Saved statements: each a tool of its own, from the configuration.

use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use serde_json::{Map, Value, json};

use super::super::{failure, params};
use super::query::{DEFAULT_ROWS, Format, Limits, MAX_BYTES, answered, keep, output};
use super::{Context, To, answer_or_error, arguments, object, with_place};
use crate::config::{SavedParameter, SavedStatement};
use crate::contract::ErrorKind;
use crate::database::Statement;
use crate::error::CallError;

pub(super) fn tool(name: &str, saved: &SavedStatement) -> Tool {
    let annotations = ToolAnnotations::with_title(name)
        .read_only(saved.read_only)
        .destructive(!saved.read_only)
        .idempotent(saved.read_only)
        .open_world(false);
    let mut properties: Map<String, Value> =
        saved.parameters.iter().map(|parameter| (parameter.name.clone(), schema(parameter))).collect();
    properties.insert("format".to_owned(), json!({"type": "string", "enum": ["json", "objects", "csv", "markdown", "arrow"]}));
    let required: Vec<&str> = saved
        .parameters
        .iter()
        .filter(|parameter| parameter.default.is_none())
        .map(|parameter| parameter.name.as_str())
        .collect();
    let input = json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    let input = if saved.database_id.is_some() { input } else { with_place(input) };
    Tool::new(name.to_owned(), saved.description.clone(), object(input))
        .with_raw_output_schema(object(answer_or_error(output())))
        .annotate(annotations)
}

fn schema(parameter: &SavedParameter) -> Value {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!([parameter.kind.name(), "null"]));
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            schema.insert(name.to_owned(), value);
        }
    };
    put("description", parameter.description.clone().map(Value::from));
    put("default", parameter.default.clone());
    put("enum", (!parameter.values.is_empty()).then(|| parameter.values.clone().into()));
    Value::Object(schema)
}

pub(super) async fn call(context: Context<'_>, saved: &SavedStatement, given: JsonObject) -> CallToolResult {
    failure::outcome(run(context, saved, given).await, None)
}

async fn run(context: Context<'_>, saved: &SavedStatement, mut given: JsonObject) -> Result<CallToolResult, CallError> {
    let format = match given.remove("format") {
        None => Format::default(),
        Some(format) => {
            serde_json::from_value(format).map_err(|why| CallError::new(ErrorKind::InvalidValue, format!("format: {why}")))?
        }
    };
    let values: Vec<Value> =
        saved.parameters.iter().map(|parameter| value(parameter, given.remove(&parameter.name))).collect::<Result<_, _>>()?;
    // What is left says where the call goes, or is an error.
    let to: To = match &saved.database_id {
        None => {
            let names = ["session", "database_id", "database"];
            let shared = names.into_iter().filter_map(|name| given.remove_entry(name)).collect();
            arguments(shared)?
        }
        Some(id) => arguments([("database_id".to_owned(), id.clone().into())].into_iter().collect())?,
    };
    if let Some(name) = given.keys().next() {
        let names: Vec<&str> = saved.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        return Err(CallError::new(ErrorKind::InvalidValue, format!("there is no parameter {name:?}"))
            .hint(format!("there are: {}", names.join(", "))));
    }
    let place = context.place(&to).await?;
    let database = &place.database;
    let read_only = saved.read_only || place.read_only;
    let consent = context.confirm_unless_reading(database, read_only, &saved.sql).await?;
    let (most_rows, most_bytes) = database.most();
    let limits =
        Limits { rows: saved.max_rows.unwrap_or(DEFAULT_ROWS).min(most_rows), most_rows, bytes: MAX_BYTES.min(most_bytes) };
    let statement = Statement {
        sql: saved.sql.clone(),
        params: params::parameters(Some(Value::Array(values)))?,
        read_only,
        consent,
        timeout: None,
        max_rows: limits.rows,
        max_bytes: limits.bytes,
    };
    let (result, cursor) = context.sessions.query(context.call, &place, statement).await?;
    let links = if format == Format::Arrow { keep(context, database.id(), &result, format)? } else { Vec::new() };
    Ok(answered(database.id(), &result, format, limits, cursor.as_deref(), &links))
}

fn value(parameter: &SavedParameter, given: Option<Value>) -> Result<Value, CallError> {
    let wrong = |why: String| CallError::new(ErrorKind::InvalidValue, format!("{}: {why}", parameter.name));
    let value = match given.or_else(|| parameter.default.clone()) {
        Some(value) => value,
        None => return Err(wrong("is missing".to_owned())),
    };
    if !parameter.kind.is_of(&value) {
        return Err(wrong(format!("has to be of type {}", parameter.kind.name())));
    }
    if !parameter.values.is_empty() && !parameter.values.contains(&value) {
        return Err(wrong(format!("has to be one of {}", Value::Array(parameter.values.clone()))));
    }
    Ok(match &parameter.native_type {
        Some(native) => json!({"type": native, "value": value}),
        None => value,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn saved() -> SavedStatement {
        serde_json::from_value(json!({
            "description": "d",
            "sql": "SELECT $1, $2",
            "parameters": [
                {"name": "since", "description": "a day"},
                {"name": "limit", "type": "integer", "default": 10, "native_type": "int4"},
                {"name": "kind", "enum": ["a", "b"], "default": "a"}
            ]
        }))
        .unwrap()
    }

    #[test]
    fn the_schema_says_what_is_required() {
        let tool = tool("top", &saved());
        assert_eq!(tool.input_schema["required"], json!(["since"]));
        assert_eq!(tool.input_schema["properties"]["limit"], json!({"type": ["integer", "null"], "default": 10}));
        assert!(tool.input_schema["properties"].get("database_id").is_some());
    }

    #[test]
    fn values_are_checked_and_typed() {
        let saved = saved();
        let of = |at: usize, given: Option<Value>| value(&saved.parameters[at], given);
        assert_eq!(of(0, Some("x".into())).unwrap(), "x");
        assert_eq!(of(1, None).unwrap(), json!({"type": "int4", "value": 10}));
        assert_eq!(of(0, Some(Value::Null)).unwrap(), Value::Null);
        for (at, given, said) in [
            (0, None, "since: is missing"),
            (1, Some(json!(1.5)), "limit: has to be of type integer"),
            (2, Some("c".into()), "one of"),
        ] {
            let why = of(at, given).unwrap_err();
            assert!(why.record().message.contains(said), "{}", why.record().message);
        }
    }
}
