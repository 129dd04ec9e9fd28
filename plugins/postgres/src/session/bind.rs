//! Parameters: the types declared for them, and their values as Bind has them.
//!
//! Values go as text, so that the server reads them as the type it inferred, exactly; bytes go in binary, declared as bytea.
//! A JSON array for an array parameter becomes an array's text.

use super::{Fault, Session};
use crate::protocol::frontend::BindValue;
use crate::types;
use crate::wire::Wire;
use bulkhead_driver::{Error, ErrorKind, Parameter, Value};
use std::borrow::Cow;

/// The protocol counts parameters in 16 bits.
const MOST_PARAMETERS: usize = 65_535;

impl<W: Wire> Session<W> {
    /// The types to declare in Parse: what a hint says, bytea for bytes, 0 for what the server is to infer.
    pub(super) fn declared(&mut self, params: &[Parameter]) -> Result<Vec<u32>, Fault> {
        if params.len() > MOST_PARAMETERS {
            return Err(Error::new(ErrorKind::InvalidValue, format!("at most {MOST_PARAMETERS} parameters")).into());
        }
        if let Some(name) = params.iter().find_map(|param| param.name.as_deref()) {
            let error = Error::new(ErrorKind::Unsupported, format!("the parameter `{name}` is named; here they are numbered"));
            return Err(error.hint("write $1, $2, ... and give the values in that order").into());
        }
        let mut declared = Vec::with_capacity(params.len());
        for param in params {
            declared.push(match (&param.type_hint, &param.value) {
                (Some(hint), _) => self.type_named(hint)?,
                (None, Value::Bytes(_)) => types::BYTEA,
                (None, _) => 0,
            });
        }
        Ok(declared)
    }

    /// The values for parameters of these types.
    pub(super) fn values<'a>(&mut self, params: &'a [Parameter], types: &[u32]) -> Result<Vec<BindValue<'a>>, Fault> {
        if params.len() != types.len() {
            let message = format!("the statement takes {} parameters, and {} were given", types.len(), params.len());
            return Err(Error::new(ErrorKind::InvalidValue, message).sqlstate("08P01").into());
        }
        let arrays = params.iter().zip(types).filter(|(param, _)| is_json_array(param)).map(|(_, oid)| *oid);
        let arrays: Vec<u32> = arrays.collect();
        self.look_up(&arrays)?;
        let mut values = Vec::with_capacity(params.len());
        for (param, oid) in params.iter().zip(types) {
            let delimiter = if is_json_array(param) { self.types.delimiter(*oid) } else { None };
            values.push(bind_value(&param.value, *oid, delimiter)?);
        }
        Ok(values)
    }
}

fn is_json_array(param: &Parameter) -> bool {
    matches!(&param.value, Value::Json(json) if json.trim_start().starts_with('['))
}

fn bind_value(value: &Value, oid: u32, delimiter: Option<u8>) -> Result<BindValue<'_>, Error> {
    let text: Cow<'_, str> = match value {
        Value::Null => return Ok(BindValue::Null),
        Value::Bytes(bytes) if oid == types::BYTEA => return Ok(BindValue::Binary(bytes)),
        Value::Bytes(bytes) => std::str::from_utf8(bytes)
            .map_err(|_| {
                Error::new(ErrorKind::InvalidValue, "bytes were given for a parameter that takes text, and are not UTF-8")
            })?
            .into(),
        Value::Boolean(value) => value.to_string().into(),
        Value::Int64(value) => value.to_string().into(),
        Value::Float64(value) if value.is_nan() => "NaN".into(),
        Value::Float64(value) if value.is_infinite() => if *value > 0.0 { "Infinity" } else { "-Infinity" }.into(),
        Value::Float64(value) => format!("{value:?}").into(),
        Value::Decimal(text) | Value::Text(text) => text.into(),
        Value::Json(json) => match delimiter {
            Some(delimiter) => array(json, delimiter)?.into(),
            None => json.into(),
        },
    };
    if text.contains('\0') {
        let error = Error::new(ErrorKind::InvalidValue, "a parameter's text contains a zero byte, which PostgreSQL can't hold");
        return Err(error.sqlstate("22021"));
    }
    Ok(BindValue::Text(text))
}

/// A JSON array as PostgreSQL's text of an array.
fn array(json: &str, delimiter: u8) -> Result<String, Error> {
    let value: serde_json::Value = serde_json::from_str(json)
        .map_err(|error| Error::new(ErrorKind::InvalidValue, format!("an array parameter is not JSON: {error}")))?;
    let mut text = String::new();
    element(&value, delimiter, &mut text);
    Ok(text)
}

fn element(value: &serde_json::Value, delimiter: u8, text: &mut String) {
    match value {
        serde_json::Value::Null => text.push_str("NULL"),
        serde_json::Value::Array(values) => {
            text.push('{');
            for (position, value) in values.iter().enumerate() {
                if position > 0 {
                    text.push(char::from(delimiter));
                }
                element(value, delimiter, text);
            }
            text.push('}');
        }
        serde_json::Value::String(value) => quote(value, text),
        other => quote(&other.to_string(), text),
    }
}

fn quote(value: &str, text: &mut String) {
    text.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn json_arrays_become_arrays() {
        let array = |json| array(json, b',').unwrap();
        assert_eq!(array("[]"), "{}");
        assert_eq!(array(r#"[1, -2.50, null, "a\"b\\", true]"#), r#"{"1","-2.50",NULL,"a\"b\\","true"}"#);
        assert_eq!(array("[[1],[2]]"), r#"{{"1"},{"2"}}"#);
        assert_eq!(array(r#"[{"a": 1}]"#), r#"{"{\"a\":1}"}"#);
    }

    #[test]
    fn values_are_exact() {
        let text = |value| match bind_value(&value, 0, None).unwrap() {
            BindValue::Text(text) => text.into_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(text(Value::Int64(i64::MIN)), "-9223372036854775808");
        assert_eq!(text(Value::Float64(0.1)), "0.1");
        assert_eq!(text(Value::Float64(f64::NEG_INFINITY)), "-Infinity");
        assert_eq!(text(Value::Decimal("1e400".into())), "1e400");
        assert_eq!(bind_value(&Value::Bytes(vec![0, 255]), 17, None).unwrap(), BindValue::Binary(&[0, 255]));
        assert!(bind_value(&Value::Text("a\0".into()), 0, None).is_err());
    }
}
