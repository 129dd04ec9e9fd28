//! A value as ROW, NBCROW and RETURNVALUE carry it (MS-TDS 2.2.5.4 to 2.2.5.5).

use rusqlite::types::{Value, ValueRef};

use crate::convert::{guid_bytes, in_range, open_variant, overflow};
use crate::decimal::Decimal;
use crate::error::SqlError;
use crate::tds::type_info::is_fixed;
use crate::time::{EPOCH_1900, Stamp, TICKS_A_SECOND};
use crate::types::{Kind, MAX, Type, decimal_bytes, time_bytes};

/// A partially length-prefixed value's chunk: smaller than most values that matter, so that clients meet several.
const CHUNK: usize = 5000;

/// Writes a value of a type, in the form that [`super::type_info::write`] announced.
pub(crate) fn write(out: &mut Vec<u8>, of: &Type, nullable: bool, value: ValueRef<'_>) -> Result<(), SqlError> {
    if value == ValueRef::Null {
        null(out, of);
        return Ok(());
    }
    if of.kind == Kind::Variant {
        return variant(out, value);
    }
    let bytes = body(of, value)?;
    let long = of.size == MAX && of.kind.is_sized();
    if is_fixed(of.kind, nullable) {
        out.extend_from_slice(&bytes);
    } else if long || matches!(of.kind, Kind::Xml | Kind::Json) || of.kind.is_udt() || wide(of) {
        out.extend_from_slice(&u64::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
        for chunk in bytes.chunks(CHUNK) {
            out.extend_from_slice(&length(chunk)?.to_le_bytes());
            out.extend_from_slice(chunk);
        }
        out.extend_from_slice(&0_u32.to_le_bytes());
    } else if matches!(of.kind, Kind::Text | Kind::NText | Kind::Image) {
        out.push(16);
        out.extend_from_slice(b"dummy textptr\0\0\0");
        out.extend_from_slice(b"dummyTS\0");
        out.extend_from_slice(&length(&bytes)?.to_le_bytes());
        out.extend_from_slice(&bytes);
    } else if of.kind.is_sized() || of.kind == Kind::RowVersion {
        let length = u16::try_from(bytes.len()).map_err(|_| SqlError::lacks("values so long in this type"))?;
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&bytes);
    } else {
        out.push(u8::try_from(bytes.len()).map_err(|_| SqlError::lacks("values so long in this type"))?);
        out.extend_from_slice(&bytes);
    }
    Ok(())
}

/// Sized, but announced as `(max)` since its bytes may be more than two bytes count.
fn wide(of: &Type) -> bool {
    of.kind == Kind::VarChar && of.collation.name().ends_with("UTF8") && of.size > 2000
}

fn length(bytes: &[u8]) -> Result<u32, SqlError> {
    u32::try_from(bytes.len()).map_err(|_| SqlError::lacks("values of 4 GiB"))
}

fn null(out: &mut Vec<u8>, of: &Type) {
    let long = of.size == MAX && of.kind.is_sized();
    match of.kind {
        Kind::Variant => out.extend_from_slice(&[0; 4]),
        Kind::Xml | Kind::Json | Kind::HierarchyId | Kind::Geometry | Kind::Geography => out.extend_from_slice(&[0xFF; 8]),
        _ if long || wide(of) => out.extend_from_slice(&[0xFF; 8]),
        kind if kind.is_sized() || kind == Kind::RowVersion => out.extend_from_slice(&[0xFF; 2]),
        _ => out.push(0),
    }
}

/// The bytes without any length.
fn body(of: &Type, value: ValueRef<'_>) -> Result<Vec<u8>, SqlError> {
    let text = || value.as_str().map_err(|_| mismatch(of, value));
    Ok(match of.kind {
        Kind::Bit | Kind::TinyInt | Kind::SmallInt | Kind::Int | Kind::BigInt | Kind::Null => {
            let number = value.as_i64().map_err(|_| mismatch(of, value))?;
            if !in_range(number, of.kind) {
                return Err(overflow(&Type::of(Kind::Null), of));
            }
            let width = match of.kind {
                Kind::Bit | Kind::TinyInt => 1,
                Kind::SmallInt => 2,
                Kind::BigInt => 8,
                _ => 4,
            };
            number.to_le_bytes()[..width].to_vec()
        }
        Kind::Decimal | Kind::Numeric => {
            let number = decimal(value, of.scale).filter(|number| number.fits(of.precision));
            let number = number.ok_or_else(|| overflow(&Type::of(Kind::Null), of))?;
            let mut bytes = vec![u8::from(number.units >= 0)];
            bytes.extend_from_slice(&number.units.unsigned_abs().to_le_bytes()[..usize::from(decimal_bytes(of.precision))]);
            bytes
        }
        Kind::Money => {
            let units = decimal(value, 4).and_then(|number| i64::try_from(number.units).ok());
            let units = units.ok_or_else(|| overflow(&Type::of(Kind::Null), of))?.to_le_bytes();
            [&units[4..], &units[..4]].concat()
        }
        Kind::SmallMoney => {
            let units = decimal(value, 4).and_then(|number| i32::try_from(number.units).ok());
            units.ok_or_else(|| overflow(&Type::of(Kind::Null), of))?.to_le_bytes().to_vec()
        }
        #[allow(clippy::cast_precision_loss, reason = "whole numbers that SQLite made of floats")]
        Kind::Real | Kind::Float => {
            let number = match value {
                ValueRef::Integer(number) => number as f64,
                other => other.as_f64().map_err(|_| mismatch(of, value))?,
            };
            if of.kind == Kind::Real { (number as f32).to_le_bytes().to_vec() } else { number.to_le_bytes().to_vec() }
        }
        kind if kind.is_temporal() => moment(of, text()?).ok_or_else(|| mismatch(of, value))?,
        Kind::Guid => guid_bytes(text()?).ok_or_else(|| mismatch(of, value))?.to_vec(),
        Kind::Json => text()?.as_bytes().to_vec(),
        Kind::Xml => unicode(text()?),
        kind if kind.is_unicode() => match value {
            ValueRef::Integer(number) => unicode(&number.to_string()),
            _ => unicode(text()?),
        },
        kind if kind.is_char() => match value {
            ValueRef::Integer(number) => number.to_string().into_bytes(),
            ValueRef::Blob(bytes) => crate::udt::vector_text(bytes).into_bytes(),
            _ => of.collation.encode(text()?),
        },
        _ => value.as_bytes().map_err(|_| mismatch(of, value))?.to_vec(),
    })
}

