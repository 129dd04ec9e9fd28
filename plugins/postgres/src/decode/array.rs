//! Arrays in their binary form, as JSON (`utils/adt/arrayfuncs.c`, `array_send`). Lower bounds other than 1 aren't shown.

use super::{fixed, json, jsonb, spell as spell_scalar};
use crate::protocol::{Malformed, Reader};
use crate::types::Scalar;
use bulkhead_driver::Buffer;
use std::fmt::Write;

/// The server's own limit (MAXDIM).
const MOST_DIMENSIONS: usize = 6;

/// `[[1,2],[3,null]]`.
pub(super) fn spell(element: Scalar, bytes: &[u8], out: &mut Buffer) -> Result<(), Malformed> {
    let mut reader = Reader::new(bytes);
    let dimensions = usize::try_from(reader.i32()?).ok().filter(|count| *count <= MOST_DIMENSIONS);
    let dimensions = dimensions.ok_or(Malformed("an array of impossible dimensions"))?;
    // Whether there are NULLs, and the elements' type: both are known otherwise.
    reader.take(8)?;
    let mut lengths = [0_i32; MOST_DIMENSIONS];
    for length in lengths.iter_mut().take(dimensions) {
        *length = reader.i32()?;
        // The lower bound.
        reader.take(4)?;
    }
    match lengths.get(..dimensions) {
        Some(lengths) if dimensions > 0 => nested(lengths, element, &mut reader, out)?,
        _ => out.extend_text("[]"),
    }
    if reader.is_empty() { Ok(()) } else { Err(Malformed("an array is longer than its elements")) }
}

fn nested(lengths: &[i32], element: Scalar, reader: &mut Reader<'_>, out: &mut Buffer) -> Result<(), Malformed> {
    let Some((length, inner)) = lengths.split_first() else {
        return match reader.value()? {
            None => {
                out.extend_text("null");
                Ok(())
            }
            Some(bytes) => item(element, bytes, out),
        };
    };
    out.push_ascii(b'[');
    for position in 0..*length {
        if position > 0 {
            out.push_ascii(b',');
        }
        // A length that the bytes don't bear out ends with an error at the first missing element, unless there are none
        // further in: then nothing is read, and a false length would go on for ever.
        if inner.contains(&0) {
            return Err(Malformed("an array with an empty dimension"));
        }
        nested(inner, element, reader, out)?;
    }
    out.push_ascii(b']');
    Ok(())
}

fn item(element: Scalar, bytes: &[u8], out: &mut Buffer) -> Result<(), Malformed> {
    match element {
        Scalar::Bool => out.extend_text(if u8::from_be_bytes(fixed(bytes)?) != 0 { "true" } else { "false" }),
        Scalar::Int2 => integer(i16::from_be_bytes(fixed(bytes)?).into(), out),
        Scalar::Int4 => integer(i32::from_be_bytes(fixed(bytes)?).into(), out),
        Scalar::Int8 => integer(i64::from_be_bytes(fixed(bytes)?), out),
        Scalar::Oid => integer(u32::from_be_bytes(fixed(bytes)?).into(), out),
        Scalar::Text => json::string(bytes, out)?,
        Scalar::Json => out.extend_utf8(bytes),
        Scalar::Jsonb => out.extend_utf8(jsonb(bytes)?),
        Scalar::Bytea => {
            // As PostgreSQL writes it in an array.
            out.extend_text("\"\\\\x");
            for byte in bytes {
                let _ = write!(out, "{byte:02x}");
            }
            out.push_ascii(b'"');
        }
        Scalar::Numeric if bytes.get(4).is_none_or(|sign| *sign < 0xC0) => spell_scalar(element, bytes, out)?,
        // Nothing in these needs escaping. A numeric that is no number is a string.
        _ => {
            out.push_ascii(b'"');
            spell_scalar(element, bytes, out)?;
            out.push_ascii(b'"');
        }
    }
    Ok(())
}

fn integer(value: i64, out: &mut Buffer) {
    let _ = write!(out, "{value}");
}
