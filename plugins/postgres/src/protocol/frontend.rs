//! Writing what is sent. Each function appends one message to a buffer, so that several go out together.
//!
//! A length that doesn't fit the protocol's 32 bits can't come from what a component can hold in memory (64 MiB by
//! default, 4 GiB at most); should it, the length field says `i32::MAX` and the server refuses the message.

use std::borrow::Cow;

/// Protocol 3.0.
const VERSION: i32 = 3 << 16;
/// What the server's documentation gives as the code of an SSLRequest.
const SSL_REQUEST: i32 = (1234 << 16) | 5679;
/// And of a CancelRequest.
const CANCEL_REQUEST: i32 = (1234 << 16) | 5678;

/// A parameter in a Bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindValue<'a> {
    /// NULL.
    Null,
    /// The type's text form.
    Text(Cow<'a, str>),
    /// The type's binary form.
    Binary(&'a [u8]),
}

/// StartupMessage: names and values.
pub fn startup<'a>(out: &mut Vec<u8>, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) {
    sized(out, |out| {
        out.extend_from_slice(&VERSION.to_be_bytes());
        for (name, value) in parameters {
            cstr(out, name);
            cstr(out, value);
        }
        out.push(0);
    });
}

/// SSLRequest: the answer is one byte, `S` or `N`.
pub fn ssl_request(out: &mut Vec<u8>) {
    sized(out, |out| out.extend_from_slice(&SSL_REQUEST.to_be_bytes()));
}

/// CancelRequest: on a connection of its own, and there is no answer.
pub fn cancel_request(out: &mut Vec<u8>, process: i32, secret: &[u8]) {
    sized(out, |out| {
        out.extend_from_slice(&CANCEL_REQUEST.to_be_bytes());
        out.extend_from_slice(&process.to_be_bytes());
        out.extend_from_slice(secret);
    });
}

/// PasswordMessage with a hash.
pub fn password(out: &mut Vec<u8>, password: &str) {
    tagged(out, b'p', |out| cstr(out, password));
}

/// What goes before a password of so many bytes; a zero goes after it.
#[must_use]
pub fn password_prefix(length: u32) -> Vec<u8> {
    let mut out = vec![b'p'];
    // The length itself, and the zero.
    out.extend_from_slice(&length.saturating_add(5).to_be_bytes());
    out
}

/// SASLInitialResponse.
pub fn sasl_initial(out: &mut Vec<u8>, mechanism: &str, data: &[u8]) {
    tagged(out, b'p', |out| {
        cstr(out, mechanism);
        out.extend_from_slice(&length(data.len()).to_be_bytes());
        out.extend_from_slice(data);
    });
}

/// SASLResponse.
pub fn sasl_response(out: &mut Vec<u8>, data: &[u8]) {
    tagged(out, b'p', |out| out.extend_from_slice(data));
}

/// Parse: a statement's name (empty: the unnamed one), its text, and the types of its first parameters (0: to be inferred).
pub fn parse(out: &mut Vec<u8>, name: &str, sql: &str, types: &[u32]) {
    tagged(out, b'P', |out| {
        cstr(out, name);
        cstr(out, sql);
        count(out, types.len());
        for oid in types {
            out.extend_from_slice(&oid.to_be_bytes());
        }
    });
}

/// Describe a statement.
pub fn describe_statement(out: &mut Vec<u8>, name: &str) {
    tagged(out, b'D', |out| {
        out.push(b'S');
        cstr(out, name);
    });
}

