//! Values between types, with the errors that SQL Server gives where one doesn't fit.
//!
//! How a value is kept: whole numbers as integers, exact numbers as text with all their digits, dates and times as text
//! that sorts, binary as bytes, `sql_variant` as its base type's name and value in one text.

use rusqlite::types::Value;

use crate::decimal::Decimal;
use crate::error::SqlError;
use crate::time::Stamp;
use crate::types::{Kind, MAX, Type};
use crate::udt;

/// Why a value is converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// `CAST`: text is cut to size.
    Cast,
    /// Into a column: text that is too long is an error.
    Assign,
}

/// Parts of a `sql_variant` are kept apart by it.
const SEPARATOR: char = '\u{1}';

/// Converts a value.
pub(crate) fn convert(value: Value, from: &Type, to: &Type, purpose: Purpose, style: i64) -> Result<Value, SqlError> {
    if value == Value::Null || to.kind == Kind::Null {
        return Ok(value);
    }
    if from.kind == Kind::Variant && to.kind != Kind::Variant {
        let (base, inner) = open_variant(&value)?;
        return convert(inner, &base, to, purpose, style);
    }
    match to.kind {
        Kind::Bit | Kind::TinyInt | Kind::SmallInt | Kind::Int | Kind::BigInt => integer(&value, from, to),
        Kind::Decimal | Kind::Numeric | Kind::Money | Kind::SmallMoney => exact(&value, from, to),
        Kind::Real | Kind::Float => float(&value, from, to),
        kind if kind.is_char() => text(value, from, to, purpose, style),
        kind if kind.is_udt() => udt::convert(value, from, to),
        kind if kind.is_bytes() => bytes(value, from, to, purpose, style),
        Kind::Guid => guid(value, from),
        kind if kind.is_temporal() => temporal(&value, from, to),
        Kind::Vector => udt::vector(value, to),
        Kind::Json => json(value),
        Kind::Xml => xml(value),
        Kind::Variant => Ok(variant(value, from)),
        _ => Ok(value),
    }
}

/// Whether a whole number is in a type's range.
pub(crate) fn in_range(number: i64, kind: Kind) -> bool {
    match kind {
        Kind::Bit => (0..=1).contains(&number),
        Kind::TinyInt => u8::try_from(number).is_ok(),
        Kind::SmallInt => i16::try_from(number).is_ok(),
        Kind::Int => i32::try_from(number).is_ok(),
        _ => true,
    }
}

/// 8115.
pub(crate) fn overflow(from: &Type, to: &Type) -> SqlError {
    let source = if from.kind == Kind::Null { "expression" } else { from.name() };
    SqlError::new(8115, 16, format!("Arithmetic overflow error converting {source} to data type {}.", to.name())).state(2)
}

fn integer(value: &Value, from: &Type, to: &Type) -> Result<Value, SqlError> {
    let number = match value {
        Value::Integer(number) => *number,
        #[allow(clippy::cast_precision_loss, reason = "the bounds of i64 are what is compared with")]
        Value::Real(number) if number.abs() < i64::MAX as f64 => *number as i64,
        Value::Real(_) => return Err(overflow(from, to)),
        Value::Blob(bytes) => {
            let tail = &bytes[bytes.len().saturating_sub(8)..];
            let number = tail.iter().fold(0_i64, |number, byte| (number << 8) | i64::from(*byte));
            if to.kind == Kind::Int { i64::from(number as i32) } else { number }
        }
        Value::Text(text) if from.kind.is_exact() => {
            let whole = Decimal::parse(text).and_then(|decimal| decimal.truncate(0));
            whole.and_then(|whole| i64::try_from(whole.units).ok()).ok_or_else(|| overflow(from, to))?
        }
        Value::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" if to.kind == Kind::Bit => 1,
            "false" if to.kind == Kind::Bit => 0,
            "" => 0,
            other => other.parse().map_err(|_| not_converted(245, text, from, to))?,
        },
        Value::Null => 0,
    };
    match to.kind {
        Kind::Bit => Ok(Value::Integer(i64::from(number != 0))),
        kind if in_range(number, kind) => Ok(Value::Integer(number)),
        _ if from.is_char() => {
            let message = format!("The conversion of the {} value '{number}' overflowed an {} column.", from.name(), to.name());
            Err(SqlError::new(248, 16, message))
        }
        _ => Err(overflow(from, to)),
    }
}

