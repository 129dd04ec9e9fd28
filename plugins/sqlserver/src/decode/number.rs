//! Integers and floats.

use super::WRONG_SIZE;
use crate::protocol::Malformed;

/// An integer, by its size; one of a byte has no sign.
#[inline]
pub(super) fn int(bytes: &[u8]) -> Result<i64, Malformed> {
    Ok(match *bytes {
        [byte] => i64::from(byte),
        [a, b] => i64::from(i16::from_le_bytes([a, b])),
        [a, b, c, d] => i64::from(i32::from_le_bytes([a, b, c, d])),
        _ => i64::from_le_bytes(bytes.try_into().map_err(|_| WRONG_SIZE)?),
    })
}

/// A float. One of 4 bytes becomes the number that its shortest digits name, so that 0.1 stays 0.1; it rounds back to the same.
#[inline]
pub(super) fn float(bytes: &[u8]) -> Result<f64, Malformed> {
    Ok(match *bytes {
        [a, b, c, d] => widen(f32::from_le_bytes([a, b, c, d])),
        _ => f64::from_le_bytes(bytes.try_into().map_err(|_| WRONG_SIZE)?),
    })
}

/// By its digits.
pub(super) fn widen(value: f32) -> f64 {
    let exact = f64::from(value);
    // Whole numbers of few digits, and what isn't a number, are the same in both.
    if !value.is_finite() || (exact.fract() == 0.0 && exact.abs() < 16_777_216.0) {
        return exact;
    }
    format!("{value:?}").parse().unwrap_or(exact)
}
