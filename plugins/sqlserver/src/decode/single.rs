//! Values one by one: output parameters, and rows of the driver's own queries as text.

use super::{push, value};
use crate::protocol::{Codec, Reader, Scalar, Stop, Type};
use bulkhead_driver::{ColumnBuilder, Layout, Value, Values};

/// How a value's column is laid out.
fn layout(scalar: Scalar) -> Layout {
    if scalar == Scalar::Variant { Layout::Mixed } else { Layout::of(scalar.kind()) }
}

/// Reads a value of a type.
///
/// # Errors
/// If it makes no sense, or hasn't come wholly.
pub fn single(reader: &mut Reader<'_>, kind: &Type) -> Result<Value, Stop> {
    let Some(bytes) = value(reader, kind.codec.shape)? else { return Ok(Value::Null) };
    let scalar = kind.codec.scalar;
    let mut batch = bulkhead_driver::BatchBuilder::new([layout(scalar)]);
    batch.columns_mut().first_mut().map_or(Ok(()), |column: &mut ColumnBuilder| push(scalar, &bytes, column))?;
    batch.end_row();
    let values = batch.finish().ok().and_then(|batch| batch.columns.into_iter().next()).map(|column| column.values);
    Ok(match values {
        None => Value::Null,
        Some(Values::Booleans(bits)) => Value::Boolean(bits.first().is_some_and(|byte| byte & 1 == 1)),
        Some(Values::Int64s(values)) => values.first().map_or(Value::Null, |value| Value::Int64(*value)),
        Some(Values::Float64s(values)) => values.first().map_or(Value::Null, |value| Value::Float64(*value)),
        Some(Values::Varying(values)) if scalar == Scalar::Binary => Value::Bytes(values.data),
        Some(Values::Varying(values)) => {
            let text = String::from_utf8(values.data).unwrap_or_default();
            match scalar {
                Scalar::Decimal(_) | Scalar::Money => Value::Decimal(text),
                Scalar::Json | Scalar::Vector(_) => Value::Json(text),
                _ => Value::Text(text),
            }
        }
        Some(Values::Mixed(values)) => mixed(&values.data),
    })
}

fn mixed(data: &[u8]) -> Value {
    let Some((tag, bytes)) = data.split_first() else { return Value::Null };
    if *tag == b'x' {
        return Value::Bytes(bytes.to_vec());
    }
    let text = String::from_utf8_lossy(bytes).into_owned();
    match tag {
        b'i' => text.parse().map_or(Value::Text(text), Value::Int64),
        b'f' => text.parse().map_or(Value::Null, Value::Float64),
        _ => Value::Text(text),
    }
}

/// Reads a row, from after its tag on, as text. Answers its size with it.
///
/// # Errors
/// If it makes no sense, or hasn't come wholly.
pub fn text(bytes: &[u8], bitmap: bool, codecs: &[Codec]) -> Result<(Vec<Option<String>>, usize), Stop> {
    let mut reader = Reader::new(bytes);
    let nulls = if bitmap { reader.take(codecs.len().div_ceil(8))? } else { &[] };
    let mut row = Vec::with_capacity(codecs.len());
    for (at, codec) in codecs.iter().enumerate() {
        if super::is_null(nulls, at) {
            row.push(None);
            continue;
        }
        let kind = Type { codec: *codec, name: String::new() };
        row.push(match single(&mut reader, &kind)? {
            Value::Null => None,
            Value::Boolean(value) => Some(u8::from(value).to_string()),
            Value::Int64(value) => Some(value.to_string()),
            Value::Float64(value) => Some(value.to_string()),
            Value::Decimal(text) | Value::Text(text) | Value::Json(text) => Some(text),
            Value::Bytes(bytes) => Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        });
    }
    Ok((row, reader.position()))
}