fn not_converted(number: i32, text: &str, from: &Type, to: &Type) -> SqlError {
    match number {
        245 => {
            let message =
                format!("Conversion failed when converting the {} value '{text}' to data type {}.", from.name(), to.name());
            SqlError::new(245, 16, message)
        }
        _ => SqlError::new(8114, 16, format!("Error converting data type {} to {}.", from.name(), to.name())).state(5),
    }
}

/// Exact numbers with their scale; money has four digits.
fn exact(value: &Value, from: &Type, to: &Type) -> Result<Value, SqlError> {
    let (precision, scale) = match to.kind {
        Kind::Money | Kind::SmallMoney => (19, 4),
        _ => (to.precision, to.scale),
    };
    let found = number(value).ok_or_else(|| match value {
        Value::Text(text) => not_converted(8114, text, from, to),
        _ => overflow(from, to),
    })?;
    let fitted = found.rescale(scale).filter(|fitted| match to.kind {
        Kind::Money => i64::try_from(fitted.units).is_ok(),
        Kind::SmallMoney => i32::try_from(fitted.units).is_ok(),
        _ => fitted.fits(precision),
    });
    Ok(Value::Text(fitted.ok_or_else(|| overflow(from, to))?.to_string()))
}

/// Any number, exact; money's signs are looked over.
pub(crate) fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Integer(number) => Some(Decimal { units: i128::from(*number), scale: 0 }),
        Value::Real(number) => Decimal::parse(&format!("{number:e}")),
        Value::Text(text) => Decimal::parse(&text.replace([',', '$'], "")),
        Value::Blob(bytes) => {
            let units = bytes.iter().fold(0_i128, |number, byte| (number << 8) | i128::from(*byte));
            Some(Decimal { units, scale: 0 })
        }
        Value::Null => None,
    }
}

fn float(value: &Value, from: &Type, to: &Type) -> Result<Value, SqlError> {
    #[allow(clippy::cast_precision_loss, reason = "what CAST AS float does")]
    let number = match value {
        Value::Integer(number) => *number as f64,
        Value::Real(number) => *number,
        Value::Text(text) => text.trim().parse::<f64>().map_err(|_| not_converted(8114, text, from, to))?,
        _ => return Err(not_converted(8114, "", from, to)),
    };
    let number = if to.kind == Kind::Real { f64::from(number as f32) } else { number };
    if number.is_finite() { Ok(Value::Real(number)) } else { Err(overflow(from, to)) }
}

fn text(value: Value, from: &Type, to: &Type, purpose: Purpose, style: i64) -> Result<Value, SqlError> {
    let mut spelled = spell(value, from, to, style);
    if to.size != MAX && to.kind != Kind::Text && to.kind != Kind::NText {
        let limit = to.size as usize;
        if spelled.chars().count() > limit {
            if purpose == Purpose::Assign && spelled.chars().skip(limit).any(|rest| rest != ' ') {
                return Err(SqlError::new(2628, 16, "String or binary data would be truncated."));
            }
            if !from.is_char() && purpose == Purpose::Cast && from.kind.is_number() {
                return Err(overflow(from, to));
            }
            spelled = spelled.chars().take(limit).collect();
        }
        if matches!(to.kind, Kind::Char | Kind::NChar) {
            let missing = limit - spelled.chars().count();
            spelled.extend(std::iter::repeat_n(' ', missing));
        }
    }
    if !to.kind.is_unicode() {
        // What the code page lacks is lost here, as in the server.
        spelled = to.collation.decode(&to.collation.encode(&spelled));
    }
    Ok(Value::Text(spelled))
}

