//! Strings in JSON, for the elements of arrays.

use crate::protocol::Malformed;
use bulkhead_driver::Buffer;

/// A JSON string of bytes that are text.
pub(super) fn string(bytes: &[u8], out: &mut Buffer) -> Result<(), Malformed> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(Malformed("an array element is not valid UTF-8"));
    }
    out.push_ascii(b'"');
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        let (plain, special) = rest.split_at(at);
        out.extend_utf8(plain);
        let Some((byte, after)) = special.split_first() else {
            break;
        };
        escape(*byte, out);
        rest = after;
    }
    out.extend_utf8(rest);
    out.push_ascii(b'"');
    Ok(())
}

/// A float as the server writes it: a JSON number, or a string for what isn't a number.
pub(super) fn float(bytes: &[u8], out: &mut Buffer) -> Result<(), Malformed> {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    if digits.first().is_some_and(u8::is_ascii_digit) && digits.is_ascii() {
        out.extend_utf8(bytes);
        Ok(())
    } else {
        string(bytes, out)
    }
}

fn escape(byte: u8, out: &mut Buffer) {
    match byte {
        b'"' => out.extend_text("\\\""),
        b'\\' => out.extend_text("\\\\"),
        b'\n' => out.extend_text("\\n"),
        b'\r' => out.extend_text("\\r"),
        b'\t' => out.extend_text("\\t"),
        other => {
            let _ = std::fmt::Write::write_fmt(out, format_args!("\\u{other:04x}"));
        }
    }
}