/// Bind a statement to the unnamed portal; `formats` has a 1 for each column wanted in binary.
pub fn bind(out: &mut Vec<u8>, statement: &str, values: &[BindValue<'_>], formats: &[i16]) {
    tagged(out, b'B', |out| {
        cstr(out, "");
        cstr(out, statement);
        if values.iter().any(|value| matches!(value, BindValue::Binary(_))) {
            count(out, values.len());
            for value in values {
                out.extend_from_slice(&i16::from(matches!(value, BindValue::Binary(_))).to_be_bytes());
            }
        } else {
            // None given: all are text.
            count(out, 0);
        }
        count(out, values.len());
        for value in values {
            match value {
                BindValue::Null => out.extend_from_slice(&(-1_i32).to_be_bytes()),
                BindValue::Text(text) => value_bytes(out, text.as_bytes()),
                BindValue::Binary(bytes) => value_bytes(out, bytes),
            }
        }
        count(out, formats.len());
        for format in formats {
            out.extend_from_slice(&format.to_be_bytes());
        }
    });
}

/// Execute the unnamed portal for so many rows (0: all).
pub fn execute(out: &mut Vec<u8>, rows: u32) {
    tagged(out, b'E', |out| {
        cstr(out, "");
        out.extend_from_slice(&i32::try_from(rows).unwrap_or(i32::MAX).to_be_bytes());
    });
}

/// Close a statement. One that isn't there is no error.
pub fn close_statement(out: &mut Vec<u8>, name: &str) {
    tagged(out, b'C', |out| {
        out.push(b'S');
        cstr(out, name);
    });
}

/// Close the unnamed portal.
pub fn close_portal(out: &mut Vec<u8>) {
    tagged(out, b'C', |out| {
        out.push(b'P');
        cstr(out, "");
    });
}

/// A whole statement without parameters or rows: its parse, bind and execute, unnamed.
pub fn command(out: &mut Vec<u8>, sql: &str) {
    parse(out, "", sql, &[]);
    bind(out, "", &[], &[]);
    execute(out, 0);
}

/// Query: the simple protocol, for several statements of our own at once.
pub fn query(out: &mut Vec<u8>, sql: &str) {
    tagged(out, b'Q', |out| cstr(out, sql));
}

/// CopyFail.
pub fn copy_fail(out: &mut Vec<u8>, reason: &str) {
    tagged(out, b'f', |out| cstr(out, reason));
}

/// Send what you have.
pub fn flush(out: &mut Vec<u8>) {
    tagged(out, b'H', |_| {});
}

/// End of a group: commit what isn't in a transaction, forget errors, say that you are ready.
pub fn sync(out: &mut Vec<u8>) {
    tagged(out, b'S', |_| {});
}

/// Goodbye.
pub fn terminate(out: &mut Vec<u8>) {
    tagged(out, b'X', |_| {});
}

fn tagged(out: &mut Vec<u8>, tag: u8, body: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    sized(out, body);
}

/// Writes a body with its length, which counts itself, before it.
fn sized(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out);
    let total = length(out.len().saturating_sub(start));
    if let Some(field) = out.get_mut(start..).and_then(|rest| rest.first_chunk_mut()) {
        *field = total.to_be_bytes();
    }
}

/// A string and its zero. A zero inside would end it early and let the rest pass for something else: the string is cut there.
/// Texts from outside are checked before they come here.
fn cstr(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    out.extend_from_slice(bytes.get(..end).unwrap_or_default());
    out.push(0);
}

fn value_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&length(bytes.len()).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
}

fn length(len: usize) -> i32 {
    i32::try_from(len).unwrap_or(i32::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_themselves() {
        let mut out = Vec::new();
        sync(&mut out);
        query(&mut out, "SELECT");
        assert_eq!(out, b"S\0\0\0\x04Q\0\0\0\x0bSELECT\0");
    }

    #[test]
    fn ssl_request_is_what_the_documentation_says() {
        let mut out = Vec::new();
        ssl_request(&mut out);
        assert_eq!(out, [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
    }

    #[test]
    fn a_binary_value_brings_formats() {
        let mut out = Vec::new();
        bind(&mut out, "s", &[BindValue::Null, BindValue::Binary(&[7])], &[1]);
        let body = b"\0s\0\0\x02\0\0\0\x01\0\x02\xff\xff\xff\xff\0\0\0\x01\x07\0\x01\0\x01";
        assert_eq!(&out[5..], body);
        assert_eq!(usize::from(out[4]), body.len() + 4);
    }

    #[test]
    fn a_string_ends_at_its_first_zero() {
        let mut out = Vec::new();
        cstr(&mut out, "a\0b");
        assert_eq!(out, b"a\0");
    }
}