/// A value in words.
pub(crate) fn spell(value: Value, from: &Type, to: &Type, style: i64) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) if from.kind == Kind::DateTime || from.kind == Kind::SmallDateTime => moment(&text, style),
        Value::Text(text) if matches!(from.kind, Kind::Money | Kind::SmallMoney) => {
            Decimal::parse(&text).and_then(|money| money.rescale(2)).map_or(text, |money| money.to_string())
        }
        Value::Text(text) if from.kind.is_temporal() && matches!(style, 126 | 127) => text.replacen(' ', "T", 1),
        Value::Text(text) => text,
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => {
            let digits = number.to_string();
            if digits.len() > 17 { format!("{number:e}") } else { digits }
        }
        Value::Blob(bytes) if from.kind == Kind::Vector => udt::vector_text(&bytes),
        Value::Blob(bytes) if from.kind.is_udt() => udt::text(&bytes, from.kind),
        Value::Blob(bytes) if style == 1 => format!("0x{}", hex(&bytes)),
        Value::Blob(bytes) if style == 2 => hex(&bytes),
        Value::Blob(bytes) if to.kind.is_unicode() => utf16(&bytes),
        Value::Blob(bytes) => to.collation.decode(&bytes),
    }
}

/// datetime's default style, and the few others that clients ask for.
fn moment(text: &str, style: i64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let Some(stamp) = Stamp::parse(text) else { return text.to_owned() };
    let (year, month, day) = crate::time::date_of(stamp.days);
    match style {
        0 | 100 => {
            let minutes = stamp.ticks / crate::time::TICKS_A_SECOND / 60;
            let (hour, minute) = (minutes / 60, minutes % 60);
            let name = usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or("");
            let (twelve, half) = (if hour % 12 == 0 { 12 } else { hour % 12 }, if hour < 12 { "AM" } else { "PM" });
            format!("{name} {day:>2} {year:04} {twelve:>2}:{minute:02}{half}")
        }
        23 => format!("{year:04}-{month:02}-{day:02}"),
        112 => format!("{year:04}{month:02}{day:02}"),
        126 | 127 => text.replacen(' ', "T", 1),
        120 => text.split('.').next().unwrap_or(text).to_owned(),
        _ => text.to_owned(),
    }
}

fn bytes(value: Value, from: &Type, to: &Type, purpose: Purpose, style: i64) -> Result<Value, SqlError> {
    let mut found = match value {
        Value::Blob(bytes) => bytes,
        Value::Integer(number) => {
            let width = usize::try_from(from.dimensions().0).unwrap_or(8).clamp(1, 8);
            number.to_be_bytes()[8 - width..].to_vec()
        }
        Value::Text(text) if from.kind == Kind::Guid => guid_bytes(&text).map(Vec::from).unwrap_or_default(),
        Value::Text(text) if style == 1 || style == 2 => {
            unhex(text.trim_start_matches("0x")).ok_or_else(|| not_converted(8114, &text, from, to))?
        }
        Value::Text(text) if from.kind.is_unicode() => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Value::Text(text) => from.collation.encode(&text),
        Value::Real(number) => number.to_be_bytes().to_vec(),
        Value::Null => Vec::new(),
    };
    if to.size != MAX && matches!(to.kind, Kind::Binary | Kind::VarBinary | Kind::RowVersion) {
        let limit = to.size as usize;
        if found.len() > limit && purpose == Purpose::Assign {
            return Err(SqlError::new(2628, 16, "String or binary data would be truncated."));
        }
        // Numbers keep their low bytes, all else its first.
        if found.len() > limit && from.kind.is_number() {
            found.drain(..found.len() - limit);
        }
        found.truncate(limit);
        if to.kind == Kind::Binary && found.len() < limit {
            let missing = limit - found.len();
            if from.kind.is_number() {
                found.splice(0..0, std::iter::repeat_n(0, missing));
            } else {
                found.extend(std::iter::repeat_n(0, missing));
            }
        }
    }
    Ok(Value::Blob(found))
}

fn guid(value: Value, from: &Type) -> Result<Value, SqlError> {
    let failed =
        || SqlError::new(8169, 16, "Conversion failed when converting from a character string to uniqueidentifier.").state(2);
    match value {
        Value::Text(text) if from.kind == Kind::Guid => Ok(Value::Text(text)),
        Value::Text(text) => {
            let bare = text.trim().trim_start_matches('{').trim_end_matches('}').to_uppercase();
            let good = guid_bytes(&bare).is_some();
            if good { Ok(Value::Text(bare)) } else { Err(failed()) }
        }
        Value::Blob(bytes) => guid_text(&bytes).map(Value::Text).ok_or_else(failed),
        _ => Err(failed()),
    }
}

