//! From a row's bytes to columns, without a row in between.
//!
//! Each column has a [`Codec`], chosen once for a result; a value goes from the wire's bytes into the column's buffer in one step.
//! Bytes that don't fit their type are the server's fault, not the caller's: a [`Malformed`].

mod calendar;
mod chunks;
mod datetime;
mod number;
mod short;
mod single;
mod skip;
mod spell;
mod variant;
mod vector;

pub use single::{single, text};
pub use skip::{Skip, size};

use crate::protocol::{Codec, Malformed, Reader, Scalar, Shape, Stop, utf16};
use bulkhead_driver::{BatchBuilder, Buffer, ColumnBuilder};
use std::borrow::Cow;

/// Appends one row, given from after its tag on. Answers its size.
///
/// # Errors
/// If it isn't a row of these columns, or hasn't come wholly. The row is then half there: the batch is to be thrown away.
#[inline]
pub fn row(bytes: &[u8], bitmap: bool, codecs: &[Codec], batch: &mut BatchBuilder) -> Result<usize, Stop> {
    let mut reader = Reader::new(bytes);
    let nulls = if bitmap { reader.take(codecs.len().div_ceil(8))? } else { &[] };
    for ((at, codec), column) in codecs.iter().enumerate().zip(batch.columns_mut()) {
        if is_null(nulls, at) {
            column.push_null();
            continue;
        }
        match value(&mut reader, codec.shape)? {
            None => column.push_null(),
            Some(bytes) => push(codec.scalar, &bytes, column)?,
        }
    }
    batch.end_row();
    Ok(reader.position())
}

/// Whether the bitmap of an NBCROW has the column as NULL.
#[inline]
fn is_null(nulls: &[u8], column: usize) -> bool {
    nulls.get(column / 8).is_some_and(|byte| byte >> (column % 8) & 1 == 1)
}

/// A value's bytes. None: NULL.
#[inline]
fn value<'a>(reader: &mut Reader<'a>, shape: Shape) -> Result<Option<Cow<'a, [u8]>>, Stop> {
    let bytes = match shape {
        Shape::Fixed(size) => reader.take(size)?,
        Shape::Byte => match reader.u8()? {
            0 => return Ok(None),
            length => reader.take(usize::from(length))?,
        },
        Shape::Short(_) => match reader.u16()? {
            0xFFFF => return Ok(None),
            length => reader.take(usize::from(length))?,
        },
        Shape::Long => match reader.u32()? {
            0 => return Ok(None),
            length => reader.take(usize::try_from(length).unwrap_or(usize::MAX))?,
        },
        Shape::Pointer => {
            match reader.u8()? {
                0 => return Ok(None),
                pointer => reader.take(usize::from(pointer))?,
            };
            reader.take(TIMESTAMP)?;
            let length = reader.u32()?;
            reader.take(usize::try_from(length).unwrap_or(usize::MAX))?
        }
        Shape::Chunks => return chunks::read(reader),
    };
    Ok(Some(Cow::Borrowed(bytes)))
}

/// What stands between a text pointer and its value.
const TIMESTAMP: usize = 8;

const WRONG_SIZE: Malformed = Malformed("a value's size is not its type's");

/// Appends one value to its column.
#[inline]
fn push(scalar: Scalar, bytes: &[u8], column: &mut ColumnBuilder) -> Result<(), Malformed> {
    match scalar {
        Scalar::Null => column.push_null(),
        Scalar::Int => column.push_int64(number::int(bytes)?),
        Scalar::Bit => column.push_bool(bytes.first().ok_or(WRONG_SIZE)? != &0),
        Scalar::Float => column.push_float64(number::float(bytes)?),
        Scalar::Binary => column.push_bytes(bytes),
        Scalar::Json => column.push_utf8(bytes),
        Scalar::Variant => variant::push(bytes, column)?,
        _ => column.push_with(|out| spell(scalar, bytes, out))?,
    }
    Ok(())
}

/// Spells a value of a kind that columns hold as text.
#[inline]
fn spell(scalar: Scalar, bytes: &[u8], out: &mut Buffer) -> Result<(), Malformed> {
    match scalar {
        Scalar::Wide => utf16::spell(bytes, |piece| out.extend_utf8(piece)),
        Scalar::Xml => utf16::spell(bytes.strip_prefix(&BYTE_ORDER).unwrap_or(bytes), |piece| out.extend_utf8(piece)),
        Scalar::Text(page) => page.spell(bytes, |piece| out.extend_utf8(piece)),
        Scalar::Vector(element) => vector::spell(element, bytes, out)?,
        _ => out.extend_utf8(spell::short(scalar, bytes)?.bytes()),
    }
    Ok(())
}

/// What a document in UTF-16 may begin with.
const BYTE_ORDER: [u8; 2] = [0xFF, 0xFE];

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests;
