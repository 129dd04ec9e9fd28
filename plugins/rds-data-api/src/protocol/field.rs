//! One value: a union with one member.

use serde::de::{DeserializeSeed, Deserializer, Error, Unexpected};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde::{Deserialize, de::Visitor};
use std::fmt;

/// A value in a record or a parameter.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "Wire")]
pub enum Field {
    /// NULL.
    Null,
    /// `booleanValue`
    Boolean(bool),
    /// `longValue`
    Long(i64),
    /// `doubleValue`
    Double(f64),
    /// `stringValue`
    Text(String),
    /// `blobValue`, in base64.
    Blob(String),
    /// `arrayValue`
    Array(ArrayValue),
}

#[derive(Deserialize)]
enum Wire {
    #[serde(rename = "isNull")]
    Null(#[allow(dead_code, reason = "it says true")] bool),
    #[serde(rename = "booleanValue")]
    Boolean(bool),
    #[serde(rename = "longValue")]
    Long(i64),
    #[serde(rename = "doubleValue")]
    Double(Double),
    #[serde(rename = "stringValue")]
    Text(String),
    #[serde(rename = "blobValue")]
    Blob(String),
    #[serde(rename = "arrayValue")]
    Array(ArrayValue),
}

/// An array; NULLs in it have no member of the union, but JSON's null.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs)]
pub enum ArrayValue {
    #[serde(rename = "booleanValues")]
    Booleans(Vec<Option<bool>>),
    #[serde(rename = "longValues")]
    Longs(Vec<Option<i64>>),
    #[serde(rename = "doubleValues")]
    Doubles(Vec<Option<Double>>),
    #[serde(rename = "stringValues")]
    Texts(Vec<Option<String>>),
    #[serde(rename = "arrayValues")]
    Arrays(Vec<Option<ArrayValue>>),
}

/// A double, which JSON has no number for when it isn't finite: then it is a string.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Double(pub f64);

impl From<Wire> for Field {
    fn from(wire: Wire) -> Field {
        match wire {
            Wire::Null(_) => Field::Null,
            Wire::Boolean(value) => Field::Boolean(value),
            Wire::Long(value) => Field::Long(value),
            Wire::Double(Double(value)) => Field::Double(value),
            Wire::Text(value) => Field::Text(value),
            Wire::Blob(value) => Field::Blob(value),
            Wire::Array(value) => Field::Array(value),
        }
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(1))?;
        match self {
            Field::Null => map.serialize_entry("isNull", &true)?,
            Field::Boolean(value) => map.serialize_entry("booleanValue", value)?,
            Field::Long(value) => map.serialize_entry("longValue", value)?,
            Field::Double(value) => map.serialize_entry("doubleValue", value)?,
            Field::Text(value) => map.serialize_entry("stringValue", value)?,
            Field::Blob(value) => map.serialize_entry("blobValue", value)?,
            Field::Array(_) => return Err(serde::ser::Error::custom("the service takes no arrays")),
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Double, D::Error> {
        struct Number;
        impl<'de> Visitor<'de> for Number {
            type Value = Double;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or NaN or Infinity as a string")
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Double, E> {
                Ok(Double(value))
            }

            #[allow(clippy::cast_precision_loss, reason = "it stands for a double, and was written without a point")]
            fn visit_i64<E: Error>(self, value: i64) -> Result<Double, E> {
                Ok(Double(value as f64))
            }

            #[allow(clippy::cast_precision_loss, reason = "as above")]
            fn visit_u64<E: Error>(self, value: u64) -> Result<Double, E> {
                Ok(Double(value as f64))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Double, E> {
                match value {
                    "NaN" => Ok(Double(f64::NAN)),
                    "Infinity" => Ok(Double(f64::INFINITY)),
                    "-Infinity" => Ok(Double(f64::NEG_INFINITY)),
                    other => Err(E::invalid_value(Unexpected::Str(other), &self)),
                }
            }

            // How serde_json hands a number over when it keeps every digit of it.
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Double, A::Error> {
                map.next_key::<serde::de::IgnoredAny>()?;
                map.next_value_seed(Digits)
            }
        }
        from.deserialize_any(Number)
    }
}

/// The digits of a number, as a string.
struct Digits;

impl<'de> DeserializeSeed<'de> for Digits {
    type Value = Double;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Double, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Digits {
    type Value = Double;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_str<E: Error>(self, digits: &str) -> Result<Double, E> {
        let value = digits.parse().ok().filter(|value: &f64| value.is_finite());
        value.map(Double).ok_or_else(|| E::custom("a number beyond a double"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn every_member() {
        for (json, field) in [
            (r#"{"isNull":true}"#, Field::Null),
            (r#"{"booleanValue":false}"#, Field::Boolean(false)),
            (r#"{"longValue":-9223372036854775808}"#, Field::Long(i64::MIN)),
            (r#"{"doubleValue":0.1}"#, Field::Double(0.1)),
            (r#"{"doubleValue":7}"#, Field::Double(7.0)),
            (r#"{"doubleValue":1e308}"#, Field::Double(1e308)),
            (r#"{"doubleValue":"-Infinity"}"#, Field::Double(f64::NEG_INFINITY)),
            (r#"{"stringValue":"\u00e9"}"#, Field::Text("é".into())),
            (r#"{"blobValue":"AA=="}"#, Field::Blob("AA==".into())),
            (r#"{"arrayValue":{"longValues":[1,null]}}"#, Field::Array(ArrayValue::Longs(vec![Some(1), None]))),
            (
                r#"{"arrayValue":{"doubleValues":[1.5,"Infinity"]}}"#,
                Field::Array(ArrayValue::Doubles(vec![Some(Double(1.5)), Some(Double(f64::INFINITY))])),
            ),
            (
                r#"{"arrayValue":{"arrayValues":[{"stringValues":["a"]}]}}"#,
                Field::Array(ArrayValue::Arrays(vec![Some(ArrayValue::Texts(vec![Some("a".into())]))])),
            ),
        ] {
            assert_eq!(serde_json::from_str::<Field>(json).unwrap(), field, "{json}");
        }
        for wrong in [
            "{}",
            r#"{"longValue":1.5}"#,
            r#"{"longValue":9223372036854775808}"#,
            r#"{"doubleValue":"much"}"#,
            r#"{"longValue":1,"isNull":true}"#,
        ] {
            serde_json::from_str::<Field>(wrong).unwrap_err();
        }
    }
}
