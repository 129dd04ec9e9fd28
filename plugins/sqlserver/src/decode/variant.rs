//! `sql_variant`: a value with its own type before it (MS-TDS 2.2.5.5.4).

use super::{WRONG_SIZE, number, spell};
use crate::protocol::collation::CodePage;
use crate::protocol::{Malformed, Reader, Scalar, Stop, utf16};
use bulkhead_driver::ColumnBuilder;

/// Appends one to a column of mixed values: numbers and bytes as such, everything else as the text that a column of it would have.
pub(super) fn push(bytes: &[u8], column: &mut ColumnBuilder) -> Result<(), Malformed> {
    let (scalar, bytes) = read(bytes).map_err(Stop::at_end)?;
    match scalar {
        Scalar::Int => column.push_int64(number::int(bytes)?),
        Scalar::Bit => column.push_int64(i64::from(*bytes.first().ok_or(WRONG_SIZE)? != 0)),
        Scalar::Float => column.push_float64(number::float(bytes)?),
        Scalar::Binary => column.push_bytes(bytes),
        Scalar::Wide => column.push_text(&utf16::text(bytes)),
        Scalar::Text(page) => {
            let mut text = Vec::new();
            page.spell(bytes, |piece| text.extend_from_slice(piece));
            column.push_text(&String::from_utf8(text).unwrap_or_default());
        }
        _ => {
            let text = spell::short(scalar, bytes)?;
            column.push_text(std::str::from_utf8(text.bytes()).unwrap_or_default());
        }
    }
    Ok(())
}

/// The type, and the value's bytes.
fn read(bytes: &[u8]) -> Result<(Scalar, &[u8]), Stop> {
    let mut reader = Reader::new(bytes);
    let base = reader.u8()?;
    let properties = reader.short_bytes()?;
    let mut properties = Reader::new(properties);
    let scale = |properties: &mut Reader<'_>| match properties.u8()? {
        scale @ 0..=7 => Ok(scale),
        _ => Err(Stop::Malformed(Malformed("a time with more than seven digits of a second"))),
    };
    let scalar = match base {
        0x30 | 0x34 | 0x38 | 0x7F => Scalar::Int,
        0x32 => Scalar::Bit,
        0x3B | 0x3E => Scalar::Float,
        0x3C | 0x7A => Scalar::Money,
        0x3A | 0x3D => Scalar::DateTime,
        0x24 => Scalar::Guid,
        0x28 => Scalar::Date,
        0x29 => Scalar::Time(scale(&mut properties)?),
        0x2A => Scalar::DateTime2(scale(&mut properties)?),
        0x2B => Scalar::DateTimeOffset(scale(&mut properties)?),
        0x6A | 0x6C => {
            let [_precision, scale @ 0..=38] = properties.array()? else {
                return Err(Malformed("a decimal with more digits than there are").into());
            };
            Scalar::Decimal(scale)
        }
        0xA5 | 0xAD => Scalar::Binary,
        0xA7 | 0xAF => Scalar::Text(CodePage::parse(&mut properties)?),
        0xE7 | 0xEF => Scalar::Wide,
        _ => return Err(Malformed("a variant of a type that can't be in one").into()),
    };
    Ok((scalar, reader.rest()))
}
