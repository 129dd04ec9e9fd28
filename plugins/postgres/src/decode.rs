//! From a DataRow's bytes to columns, without a row in between.
//!
//! Each column has a [`Codec`], chosen once for a statement; a value goes from the wire's bytes into the column's buffer in
//! one step. Bytes that don't fit their type are the server's fault, not the caller's: a [`Malformed`].

mod array;
mod calendar;
mod datetime;
mod interval;
mod json;
mod numeric;
mod short;
mod text_array;

use crate::protocol::Malformed;
use crate::types::{Codec, Scalar};
use bulkhead_driver::{BatchBuilder, Buffer, ColumnBuilder};

/// Appends one row.
///
/// # Errors
/// If the body isn't a row of these columns. The row is then half there: the batch is to be thrown away.
#[inline]
pub fn row(body: &[u8], codecs: &[Codec], batch: &mut BatchBuilder) -> Result<(), Malformed> {
    let (count, mut rest) = body.split_first_chunk().ok_or(SHORT)?;
    if usize::from(u16::from_be_bytes(*count)) != codecs.len() {
        return Err(Malformed("a row has another number of columns than was described"));
    }
    for (codec, column) in codecs.iter().zip(batch.columns_mut()) {
        let (length, after) = rest.split_first_chunk().ok_or(SHORT)?;
        let length = i32::from_be_bytes(*length);
        if length == -1 {
            column.push_null();
            rest = after;
            continue;
        }
        let length = usize::try_from(length).map_err(|_| Malformed("a value has a negative length"))?;
        let (bytes, after) = after.split_at_checked(length).ok_or(SHORT)?;
        rest = after;
        value(codec, bytes, column)?;
    }
    batch.end_row();
    Ok(())
}

const SHORT: Malformed = Malformed("a row is shorter than its values");
const WRONG_SIZE: Malformed = Malformed("a value's size is not its type's");

/// Appends one value to its column.
#[inline]
fn value(codec: &Codec, bytes: &[u8], column: &mut ColumnBuilder) -> Result<(), Malformed> {
    match codec {
        Codec::Scalar(Scalar::Text | Scalar::Json) | Codec::Text(_) => column.push_utf8(bytes),
        Codec::Scalar(Scalar::Int4) => column.push_int64(i32::from_be_bytes(fixed(bytes)?).into()),
        Codec::Scalar(Scalar::Int8) => column.push_int64(i64::from_be_bytes(fixed(bytes)?)),
        Codec::Scalar(Scalar::Int2) => column.push_int64(i16::from_be_bytes(fixed(bytes)?).into()),
        Codec::Scalar(Scalar::Oid) => column.push_int64(u32::from_be_bytes(fixed(bytes)?).into()),
        Codec::Scalar(Scalar::Bool) => column.push_bool(u8::from_be_bytes(fixed(bytes)?) != 0),
        Codec::Scalar(Scalar::Float8) => column.push_float64(f64::from_be_bytes(fixed(bytes)?)),
        Codec::Scalar(Scalar::Float4) => column.push_float64(widen(bytes)?),
        Codec::Scalar(Scalar::Bytea) => column.push_bytes(bytes),
        Codec::Scalar(scalar) => column.push_with(|out| spell(*scalar, bytes, out))?,
        Codec::Array(element) => column.push_with(|out| array::spell(*element, bytes, out))?,
        Codec::TextArray(delimiter) => {
            column.push_with(|out| text_array::spell(*delimiter, json::string, bytes, out))?;
        }
        Codec::FloatArray => column.push_with(|out| text_array::spell(b',', json::float, bytes, out))?,
    }
    Ok(())
}

/// Spells a scalar of a kind that columns hold as text.
fn spell(scalar: Scalar, bytes: &[u8], out: &mut Buffer) -> Result<(), Malformed> {
    match scalar {
        Scalar::Numeric => numeric::spell(bytes, out)?,
        Scalar::Timestamp => datetime::timestamp(i64::from_be_bytes(fixed(bytes)?), false, out),
        Scalar::TimestampTz => datetime::timestamp(i64::from_be_bytes(fixed(bytes)?), true, out),
        Scalar::Date => datetime::date(i32::from_be_bytes(fixed(bytes)?), out),
        Scalar::Time => datetime::time(i64::from_be_bytes(fixed(bytes)?), None, out),
        Scalar::TimeTz => {
            let (micros, west) = bytes.split_first_chunk().ok_or(WRONG_SIZE)?;
            datetime::time(i64::from_be_bytes(*micros), Some(i32::from_be_bytes(fixed(west)?)), out);
        }
        Scalar::Interval => {
            let (micros, rest) = bytes.split_first_chunk().ok_or(WRONG_SIZE)?;
            let (days, months) = rest.split_first_chunk().ok_or(WRONG_SIZE)?;
            let (days, months) = (i32::from_be_bytes(*days), i32::from_be_bytes(fixed(months)?));
            interval::spell(i64::from_be_bytes(*micros), days, months, out);
        }
        Scalar::Uuid => uuid(fixed(bytes)?, out),
        Scalar::Jsonb => out.extend_utf8(jsonb(bytes)?),
        // These have columns of their own, or are text already.
        _ => out.extend_utf8(bytes),
    }
    Ok(())
}

/// The text of a jsonb: after its version, of which there is one.
fn jsonb(bytes: &[u8]) -> Result<&[u8], Malformed> {
    bytes.strip_prefix(&[1]).ok_or(Malformed("a jsonb of an unknown version"))
}

/// The float8 that has the float4's digits: 0.1 stays 0.1. It rounds back to the same float4.
fn widen(digits: &[u8]) -> Result<f64, Malformed> {
    std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).ok_or(Malformed("a float4 that is no number"))
}

fn uuid(bytes: [u8; 16], out: &mut Buffer) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let hex = |half: u8| HEX.get(usize::from(half & 15)).copied().unwrap_or(b'0');
    let mut text = short::Text::<36>::new();
    for (at, byte) in bytes.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push(b'-');
        }
        text.push(hex(byte >> 4));
        text.push(hex(byte));
    }
    out.extend_utf8(text.bytes());
}

#[inline]
fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Malformed> {
    bytes.try_into().map_err(|_| WRONG_SIZE)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests;
