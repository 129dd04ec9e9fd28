//! The protocol (MS-TDS): packets, what a client sends, what it is sent.

pub(crate) mod envelope;
pub(crate) mod login;
pub(crate) mod packet;
pub(crate) mod prelogin;
pub(crate) mod read_value;
pub(crate) mod reader;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod type_info;
pub(crate) mod write_value;

/// Text in UTF-16 behind its length in characters, in one byte.
pub(crate) fn put_b_varchar(out: &mut Vec<u8>, text: &str) {
    let units: Vec<u16> = text.encode_utf16().take(usize::from(u8::MAX)).collect();
    out.push(u8::try_from(units.len()).unwrap_or(u8::MAX));
    out.extend(units.into_iter().flat_map(u16::to_le_bytes));
}

/// Text in UTF-16 behind its length in characters, in two bytes.
pub(crate) fn put_us_varchar(out: &mut Vec<u8>, text: &str) {
    let units: Vec<u16> = text.encode_utf16().take(usize::from(u16::MAX)).collect();
    out.extend_from_slice(&u16::try_from(units.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(units.into_iter().flat_map(u16::to_le_bytes));
}
