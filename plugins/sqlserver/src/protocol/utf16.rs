//! UTF-16LE, which is how TDS writes text.

/// Units turned at a time: their UTF-8 fits [`BLOCK_BYTES`].
const BLOCK: usize = 64;
/// A unit takes three bytes at most, two units of a pair four.
const BLOCK_BYTES: usize = BLOCK * 3;

/// Names and messages: what isn't UTF-16 is replaced.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len() / 2);
    spell(bytes, |utf8| text.extend_from_slice(utf8));
    String::from_utf8(text).unwrap_or_default()
}

/// Writes text as UTF-16LE.
pub fn write(out: &mut Vec<u8>, text: &str) {
    if text.is_ascii() {
        let start = out.len();
        out.resize(start + text.len() * 2, 0);
        let (units, _) = out.get_mut(start..).unwrap_or_default().as_chunks_mut::<2>();
        for (unit, byte) in units.iter_mut().zip(text.bytes()) {
            unit[0] = byte;
        }
    } else {
        out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    }
}

/// Units of a text, which is what lengths count.
#[must_use]
pub fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// Turns UTF-16LE into UTF-8, piece by piece; no piece ends inside a character. A surrogate without its other half, and an odd byte at
/// the end, become U+FFFD: UTF-8 has no way to write them.
#[inline]
pub fn spell(bytes: &[u8], mut piece: impl FnMut(&[u8])) {
    let mut rest = bytes;
    while let Some((block, after)) = rest.split_first_chunk::<{ BLOCK * 2 }>() {
        let mut ascii = [0; BLOCK];
        if narrow(block, &mut ascii) {
            piece(&ascii);
            rest = after;
        } else {
            rest = mixed(rest, &mut piece);
        }
    }
    while !rest.is_empty() {
        let mut ascii = [0; BLOCK];
        let units = rest.len() / 2;
        if let Some(into) = ascii.get_mut(..units)
            && rest.len().is_multiple_of(2)
            && narrow(rest, into)
        {
            return piece(into);
        }
        rest = mixed(rest, &mut piece);
    }
}

/// Takes the low bytes. False: something isn't ASCII.
#[inline]
fn narrow(from: &[u8], into: &mut [u8]) -> bool {
    let (units, _) = from.as_chunks::<2>();
    let mut seen = 0_u16;
    for (byte, unit) in into.iter_mut().zip(units) {
        seen |= u16::from_le_bytes(*unit);
        *byte = unit[0];
    }
    seen < 0x80
}

/// At most a block; answers what is left.
fn mixed<'a>(bytes: &'a [u8], piece: &mut impl FnMut(&[u8])) -> &'a [u8] {
    let mut out = [0; BLOCK_BYTES];
    let mut used = 0;
    let mut put = |c: char| {
        let mut utf8 = [0; 4];
        for byte in c.encode_utf8(&mut utf8).bytes() {
            if let Some(place) = out.get_mut(used) {
                *place = byte;
                used += 1;
            }
        }
    };
    let mut rest = bytes;
    // One unit less than would fit, since a pair takes two.
    for _ in 0..BLOCK - 1 {
        let Some((unit, after)) = rest.split_first_chunk::<2>() else {
            if !rest.is_empty() {
                put(char::REPLACEMENT_CHARACTER);
                rest = &[];
            }
            break;
        };
        rest = after;
        let unit = u16::from_le_bytes(*unit);
        let low = rest.first_chunk::<2>().map(|low| u16::from_le_bytes(*low));
        match (unit, low) {
            (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) => {
                rest = rest.get(2..).unwrap_or_default();
                let code = 0x1_0000 + ((u32::from(unit) - 0xD800) << 10) + (u32::from(low) - 0xDC00);
                put(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            _ => put(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }
    piece(out.get(..used).unwrap_or_default());
    rest
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, text);
        out
    }

    proptest! {
        #[test]
        fn text_comes_back(text in ".{0,300}", ascii in "[ -~]{0,200}") {
            for text in [&text, &ascii, &format!("{ascii}{text}{ascii}")] {
                prop_assert_eq!(&super::text(&encode(text)), text);
                prop_assert_eq!(units(text) * 2, encode(text).len());
            }
        }

        #[test]
        fn any_bytes_are_read_as_the_standard_library_reads_them(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let (units, odd) = bytes.as_chunks::<2>();
            let mut expected: String =
                char::decode_utf16(units.iter().map(|unit| u16::from_le_bytes(*unit)))
                    .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect();
            if !odd.is_empty() {
                expected.push(char::REPLACEMENT_CHARACTER);
            }
            prop_assert_eq!(text(&bytes), expected);
        }
    }
}
