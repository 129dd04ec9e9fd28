//! Parameters as the RDS Data API has them, on every database: `[{"name": "id", "value": {"longValue": 1}}]`, and `:id` in the
//! statement.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::contract::{ErrorKind, Parameter, ParameterStyle, Value};
use crate::database::Database;
use crate::error::CallError;
use crate::script::{self, Named};

/// One parameter, as the service's API reference has it (`SqlParameter`).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SqlParameter {
    name: String,
    value: Field,
    type_hint: Option<TypeHint>,
}

/// A value: exactly one of these (`Field`).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Field {
    IsNull(bool),
    BooleanValue(bool),
    LongValue(i64),
    DoubleValue(f64),
    StringValue(String),
    BlobValue(String),
    ArrayValue(ArrayValue),
}

#[derive(Deserialize)]
enum ArrayValue {
    #[serde(rename = "booleanValues")]
    Booleans(Vec<bool>),
    #[serde(rename = "longValues")]
    Longs(Vec<i64>),
    #[serde(rename = "doubleValues")]
    Doubles(Vec<f64>),
    #[serde(rename = "stringValues")]
    Strings(Vec<String>),
    #[serde(rename = "arrayValues")]
    Arrays(Vec<ArrayValue>),
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
enum TypeHint {
    Date,
    Decimal,
    Json,
    Time,
    Timestamp,
    Uuid,
}

/// Whether a call's parameters are in this form.
pub(in crate::mcp::tools) fn is_form(params: Option<&Json>) -> bool {
    let Some(Json::Array(params)) = params else { return false };
    let is_one = |one: &Json| one.get("name").is_some_and(Json::is_string) && one.get("value").is_some_and(Json::is_object);
    !params.is_empty() && params.iter().all(is_one)
}

/// The statement and its parameters as the database has them.
///
/// # Errors
/// A parameter that isn't one, or isn't in the statement.
pub(in crate::mcp::tools) fn bound(database: &Database, sql: &str, params: Json) -> Result<(String, Vec<Parameter>), CallError> {
    bind(database.dialect(), database.parameter_style(), sql, params).map_err(|why| why.of(database.id()))
}

fn bind(dialect: &str, style: ParameterStyle, sql: &str, params: Json) -> Result<(String, Vec<Parameter>), CallError> {
    let given: Vec<SqlParameter> = serde_json::from_value(params)
        .map_err(|why| invalid(format!("query_parameters don't fit the RDS Data API's form: {why}")))?;
    let mut places = script::named(dialect, sql)?;
    places.retain(|place| given.iter().any(|parameter| parameter.name == place.name));
    let by_name = !places.is_empty();
    let mut parameters = Vec::with_capacity(given.len());
    for (at, one) in given.iter().enumerate() {
        if given.iter().take(at).any(|other| other.name == one.name) {
            return Err(invalid(format!("the parameter {:?} is there twice", one.name)));
        }
        if by_name && !places.iter().any(|place| place.name == one.name) {
            return Err(invalid(format!("the statement has no :{}", one.name)));
        }
        // A statement in the database's own style has its values in the order in which they were given.
        let name = (by_name && style != ParameterStyle::Dollar).then(|| one.name.clone());
        parameters.push(one.parameter(dialect, name)?);
    }
    Ok((rewritten(style, sql, &places, &given), parameters))
}

/// The statement, its parameters written in the database's style.
fn rewritten(style: ParameterStyle, sql: &str, places: &[Named], given: &[SqlParameter]) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut rest = 0;
    for place in places {
        text.push_str(sql.get(rest..place.at.start).unwrap_or_default());
        match style {
            ParameterStyle::Dollar => {
                let number = given.iter().position(|one| one.name == place.name).map_or(0, |at| at + 1);
                text.push_str(&format!("${number}"));
            }
            ParameterStyle::AtName => text.push_str(&format!("@{}", place.name)),
            ParameterStyle::Question | ParameterStyle::ColonName => text.push_str(&format!(":{}", place.name)),
        }
        rest = place.at.end;
    }
    text.push_str(sql.get(rest..).unwrap_or_default());
    text
}

impl SqlParameter {
    fn parameter(&self, dialect: &str, name: Option<String>) -> Result<Parameter, CallError> {
        let type_hint = self.type_hint.and_then(|hint| hint.of(dialect)).map(str::to_owned);
        let value = match &self.value {
            Field::IsNull(true) => Value::Null,
            Field::IsNull(false) => return Err(invalid(format!("{:?}: isNull is true, or another member is given", self.name))),
            Field::BooleanValue(value) => Value::Boolean(*value),
            Field::LongValue(value) => Value::Int64(*value),
            Field::DoubleValue(value) => Value::Float64(*value),
            Field::StringValue(text) if self.type_hint == Some(TypeHint::Decimal) => Value::Decimal(text.trim().to_owned()),
            Field::StringValue(text) => Value::Text(text.clone()),
            Field::BlobValue(text) => {
                let bytes = BASE64_STANDARD.decode(text);
                Value::Bytes(bytes.map_err(|why| invalid(format!("{:?}: blobValue is base64: {why}", self.name)))?)
            }
            Field::ArrayValue(values) => Value::Json(values.json().to_string()),
        };
        Ok(Parameter { name, value, type_hint })
    }
}

impl ArrayValue {
    fn json(&self) -> Json {
        match self {
            ArrayValue::Booleans(values) => values.clone().into(),
            ArrayValue::Longs(values) => values.clone().into(),
            ArrayValue::Doubles(values) => values.clone().into(),
            ArrayValue::Strings(values) => values.clone().into(),
            ArrayValue::Arrays(values) => values.iter().map(ArrayValue::json).collect(),
        }
    }
}

