//! Numerics: digits in base 10,000, a weight, a sign and the number of digits to show after the point
//! (`utils/adt/numeric.c`, `numeric_send`).

use super::short::two;
use crate::protocol::{Malformed, Reader};
use bulkhead_driver::Buffer;

const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;
/// Decimal digits in one of the wire's.
const GROUP: usize = 4;
/// The most digits before the point, with room: the server's own limit is 131,072. More is an attack on memory.
const MOST_GROUPS: i32 = 33_000;

/// Every digit that the server sent, in plain notation.
pub(super) fn spell(bytes: &[u8], out: &mut Buffer) -> Result<(), Malformed> {
    let mut reader = Reader::new(bytes);
    let count = reader.count()?;
    let weight = i32::from(reader.i16()?);
    let sign = u16::from_be_bytes(reader.array()?);
    let scale = reader.count()?;
    let special = match sign {
        0 => None,
        NEGATIVE => {
            out.push_ascii(b'-');
            None
        }
        NAN => Some("NaN"),
        INFINITY => Some("Infinity"),
        NEGATIVE_INFINITY => Some("-Infinity"),
        _ => return Err(Malformed("a numeric of unknown sign")),
    };
    if let Some(special) = special {
        out.extend_text(special);
        return Ok(());
    }
    let digits = reader.take(count.saturating_mul(2))?;
    if !reader.is_empty() || weight > MOST_GROUPS {
        return Err(Malformed("a numeric of impossible size"));
    }
    let (groups, _) = digits.as_chunks::<2>();
    let mut groups = groups.iter().map(|group| u16::from_be_bytes(*group));
    whole(&mut groups, weight, out);
    if scale > 0 {
        out.push_ascii(b'.');
        fraction(&mut groups, weight, scale, out);
    }
    Ok(())
}

/// The digits before the point, at least one.
fn whole(groups: &mut impl Iterator<Item = u16>, weight: i32, out: &mut Buffer) {
    if weight < 0 {
        return out.push_ascii(b'0');
    }
    for position in 0..=weight {
        // Groups that are zero to the end aren't sent.
        let group = groups.next().unwrap_or(0);
        let digits = four(group);
        let zeros = if position > 0 { 0 } else { digits.iter().take(GROUP - 1).take_while(|digit| **digit == b'0').count() };
        out.extend_utf8(digits.get(zeros..).unwrap_or_default());
    }
}

/// `scale` digits after the point.
fn fraction(groups: &mut impl Iterator<Item = u16>, weight: i32, scale: usize, out: &mut Buffer) {
    // The first group sent may stand some groups after the point.
    let mut zeros = usize::try_from(weight.saturating_add(1).saturating_neg()).unwrap_or(0);
    let mut left = scale;
    while left > 0 {
        let group = if zeros > 0 {
            zeros -= 1;
            0
        } else {
            groups.next().unwrap_or(0)
        };
        let shown = left.min(GROUP);
        out.extend_utf8(four(group).get(..shown).unwrap_or_default());
        left -= shown;
    }
}

/// A group's four digits. More than 9,999 is nothing a server sends: its lower digits are shown.
fn four(group: u16) -> [u8; GROUP] {
    let group = u32::from(group);
    let ([a, b], [c, d]) = (two(group / 100 % 100), two(group % 100));
    [a, b, c, d]
}
