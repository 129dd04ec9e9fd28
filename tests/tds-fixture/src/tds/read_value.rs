//! A parameter's value (MS-TDS 2.2.5.4 to 2.2.5.5), into the form that values are kept in.

use rusqlite::types::Value;

use crate::convert::{Purpose, convert, guid_text, utf16};
use crate::decimal::Decimal;
use crate::error::SqlError;
use crate::tds::reader::Reader;
use crate::time::{EPOCH_1900, Stamp, TICKS_A_SECOND};
use crate::types::{Kind, MAX, Type, time_bytes};

/// Reads a value of a type. `token` is the type's first byte: fixed types have no length.
pub(crate) fn read(reader: &mut Reader<'_>, of: &Type, token: u8) -> Result<Value, SqlError> {
    let bytes: Vec<u8> = match token {
        0x1F => return Ok(Value::Null),
        0x30 | 0x32 => reader.take(1)?.to_vec(),
        0x34 => reader.take(2)?.to_vec(),
        0x38 | 0x3A | 0x3B | 0x7A => reader.take(4)?.to_vec(),
        0x3C..=0x3E | 0x7F => reader.take(8)?.to_vec(),
        0x23 | 0x63 | 0x22 => match reader.u32()? {
            u32::MAX => return Ok(Value::Null),
            length => reader.take(length as usize)?.to_vec(),
        },
        0x62 => return variant(reader),
        0xF0 | 0xF1 | 0xF4 => match chunks(reader)? {
            Some(bytes) => bytes,
            None => return Ok(Value::Null),
        },
        _ if of.kind.is_sized() && of.size == MAX => match chunks(reader)? {
            Some(bytes) => bytes,
            None => return Ok(Value::Null),
        },
        _ if of.kind.is_sized() => match reader.u16()? {
            u16::MAX => return Ok(Value::Null),
            length => reader.take(usize::from(length))?.to_vec(),
        },
        _ => match reader.u8()? {
            0 => return Ok(Value::Null),
            length => reader.take(usize::from(length))?.to_vec(),
        },
    };
    let value = body(of, &bytes)?;
    // Within the type's limits, as the server checks too.
    convert(value, of, of, Purpose::Cast, 0)
}

