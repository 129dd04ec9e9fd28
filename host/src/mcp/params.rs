//! Parameters as JSON, from a model or a command line, into the contract's.
//!
//! | JSON | parameter |
//! |---|---|
//! | `null`, `true`, `"text"` | NULL, a boolean, text |
//! | `7` | an integer; beyond 64 bits, or with a fraction or exponent, a decimal with every digit |
//! | `{"base64": "..."}` | bytes |
//! | `{"type": "int4", "value": null}` | the value, with the database's own name of its type |
//! | any other object or array | JSON |

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Map, Value as Json};

use crate::contract::{ErrorKind, Parameter, Value};
use crate::error::CallError;

/// More parameters than this no database takes: PostgreSQL's limit, the highest.
const MAX_PARAMETERS: usize = 65_535;

/// All parameters of a call: an array for positions, an object for names.
pub(super) fn parameters(json: Option<Json>) -> Result<Vec<Parameter>, CallError> {
    let parameters: Vec<Parameter> = match json {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Array(values)) => values.into_iter().map(|value| parameter(None, value)).collect::<Result<_, _>>()?,
        Some(Json::Object(named)) => named
            .into_iter()
            .map(|(name, value)| parameter(Some(name.trim_start_matches(['@', ':', '$']).to_owned()), value))
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(invalid("params is an array (by position) or an object (by name)")),
    };
    if parameters.len() > MAX_PARAMETERS {
        return Err(invalid(format!("{} parameters; the limit is {MAX_PARAMETERS}", parameters.len())));
    }
    Ok(parameters)
}

/// One parameter.
///
/// # Errors
/// Bytes that aren't base64.
pub fn parameter(name: Option<String>, json: Json) -> Result<Parameter, CallError> {
    let (value, type_hint) = match json {
        Json::Object(mut object)
            if object.len() == 2 && object.contains_key("value") && object.get("type").is_some_and(Json::is_string) =>
        {
            let hint = match object.remove("type") {
                Some(Json::String(hint)) => Some(hint),
                _ => None,
            };
            (object.remove("value").unwrap_or_default(), hint)
        }
        other => (other, None),
    };
    Ok(Parameter { name, value: plain(value)?, type_hint })
}

fn plain(json: Json) -> Result<Value, CallError> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Boolean(value),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Decimal(number.to_string()), Value::Int64),
        Json::String(text) => Value::Text(text),
        Json::Object(object) => match base64(&object) {
            Some(text) => {
                Value::Bytes(BASE64_STANDARD.decode(text).map_err(|why| invalid(format!("a parameter's base64: {why}")))?)
            }
            None => Value::Json(Json::Object(object).to_string()),
        },
        array @ Json::Array(_) => Value::Json(array.to_string()),
    })
}

fn base64(object: &Map<String, Json>) -> Option<&str> {
    if object.len() == 1 { object.get("base64")?.as_str() } else { None }
}

fn invalid(message: impl Into<String>) -> CallError {
    CallError::new(ErrorKind::InvalidValue, message)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn read(json: &str) -> Vec<Parameter> {
        parameters(Some(serde_json::from_str(json).unwrap())).unwrap()
    }

    fn shown(json: &str) -> String {
        let parameter = read(&format!("[{json}]")).remove(0);
        format!("{:?} {:?}", parameter.value, parameter.type_hint)
    }

    #[test]
    fn numbers_keep_their_digits() {
        for (json, expected) in [
            ("7", "Int64(7)"),
            ("-9223372036854775808", "Int64(-9223372036854775808)"),
            ("9223372036854775808", "Decimal(\"9223372036854775808\")"),
            ("0.10", "Decimal(\"0.10\")"),
            ("123456789012345678901234567890.123456789", "Decimal(\"123456789012345678901234567890.123456789\")"),
        ] {
            assert!(shown(json).contains(expected), "{}", shown(json));
        }
    }

    #[test]
    fn objects_are_json_unless_they_say_otherwise() {
        assert!(shown(r#"{"a": [1.50]}"#).contains(r#"Json("{\"a\":[1.50]}")"#), "{}", shown(r#"{"a": [1.50]}"#));
        assert!(shown(r#"{"base64": "aGk="}"#).contains("[104, 105]"));
        assert!(shown(r#"{"type": "int4", "value": null}"#).ends_with("Null Some(\"int4\")"));
        assert!(parameters(Some(serde_json::json!([{"base64": "a"}]))).is_err());
        assert!(parameters(Some(serde_json::json!("a"))).is_err());
    }

    #[test]
    fn names_lose_their_prefix() {
        let named = read(r#"{"@a": 1, ":b": 2, "c": 3}"#);
        assert_eq!(named.iter().map(|parameter| parameter.name.as_deref().unwrap()).collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}
