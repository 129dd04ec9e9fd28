//! Arrays in their text form, as JSON: `{a,"b c",NULL}`, `{{1,2},{3,4}}`, `[0:1]={x,y}`. Elements become what
//! `item` makes of them; lower bounds aren't shown.

use crate::protocol::Malformed;
use bulkhead_driver::Buffer;

/// Deeper than the server's own six, an array isn't one.
const MOST_DIMENSIONS: usize = 6;
/// How an element is written.
type Item = fn(&[u8], &mut Buffer) -> Result<(), Malformed>;

const WRONG: Malformed = Malformed("an array whose text is not an array's");

/// `["a","b c",null]`.
pub(super) fn spell(delimiter: u8, item: Item, bytes: &[u8], out: &mut Buffer) -> Result<(), Malformed> {
    let bytes = if bytes.starts_with(b"[") {
        let bounds = bytes.iter().position(|byte| *byte == b'=').ok_or(WRONG)?;
        bytes.get(bounds.saturating_add(1)..).unwrap_or_default()
    } else {
        bytes
    };
    let rest = list(delimiter, item, bytes, 0, out)?;
    if rest.is_empty() { Ok(()) } else { Err(WRONG) }
}

/// One pair of braces and what is in it; answers what comes after.
fn list<'a>(delimiter: u8, item: Item, bytes: &'a [u8], depth: usize, out: &mut Buffer) -> Result<&'a [u8], Malformed> {
    if depth >= MOST_DIMENSIONS {
        return Err(WRONG);
    }
    let mut rest = bytes.strip_prefix(b"{").ok_or(WRONG)?;
    out.push_ascii(b'[');
    if let Some(after) = rest.strip_prefix(b"}") {
        out.push_ascii(b']');
        return Ok(after);
    }
    loop {
        rest = match rest.first() {
            Some(b'{') => list(delimiter, item, rest, depth.saturating_add(1), out)?,
            Some(b'"') => quoted(item, rest, out)?,
            _ => bare(delimiter, item, rest, out)?,
        };
        let (next, after) = rest.split_first().ok_or(WRONG)?;
        rest = after;
        if *next == b'}' {
            out.push_ascii(b']');
            return Ok(rest);
        } else if *next != delimiter {
            return Err(WRONG);
        }
        out.push_ascii(b',');
    }
}

/// An element without quotes: up to a delimiter or brace.
fn bare<'a>(delimiter: u8, item: Item, bytes: &'a [u8], out: &mut Buffer) -> Result<&'a [u8], Malformed> {
    let end = bytes.iter().position(|byte| *byte == delimiter || *byte == b'}').ok_or(WRONG)?;
    let (text, rest) = bytes.split_at(end);
    if text.eq_ignore_ascii_case(b"NULL") {
        out.extend_text("null");
    } else {
        item(text, out)?;
    }
    Ok(rest)
}

/// An element in quotes, in which a backslash protects what comes after it.
fn quoted<'a>(item: Item, bytes: &'a [u8], out: &mut Buffer) -> Result<&'a [u8], Malformed> {
    let mut text = Vec::new();
    let mut rest = bytes.get(1..).unwrap_or_default();
    loop {
        let (byte, after) = rest.split_first().ok_or(WRONG)?;
        rest = after;
        match byte {
            b'"' => break,
            b'\\' => {
                let (escaped, after) = rest.split_first().ok_or(WRONG)?;
                text.push(*escaped);
                rest = after;
            }
            other => text.push(*other),
        }
    }
    item(&text, out)?;
    Ok(rest)
}