/// A partially length-prefixed value.
fn chunks(reader: &mut Reader<'_>) -> Result<Option<Vec<u8>>, SqlError> {
    if reader.u64()? == u64::MAX {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    loop {
        let length = reader.u32()?;
        if length == 0 {
            return Ok(Some(bytes));
        }
        bytes.extend_from_slice(reader.take(length as usize)?);
    }
}

fn body(of: &Type, bytes: &[u8]) -> Result<Value, SqlError> {
    let invalid = || {
        let message = format!("The supplied value is not a valid instance of data type {}.", of.name());
        SqlError::new(8023, 16, message).state(4)
    };
    let mut reader = Reader::new(bytes);
    Ok(match of.kind {
        Kind::Bit | Kind::TinyInt => Value::Integer(i64::from(reader.u8()?)),
        Kind::SmallInt => Value::Integer(i64::from(i16::from_le_bytes(reader.array()?))),
        Kind::Int | Kind::Null => Value::Integer(i64::from(i32::from_le_bytes(reader.array()?))),
        Kind::BigInt => Value::Integer(i64::from_le_bytes(reader.array()?)),
        Kind::Real => Value::Real(f64::from(f32::from_le_bytes(reader.array()?))),
        Kind::Float => Value::Real(f64::from_le_bytes(reader.array()?)),
        Kind::Money => {
            let high = i64::from(i32::from_le_bytes(reader.array()?));
            let units = (high << 32) | i64::from(reader.u32()?);
            Value::Text(Decimal { units: i128::from(units), scale: 4 }.to_string())
        }
        Kind::SmallMoney => {
            let units = i32::from_le_bytes(reader.array()?);
            Value::Text(Decimal { units: i128::from(units), scale: 4 }.to_string())
        }
        Kind::Decimal | Kind::Numeric => {
            let positive = reader.u8()? != 0;
            let mut magnitude = [0; 16];
            let rest = reader.rest();
            magnitude.get_mut(..rest.len()).ok_or_else(invalid)?.copy_from_slice(rest);
            let units = i128::try_from(u128::from_le_bytes(magnitude)).map_err(|_| invalid())?;
            let number = Decimal { units: if positive { units } else { -units }, scale: of.scale };
            if !number.fits(of.precision) {
                return Err(invalid());
            }
            Value::Text(number.to_string())
        }
        kind if kind.is_temporal() => Value::Text(moment(of, &mut reader, bytes.len())?.text(of)),
        Kind::Guid => Value::Text(guid_text(bytes).ok_or_else(invalid)?),
        Kind::Json => Value::Text(String::from_utf8(bytes.to_vec()).map_err(|_| invalid())?),
        Kind::Xml => Value::Text(utf16(bytes).trim_start_matches('\u{FEFF}').to_owned()),
        kind if kind.is_unicode() => Value::Text(utf16(bytes)),
        kind if kind.is_char() => Value::Text(of.collation.decode(bytes)),
        _ => Value::Blob(bytes.to_vec()),
    })
}

fn moment(of: &Type, reader: &mut Reader<'_>, length: usize) -> Result<Stamp, SqlError> {
    let whole = |bytes: &[u8]| bytes.iter().rev().fold(0_i64, |number, byte| (number << 8) | i64::from(*byte));
    let mut stamp = Stamp { days: EPOCH_1900, ticks: 0, offset: 0 };
    match of.kind {
        Kind::Date => stamp.days = whole(reader.take(3)?),
        Kind::DateTime => {
            stamp.days += i64::from(i32::from_le_bytes(reader.array()?));
            stamp.ticks = i64::from(reader.u32()?) * TICKS_A_SECOND / 300;
            stamp.ticks = stamp.rounded(of).map_or(stamp.ticks, |rounded| rounded.ticks);
        }
        Kind::SmallDateTime => {
            stamp.days += i64::from(reader.u16()?);
            stamp.ticks = i64::from(reader.u16()?) * 60 * TICKS_A_SECOND;
        }
        _ => {
            let rest = length - usize::from(time_bytes(of.scale)).min(length);
            stamp.ticks = whole(reader.take(length - rest)?) * 10_i64.pow(7 - u32::from(of.scale.min(7)));
            if of.kind != Kind::Time {
                stamp.days = whole(reader.take(3)?);
            }
            if of.kind == Kind::DateTimeOffset {
                let offset = i64::from(i16::from_le_bytes(reader.array()?));
                stamp = stamp.at_offset(offset);
            }
        }
    }
    Ok(stamp)
}

/// Base type, its properties and the value, behind one length.
fn variant(reader: &mut Reader<'_>) -> Result<Value, SqlError> {
    let total = reader.u32()? as usize;
    if total == 0 {
        return Ok(Value::Null);
    }
    let mut inner = Reader::new(reader.take(total)?);
    let (token, properties) = (inner.u8()?, inner.u8()?);
    let mut properties = Reader::new(inner.take(usize::from(properties))?);
    let plain = |kind: Kind| Ok(Type::of(kind));
    let base: Result<Type, SqlError> = match token {
        0x30 => plain(Kind::TinyInt),
        0x32 => plain(Kind::Bit),
        0x34 => plain(Kind::SmallInt),
        0x38 => plain(Kind::Int),
        0x7F => plain(Kind::BigInt),
        0x3B => plain(Kind::Real),
        0x3E => plain(Kind::Float),
        0x3C => plain(Kind::Money),
        0x7A => plain(Kind::SmallMoney),
        0x3D => plain(Kind::DateTime),
        0x3A => plain(Kind::SmallDateTime),
        0x24 => plain(Kind::Guid),
        0x28 => plain(Kind::Date),
        0x29 => Ok(Type { scale: properties.u8()?, ..Type::of(Kind::Time) }),
        0x2A => Ok(Type { scale: properties.u8()?, ..Type::of(Kind::DateTime2) }),
        0x2B => Ok(Type { scale: properties.u8()?, ..Type::of(Kind::DateTimeOffset) }),
        0x6A | 0x6C => Ok(Type::decimal(properties.u8()?, properties.u8()?)),
        0xA7 | 0xAF => Ok(Type::varchar(8000)),
        0xE7 | 0xEF => Ok(Type::nvarchar(4000)),
        0xA5 | 0xAD => Ok(Type::sized(Kind::VarBinary, 8000)),
        _ => Err(SqlError::lacks("such a sql_variant")),
    };
    let base = base?;
    let value = body(&base, inner.rest())?;
    convert(value, &base, &Type::of(Kind::Variant), Purpose::Cast, 0)
}
