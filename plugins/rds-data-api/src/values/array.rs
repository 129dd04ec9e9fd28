//! Arrays as JSON.

use crate::protocol::{ArrayValue, Double};
use bulkhead_driver::ColumnKind;
use serde_json::{Number, Value};

/// The array's JSON. Numbers and booleans are bare, and so are digits that the service sent as a string, where the elements'
/// type is a number; what JSON has no number for is a string.
pub(super) fn json(array: &ArrayValue, element: Option<ColumnKind>) -> String {
    value(array, element).to_string()
}

fn value(array: &ArrayValue, element: Option<ColumnKind>) -> Value {
    Value::Array(match array {
        ArrayValue::Booleans(values) => values.iter().map(|one| one.map_or(Value::Null, Value::Bool)).collect(),
        ArrayValue::Longs(values) => values.iter().map(|one| one.map_or(Value::Null, Value::from)).collect(),
        ArrayValue::Doubles(values) => values.iter().map(|one| one.map_or(Value::Null, double)).collect(),
        ArrayValue::Texts(values) => {
            values.iter().map(|one| one.as_deref().map_or(Value::Null, |text| text_of(text, element))).collect()
        }
        ArrayValue::Arrays(values) => {
            values.iter().map(|one| one.as_ref().map_or(Value::Null, |inner| value(inner, element))).collect()
        }
    })
}

fn double(Double(double): Double) -> Value {
    match Number::from_f64(double) {
        Some(number) => Value::Number(number),
        None if double.is_nan() => "NaN".into(),
        None if double > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

fn text_of(text: &str, element: Option<ColumnKind>) -> Value {
    match element {
        Some(ColumnKind::Decimal | ColumnKind::Int64 | ColumnKind::Float64) => {
            text.parse::<Number>().map_or_else(|_| text.into(), Value::Number)
        }
        Some(ColumnKind::Timestamp) => super::datetime::timestamp(text).concat().into(),
        Some(ColumnKind::TimestampTz) => super::datetime::timestamp_tz(text).concat().into(),
        Some(ColumnKind::Time) => super::datetime::time(text).concat().into(),
        _ => text.into(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn arrays_of_every_kind() {
        let texts = |values: &[Option<&str>]| ArrayValue::Texts(values.iter().map(|one| one.map(str::to_owned)).collect());
        for (array, element, expected) in [
            (ArrayValue::Longs(vec![Some(i64::MAX), None]), None, "[9223372036854775807,null]"),
            (ArrayValue::Booleans(vec![Some(true)]), None, "[true]"),
            (ArrayValue::Doubles(vec![Some(Double(0.1)), Some(Double(f64::NAN))]), None, "[0.1,\"NaN\"]"),
            (texts(&[Some("1.50"), Some("NaN"), None]), Some(ColumnKind::Decimal), "[1.50,\"NaN\",null]"),
            (texts(&[Some("1.50"), Some("a\"b")]), Some(ColumnKind::Text), "[\"1.50\",\"a\\\"b\"]"),
            (texts(&[Some("2024-02-29 10:00:00")]), Some(ColumnKind::TimestampTz), "[\"2024-02-29T10:00:00Z\"]"),
            (ArrayValue::Arrays(vec![Some(texts(&[Some("a")])), None]), None, "[[\"a\"],null]"),
        ] {
            assert_eq!(json(&array, element), expected);
        }
    }
}
