//! The types that travel as bytes of their own making: hierarchyid, geometry and geography, vector.

use rusqlite::types::Value;

use crate::convert::Purpose;
use crate::error::SqlError;
use crate::types::{Kind, MAX, Type};

/// Into a CLR type: its bytes as they are, or the spellings that are known.
pub(crate) fn convert(value: Value, from: &Type, to: &Type) -> Result<Value, SqlError> {
    let text = match value {
        Value::Blob(bytes) => return Ok(Value::Blob(bytes)),
        Value::Text(text) => text,
        other => return as_bytes(other, from),
    };
    let bytes = match to.kind {
        Kind::HierarchyId => hierarchy(&text),
        _ => point(&text),
    };
    let message = format!(
        "A .NET Framework error occurred during execution of user-defined routine or aggregate \"{}\": '{text}' is not valid.",
        to.name()
    );
    bytes.map(Value::Blob).ok_or_else(|| SqlError::new(6522, 16, message))
}

fn as_bytes(value: Value, from: &Type) -> Result<Value, SqlError> {
    crate::convert::convert(value, from, &Type::sized(Kind::VarBinary, MAX), Purpose::Cast, 0)
}

/// A path of steps from 0 to 15, in the bits that the server keeps.
fn hierarchy(text: &str) -> Option<Vec<u8>> {
    let inner = text.strip_prefix('/')?;
    let mut bits = String::new();
    for step in inner.split_terminator('/') {
        let step: u8 = step.parse().ok()?;
        bits += &match step {
            0..=3 => format!("01{step:02b}1"),
            4..=7 => format!("100{:02b}1", step - 4),
            8..=15 => format!("101{:03b}1", step - 8),
            _ => return None,
        };
    }
    while !bits.len().is_multiple_of(8) {
        bits.push('0');
    }
    bits.as_bytes().chunks(8).map(|byte| u8::from_str_radix(std::str::from_utf8(byte).ok()?, 2).ok()).collect()
}

/// `POINT (x y)`: one point, valid, in the server's own serialization.
fn point(text: &str) -> Option<Vec<u8>> {
    let inner = text.trim().strip_prefix("POINT")?.trim().strip_prefix('(')?.strip_suffix(')')?;
    let mut parts = inner.split_whitespace().map(str::parse::<f64>);
    let (x, y) = (parts.next()?.ok()?, parts.next()?.ok()?);
    Some(point_bytes(x, y, 0))
}

/// A point: reference system, version, properties, coordinates.
pub(crate) fn point_bytes(x: f64, y: f64, system: i32) -> Vec<u8> {
    let mut bytes = system.to_le_bytes().to_vec();
    bytes.extend_from_slice(&[1, 0x0C]);
    bytes.extend_from_slice(&x.to_le_bytes());
    bytes.extend_from_slice(&y.to_le_bytes());
    bytes
}

/// The spelling of what [`convert`] made.
pub(crate) fn text(bytes: &[u8], kind: Kind) -> String {
    match kind {
        Kind::HierarchyId => hierarchy_text(bytes),
        _ => {
            let number = |at: usize| bytes.get(at..at + 8).and_then(|part| part.try_into().ok()).map_or(0.0, f64::from_le_bytes);
            format!("POINT ({} {})", number(6), number(14))
        }
    }
}

fn hierarchy_text(bytes: &[u8]) -> String {
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let mut rest = bits.as_str();
    let mut path = "/".to_owned();
    loop {
        let (prefix, width, base) = match rest {
            _ if rest.starts_with("01") => (2, 2, 0),
            _ if rest.starts_with("100") => (3, 2, 4),
            _ if rest.starts_with("101") => (3, 3, 8),
            _ => return path,
        };
        let Some(step) = rest.get(prefix..prefix + width).and_then(|digits| u8::from_str_radix(digits, 2).ok()) else {
            return path;
        };
        path += &format!("{}/", step + base);
        rest = rest.get(prefix + width + 1..).unwrap_or_default();
    }
}

/// A vector's header on the wire and in storage: magic, version, dimensions, element type, reserved.
const VECTOR_MAGIC: [u8; 2] = [0xA9, 0x01];

/// Into a vector of so many dimensions, from a JSON array or from its bytes.
pub(crate) fn vector(value: Value, to: &Type) -> Result<Value, SqlError> {
    let failed = |message: String| SqlError::new(42_204, 16, message);
    let bytes = match value {
        Value::Blob(bytes) => bytes,
        Value::Text(text) => {
            let numbers: Vec<f32> =
                serde_json::from_str(&text).map_err(|_| failed("The vector is not a JSON array of numbers.".into()))?;
            let dimensions = u16::try_from(numbers.len()).map_err(|_| failed("The vector has too many dimensions.".into()))?;
            let mut bytes = VECTOR_MAGIC.to_vec();
            bytes.extend_from_slice(&dimensions.to_le_bytes());
            bytes.extend_from_slice(&[0; 4]);
            bytes.extend(numbers.into_iter().flat_map(f32::to_le_bytes));
            bytes
        }
        _ => return Err(failed("Only text and bytes become vectors.".into())),
    };
    let dimensions = bytes.get(2..4).map_or(0, |part| u32::from(u16::from_le_bytes([part[0], part[1]])));
    if to.size != dimensions {
        return Err(failed(format!("The vector dimensions {} and {dimensions} do not match.", to.size)));
    }
    Ok(Value::Blob(bytes))
}

pub(crate) fn vector_text(bytes: &[u8]) -> String {
    let numbers = bytes.get(8..).unwrap_or_default().chunks_exact(4);
    let words: Vec<String> =
        numbers.map(|part| format!("{:.7e}", f32::from_le_bytes([part[0], part[1], part[2], part[3]]))).collect();
    format!("[{}]", words.join(","))
}