/// The wire's order: three parts little-endian, the rest as written.
pub(crate) fn guid_bytes(text: &str) -> Option<[u8; 16]> {
    let shape: Vec<usize> = text.split('-').map(str::len).collect();
    if shape != [8, 4, 4, 4, 12] {
        return None;
    }
    let mut bytes: [u8; 16] = unhex(&text.replace('-', ""))?.try_into().ok()?;
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    Some(bytes)
}

pub(crate) fn guid_text(bytes: &[u8]) -> Option<String> {
    let mut bytes: [u8; 16] = bytes.get(..16)?.try_into().ok()?;
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    let digits = hex(&bytes);
    Some(format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]))
}

fn temporal(value: &Value, from: &Type, to: &Type) -> Result<Value, SqlError> {
    let failed = || SqlError::new(241, 16, "Conversion failed when converting date and/or time from character string.");
    let mut stamp = match value {
        Value::Text(text) => Stamp::parse(text).ok_or_else(failed)?,
        // Days since 1900 as numbers.
        Value::Integer(days) => Stamp { days: crate::time::EPOCH_1900 + days, ticks: 0, offset: 0 },
        _ => return Err(not_converted(8114, "", from, to)),
    };
    if to.kind == Kind::DateTimeOffset {
        if !matches!(from.kind, Kind::DateTimeOffset) && !from.is_char() {
            stamp.offset = 0;
        }
    } else if from.kind == Kind::Time && to.kind != Kind::Time {
        stamp.days = crate::time::EPOCH_1900;
    }
    let out_of_range = || {
        let message = format!(
            "The conversion of a {} data type to a {} data type resulted in an out-of-range value.",
            from.name(),
            to.name()
        );
        SqlError::new(242, 16, message).state(3)
    };
    Ok(Value::Text(stamp.rounded(to).ok_or_else(out_of_range)?.text(to)))
}

fn json(value: Value) -> Result<Value, SqlError> {
    let Value::Text(text) = value else { return Ok(value) };
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(parsed) => Ok(Value::Text(parsed.to_string())),
        Err(_) => Err(SqlError::new(13_609, 16, "JSON text is not properly formatted.").state(4)),
    }
}

fn xml(value: Value) -> Result<Value, SqlError> {
    let Value::Text(text) = value else { return Ok(value) };
    let (opened, closed) = (text.matches('<').count(), text.matches('>').count());
    if opened == closed { Ok(Value::Text(text)) } else { Err(SqlError::new(9400, 16, "XML parsing: unexpected end of input")) }
}

fn variant(value: Value, from: &Type) -> Value {
    if from.kind == Kind::Variant {
        return value;
    }
    let inner = match value {
        Value::Null => return Value::Null,
        Value::Integer(number) => format!("i{number}"),
        Value::Real(number) => format!("r{number:e}"),
        Value::Text(text) => format!("t{text}"),
        Value::Blob(bytes) => format!("b{}", hex(&bytes)),
    };
    Value::Text(format!("{from}{SEPARATOR}{inner}"))
}

/// A `sql_variant`'s base type and value.
pub(crate) fn open_variant(value: &Value) -> Result<(Type, Value), SqlError> {
    let damaged = || SqlError::lacks("such sql_variant");
    let Value::Text(text) = value else { return Err(damaged()) };
    let (spec, inner) = text.split_once(SEPARATOR).ok_or_else(damaged)?;
    let base = Type::parse(spec).ok_or_else(damaged)?;
    let (tag, rest) = inner.split_at_checked(1).ok_or_else(damaged)?;
    let value = match tag {
        "i" => Value::Integer(rest.parse().map_err(|_| damaged())?),
        "r" => Value::Real(rest.parse().map_err(|_| damaged())?),
        "b" => Value::Blob(unhex(rest).ok_or_else(damaged)?),
        _ => Value::Text(rest.to_owned()),
    };
    Ok((base, value))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let padded = if text.len() % 2 == 1 { format!("0{text}") } else { text.to_owned() };
    padded.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

pub(crate) fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
