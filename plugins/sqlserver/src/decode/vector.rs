//! `vector`: a header of 8 bytes (mark, version, count, kind), then numbers; spelled as a JSON array.

use crate::protocol::{Malformed, Reader, Stop, VectorElement};
use bulkhead_driver::Buffer;
use std::fmt::Write;

/// What the header begins with: its mark and its version.
const MARK: [u8; 2] = [0xA9, 0x01];

pub(super) fn spell(element: VectorElement, bytes: &[u8], out: &mut Buffer) -> Result<(), Malformed> {
    let (count, numbers) = header(bytes).map_err(Stop::at_end)?;
    let size = if element == VectorElement::Float32 { 4 } else { 2 };
    if numbers.len() != usize::from(count) * size {
        return Err(Malformed("a vector's size is not its dimensions'"));
    }
    out.push_ascii(b'[');
    for (at, bytes) in numbers.chunks_exact(size).enumerate() {
        if at > 0 {
            out.push_ascii(b',');
        }
        let number = match *bytes {
            [a, b] => half(u16::from_le_bytes([a, b])),
            [a, b, c, d] => f32::from_le_bytes([a, b, c, d]),
            _ => 0.0,
        };
        if number.is_finite() {
            let _ = write!(out, "{number:?}");
        } else {
            // JSON has no word for it.
            let _ = write!(out, "\"{number}\"");
        }
    }
    out.push_ascii(b']');
    Ok(())
}

fn header(bytes: &[u8]) -> Result<(u16, &[u8]), Stop> {
    let mut reader = Reader::new(bytes);
    if reader.array::<2>()? != MARK {
        return Err(Malformed("a vector of a version that isn't known").into());
    }
    let count = reader.u16()?;
    reader.take(4)?;
    Ok((count, reader.rest()))
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1F);
    let fraction = f32::from(bits & 0x3FF);
    sign * match exponent {
        0 => fraction * 2_f32.powi(-24),
        0x1F if fraction == 0.0 => f32::INFINITY,
        0x1F => f32::NAN,
        _ => (fraction + 1_024.0) * 2_f32.powi(exponent - 25),
    }
}