impl TypeHint {
    /// The type that a database has for it. None: the value says it by itself.
    fn of(self, dialect: &str) -> Option<&'static str> {
        match (dialect, self) {
            // A file has no such types.
            ("sqlite", _) => None,
            // Its `decimal` has no fraction; the value's digits say more. JSON is text there.
            ("mssql", TypeHint::Decimal | TypeHint::Json) => None,
            ("mssql", TypeHint::Timestamp) => Some("datetime2"),
            ("mssql", TypeHint::Uuid) => Some("uniqueidentifier"),
            (_, TypeHint::Date) => Some("date"),
            (_, TypeHint::Decimal) => Some("decimal"),
            (_, TypeHint::Json) => Some("json"),
            (_, TypeHint::Time) => Some("time"),
            (_, TypeHint::Timestamp) => Some("timestamp"),
            (_, TypeHint::Uuid) => Some("uuid"),
        }
    }
}

fn invalid(message: String) -> CallError {
    CallError::new(ErrorKind::InvalidValue, message)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use serde_json::json;

    fn two() -> Json {
        json!([{"name": "day", "value": {"stringValue": "2024-02-29"}, "typeHint": "DATE"}, {"name": "id", "value": {"longValue": 7}}])
    }

    fn shown(dialect: &str, style: ParameterStyle, sql: &str, params: Json) -> (String, Vec<String>) {
        let (sql, params) = bind(dialect, style, sql, params).unwrap();
        let shown = |one: Parameter| format!("{:?} {:?} {:?}", one.name, one.value, one.type_hint).replace("Value::", "");
        (sql, params.into_iter().map(shown).collect())
    }

    #[test]
    fn each_style_has_its_own_names() {
        let sql = "SELECT ':id' FROM t WHERE id = :id AND day = :day OR parent = :id";
        for (dialect, style, expected, first) in [
            (
                "postgresql",
                ParameterStyle::Dollar,
                "SELECT ':id' FROM t WHERE id = $2 AND day = $1 OR parent = $2",
                "None Text(\"2024-02-29\") Some(\"date\")",
            ),
            (
                "mssql",
                ParameterStyle::AtName,
                "SELECT ':id' FROM t WHERE id = @id AND day = @day OR parent = @id",
                "Some(\"day\") Text(\"2024-02-29\") Some(\"date\")",
            ),
            ("sqlite", ParameterStyle::Question, sql, "Some(\"day\") Text(\"2024-02-29\") None"),
            ("postgresql", ParameterStyle::ColonName, sql, "Some(\"day\") Text(\"2024-02-29\") Some(\"date\")"),
        ] {
            let (text, params) = shown(dialect, style, sql, two());
            assert_eq!((text.as_str(), params[0].as_str()), (expected, first), "{dialect}");
            assert!(params[1].contains("Int64(7)"));
        }
        let (text, params) = shown("postgresql", ParameterStyle::Dollar, "SELECT $1, $2", two());
        assert!(text == "SELECT $1, $2" && params[0].starts_with("None"));
    }

    #[test]
    fn every_member() {
        for (value, hint, expected) in [
            (json!({"isNull": true}), None, "Null None"),
            (json!({"booleanValue": true}), None, "Boolean(true) None"),
            (json!({"longValue": i64::MIN}), None, "Int64(-9223372036854775808) None"),
            (json!({"doubleValue": 0.5}), None, "Float64(0.5) None"),
            (json!({"doubleValue": 2}), None, "Float64(2.0) None"),
            (json!({"stringValue": "1.50"}), Some("DECIMAL"), "Decimal(\"1.50\") Some(\"decimal\")"),
            (json!({"stringValue": "x"}), Some("UUID"), "Text(\"x\") Some(\"uuid\")"),
            (json!({"blobValue": "aGk="}), None, "Bytes([104, 105]) None"),
            (json!({"arrayValue": {"longValues": [1, 2]}}), None, "Json(\"[1,2]\") None"),
            (json!({"arrayValue": {"arrayValues": [{"stringValues": ["a"]}]}}), None, "Json(\"[[\\\"a\\\"]]\") None"),
        ] {
            let mut parameter = json!({"name": "a", "value": value});
            if let Some(hint) = hint {
                parameter["typeHint"] = json!(hint);
            }
            let (_, params) = shown("postgresql", ParameterStyle::Dollar, "SELECT :a", json!([parameter]));
            assert!(params[0].ends_with(expected), "{} {expected}", params[0]);
        }
    }

    #[test]
    fn what_is_no_parameter_is_said() {
        for (params, said) in [
            (json!([{"name": "a", "value": {"longValue": "1"}}]), "query_parameters"),
            (json!([{"name": "a", "value": {"longValue": 1, "stringValue": "1"}}]), "query_parameters"),
            (json!([{"name": "a", "value": {"isNull": false}}]), "isNull"),
            (json!([{"name": "a", "value": {"blobValue": "?"}}]), "base64"),
            (json!([{"name": "a", "value": {"longValue": 1}, "typeHint": "INT"}]), "query_parameters"),
            (json!([{"name": "a", "value": {"isNull": true}}, {"name": "b", "value": {"isNull": true}}]), "no :b"),
            (json!([{"name": "a", "value": {"isNull": true}}, {"name": "a", "value": {"isNull": true}}]), "twice"),
        ] {
            let why = bind("postgresql", ParameterStyle::Dollar, "SELECT :a", params.clone()).unwrap_err();
            assert!(why.record().message.contains(said), "{params}: {}", why.record().message);
        }
        assert!(is_form(Some(&two())));
        for other in [json!([40, 2]), json!([]), json!({"name": "a"}), json!([{"type": "int4", "value": null}])] {
            assert!(!is_form(Some(&other)));
        }
    }
}
