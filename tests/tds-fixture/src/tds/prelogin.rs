//! PRELOGIN: what both sides say before anything else (MS-TDS 2.2.6.5).

use crate::config::Encryption;
use crate::error::SqlError;

/// Values of the encryption option.
const OFF: u8 = 0;
const ON: u8 = 1;
const NOT_SUPPORTED: u8 = 2;
const REQUIRED: u8 = 3;

/// Tokens of the options that matter here.
const VERSION_OPTION: u8 = 0;
const ENCRYPTION_OPTION: u8 = 1;
const INSTANCE_OPTION: u8 = 2;
const THREAD_OPTION: u8 = 3;
const MARS_OPTION: u8 = 4;
const FEDAUTH_OPTION: u8 = 6;
const END: u8 = 0xFF;

/// 16.0.1000: SQL Server 2022.
pub(crate) const VERSION: [u8; 6] = [16, 0, 0x03, 0xE8, 0, 0];

/// What the client said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prelogin {
    encryption: u8,
    pub(crate) fedauth: Option<u8>,
}

/// What TLS does on a connection that began in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tls {
    None,
    /// LOGIN7 alone.
    Login,
    /// To the end.
    All,
}

pub(crate) fn parse(bytes: &[u8]) -> Result<Prelogin, SqlError> {
    let damaged = || SqlError::new(4002, 20, "The prelogin packet used to open the connection is structurally invalid.");
    let mut found = Prelogin { encryption: NOT_SUPPORTED, fedauth: None };
    let mut at = 0;
    loop {
        match bytes.get(at..) {
            Some([END, ..]) => return Ok(found),
            Some([token, offset_high, offset_low, length_high, length_low, ..]) => {
                let start = usize::from(u16::from_be_bytes([*offset_high, *offset_low]));
                let length = usize::from(u16::from_be_bytes([*length_high, *length_low]));
                let value = bytes.get(start..start + length).ok_or_else(damaged)?;
                match (*token, value) {
                    (ENCRYPTION_OPTION, [value, ..]) => found.encryption = *value,
                    (FEDAUTH_OPTION, [value, ..]) => found.fedauth = Some(*value),
                    _ => {}
                }
                at += 5;
            }
            _ => return Err(damaged()),
        }
    }
}

impl Prelogin {
    /// What comes of both sides' wishes (the table in 2.2.6.5).
    pub(crate) fn agree(self, ours: Encryption) -> (u8, Tls) {
        match (ours, self.encryption & 0x03) {
            (Encryption::None | Encryption::Strict, _) | (Encryption::Login, NOT_SUPPORTED) => (NOT_SUPPORTED, Tls::None),
            (Encryption::Login, OFF) => (OFF, Tls::Login),
            (Encryption::Login, _) | (Encryption::On, ON) => (ON, Tls::All),
            (Encryption::On, _) => (REQUIRED, Tls::All),
        }
    }
}

/// Our side's options.
pub(crate) fn reply(encryption: u8, fedauth: bool) -> Vec<u8> {
    let mut options: Vec<(u8, &[u8])> = vec![(VERSION_OPTION, &VERSION)];
    let encryption = [encryption];
    options.push((ENCRYPTION_OPTION, &encryption));
    options.push((INSTANCE_OPTION, &[0]));
    options.push((THREAD_OPTION, &[]));
    options.push((MARS_OPTION, &[0]));
    if fedauth {
        options.push((FEDAUTH_OPTION, &[1]));
    }
    let mut out = Vec::new();
    let mut offset = options.len() * 5 + 1;
    for (token, value) in &options {
        out.push(*token);
        out.extend_from_slice(&u16::try_from(offset).unwrap_or(0).to_be_bytes());
        out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(0).to_be_bytes());
        offset += value.len();
    }
    out.push(END);
    for (_, value) in options {
        out.extend_from_slice(value);
    }
    out
}
