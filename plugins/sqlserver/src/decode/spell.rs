//! Values whose text is short.

use super::datetime::{self, Short};
use super::{WRONG_SIZE, short};
use crate::protocol::{Malformed, Scalar};

/// Digits of a decimal at most.
const DIGITS: usize = 39;

/// The text of a value of a type that has one of bounded length.
pub(super) fn short(scalar: Scalar, bytes: &[u8]) -> Result<Short, Malformed> {
    let mut out = short::Text::new();
    match scalar {
        Scalar::Decimal(scale) => decimal(bytes, scale, &mut out)?,
        Scalar::Money => money(bytes, &mut out)?,
        Scalar::Guid => guid(bytes, &mut out)?,
        Scalar::DateTime => datetime::datetime(bytes, &mut out)?,
        Scalar::Date => datetime::date_bytes(bytes, &mut out)?,
        Scalar::Time(scale) => datetime::time(bytes, scale, &mut out)?,
        Scalar::DateTime2(scale) => datetime::datetime2(bytes, scale, &mut out)?,
        Scalar::DateTimeOffset(scale) => datetime::offset(bytes, scale, &mut out)?,
        _ => return Err(Malformed("a value of a type that has no short text")),
    }
    Ok(out)
}

/// A sign and 4, 8, 12 or 16 bytes.
fn decimal(bytes: &[u8], scale: u8, out: &mut Short) -> Result<(), Malformed> {
    let (sign, magnitude) = bytes.split_first().ok_or(WRONG_SIZE)?;
    if !matches!(magnitude.len(), 4 | 8 | 12 | 16) {
        return Err(WRONG_SIZE);
    }
    let magnitude = magnitude.iter().rev().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    digits(magnitude, *sign == 0, scale, out);
    Ok(())
}

/// Ten-thousandths; eight bytes come with their upper half first.
fn money(bytes: &[u8], out: &mut Short) -> Result<(), Malformed> {
    let units = match *bytes {
        [a, b, c, d] => i64::from(i32::from_le_bytes([a, b, c, d])),
        [a, b, c, d, e, f, g, h] => i64::from_le_bytes([e, f, g, h, a, b, c, d]),
        _ => return Err(WRONG_SIZE),
    };
    digits(units.unsigned_abs().into(), units < 0, 4, out);
    Ok(())
}

/// A number with a point before its last `scale` digits.
fn digits(magnitude: u128, negative: bool, scale: u8, out: &mut Short) {
    if negative && magnitude != 0 {
        out.push(b'-');
    }
    let mut digits = [b'0'; DIGITS];
    let mut used = 0;
    match u64::try_from(magnitude) {
        // Far cheaper where it fits, which is nearly always.
        Ok(mut number) => {
            for place in digits.iter_mut().rev() {
                if number == 0 {
                    break;
                }
                *place = b'0' + u8::try_from(number % 10).unwrap_or_default();
                number /= 10;
                used += 1;
            }
        }
        Err(_) => {
            let mut number = magnitude;
            for place in digits.iter_mut().rev() {
                if number == 0 {
                    break;
                }
                *place = b'0' + u8::try_from(number % 10).unwrap_or_default();
                number /= 10;
                used += 1;
            }
        }
    }
    let scale = usize::from(scale);
    // A digit before the point, at least.
    let shown = used.max(scale + 1).min(DIGITS);
    let start = DIGITS - shown;
    let point = DIGITS - scale.min(shown);
    out.extend(digits.get(start..point).unwrap_or_default());
    if scale > 0 {
        out.push(b'.');
        out.extend(digits.get(point..).unwrap_or_default());
    }
}

/// The first three groups are little-endian.
fn guid(bytes: &[u8], out: &mut Short) -> Result<(), Malformed> {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let bytes: &[u8; 16] = bytes.try_into().map_err(|_| WRONG_SIZE)?;
    let hex = |half: u8| HEX.get(usize::from(half & 15)).copied().unwrap_or(b'0');
    for (at, from) in ORDER.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        let byte = bytes.get(*from).copied().unwrap_or_default();
        out.push(hex(byte >> 4));
        out.push(hex(byte));
    }
    Ok(())
}