fn unicode(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn mismatch(of: &Type, value: ValueRef<'_>) -> SqlError {
    SqlError::lacks(&format!("way to send {value:?} as {of}"))
}

/// `None` for text that isn't UTF-8.
fn owned(value: ValueRef<'_>) -> Option<Value> {
    Value::try_from(value).ok()
}

fn decimal(value: ValueRef<'_>, scale: u8) -> Option<Decimal> {
    crate::convert::number(&owned(value)?)?.rescale(scale)
}

/// Counts of days and ticks, as each type has them.
fn moment(of: &Type, text: &str) -> Option<Vec<u8>> {
    let stamp = Stamp::parse(text)?;
    let days_since_1900 = stamp.days - EPOCH_1900;
    let utc = stamp.at_offset(0);
    let clock = |stamp: &Stamp| {
        let units = stamp.ticks / 10_i64.pow(7 - u32::from(of.scale));
        units.to_le_bytes()[..usize::from(time_bytes(of.scale))].to_vec()
    };
    let date = |stamp: &Stamp| stamp.days.to_le_bytes()[..3].to_vec();
    Some(match of.kind {
        Kind::Date => date(&stamp),
        Kind::Time => clock(&stamp),
        Kind::SmallDateTime => {
            let minutes = u16::try_from(stamp.ticks / TICKS_A_SECOND / 60).ok()?;
            [u16::try_from(days_since_1900).ok()?.to_le_bytes(), minutes.to_le_bytes()].concat()
        }
        Kind::DateTime => {
            let thirds = u32::try_from((stamp.ticks * 300 + TICKS_A_SECOND / 2) / TICKS_A_SECOND).ok()?;
            [i32::try_from(days_since_1900).ok()?.to_le_bytes(), thirds.to_le_bytes()].concat()
        }
        Kind::DateTime2 => [clock(&stamp), date(&stamp)].concat(),
        _ => {
            let offset = i16::try_from(stamp.offset).ok()?;
            [clock(&utc), date(&utc), offset.to_le_bytes().to_vec()].concat()
        }
    })
}

/// Base type, its properties and the value, behind one length (MS-TDS 2.2.5.5.4).
fn variant(out: &mut Vec<u8>, value: ValueRef<'_>) -> Result<(), SqlError> {
    let (base, inner) = open_variant(&owned(value).unwrap_or(Value::Null))?;
    let bytes = body(&base, ValueRef::from(&inner))?;
    let (token, properties) = match base.kind {
        Kind::Bit => (0x32, vec![]),
        Kind::TinyInt => (0x30, vec![]),
        Kind::SmallInt => (0x34, vec![]),
        Kind::Int | Kind::Null => (0x38, vec![]),
        Kind::BigInt => (0x7F, vec![]),
        Kind::Real => (0x3B, vec![]),
        Kind::Float => (0x3E, vec![]),
        Kind::Money => (0x3C, vec![]),
        Kind::SmallMoney => (0x7A, vec![]),
        Kind::DateTime => (0x3D, vec![]),
        Kind::SmallDateTime => (0x3A, vec![]),
        Kind::Guid => (0x24, vec![]),
        Kind::Date => (0x28, vec![]),
        Kind::Time => (0x29, vec![base.scale]),
        Kind::DateTime2 => (0x2A, vec![base.scale]),
        Kind::DateTimeOffset => (0x2B, vec![base.scale]),
        Kind::Decimal => (0x6A, vec![base.precision, base.scale]),
        Kind::Numeric => (0x6C, vec![base.precision, base.scale]),
        kind if kind.is_char() => {
            let token = match kind {
                Kind::Char => 0xAF,
                Kind::NChar => 0xEF,
                Kind::NVarChar | Kind::NText => 0xE7,
                _ => 0xA7,
            };
            (token, [base.collation.wire().to_vec(), 8000_u16.to_le_bytes().to_vec()].concat())
        }
        Kind::Binary => (0xAD, 8000_u16.to_le_bytes().to_vec()),
        Kind::VarBinary => (0xA5, 8000_u16.to_le_bytes().to_vec()),
        _ => {
            return Err(
                SqlError::new(206, 16, format!("Operand type clash: {} is incompatible with sql_variant", base.name())).state(2)
            );
        }
    };
    let total = u32::try_from(2 + properties.len() + bytes.len()).unwrap_or(0);
    out.extend_from_slice(&total.to_le_bytes());
    out.extend_from_slice(&[token, u8::try_from(properties.len()).unwrap_or(0)]);
    out.extend_from_slice(&properties);
    out.extend_from_slice(&bytes);
    Ok(())
}
