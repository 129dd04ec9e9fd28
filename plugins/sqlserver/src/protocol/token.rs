//! Tokens, of which an answer is made (MS-TDS 2.2.4, 2.2.7).

use super::{Change, ColumnMeta, Malformed, Reader, ServerMessage, Stop, Type, columns};
use crate::decode;
use bulkhead_driver::Value;

/// The first bytes of tokens.
pub mod tag {
    /// A row.
    pub const ROW: u8 = 0xD1;
    /// A row with a bitmap of its NULLs.
    pub const NBC_ROW: u8 = 0xD2;
    pub(super) const COLUMNS: u8 = 0x81;
    pub(super) const DONE: u8 = 0xFD;
    pub(super) const DONE_PROC: u8 = 0xFE;
    pub(super) const DONE_IN_PROC: u8 = 0xFF;
    pub(super) const ERROR: u8 = 0xAA;
    pub(super) const INFO: u8 = 0xAB;
    pub(super) const CHANGE: u8 = 0xE3;
    pub(super) const RETURN_VALUE: u8 = 0xAC;
    pub(super) const RETURN_STATUS: u8 = 0x79;
    pub(super) const ORDER: u8 = 0xA9;
    pub(super) const LOGIN_ACK: u8 = 0xAD;
    pub(super) const FEATURE_ACK: u8 = 0xAE;
    pub(super) const FED_AUTH_INFO: u8 = 0xEE;
    pub(super) const SSPI: u8 = 0xED;
    pub(super) const TABLE_NAMES: u8 = 0xA4;
    pub(super) const COLUMN_INFO: u8 = 0xA5;
    pub(super) const SESSION_STATE: u8 = 0xE4;
    pub(super) const OFFSET: u8 = 0x78;
}

/// The most bytes of a token whose length is 32 bits: what a session says of itself is far less.
const LONGEST: u32 = 1 << 20;
/// The most features that a server acknowledges; there are some 20.
const MOST_FEATURES: usize = 64;

/// One token.
#[derive(Debug, Clone)]
pub enum Token {
    /// The columns of the rows that follow.
    Columns(Vec<ColumnMeta>),
    /// A row begins here; it is left where it is. True: with a bitmap of its NULLs.
    Row(bool),
    /// A statement has ended.
    Done(Done),
    /// The server's error.
    Error(ServerMessage),
    /// Something beside the answer.
    Info(ServerMessage),
    /// Something in the session changed.
    Change(Change),
    /// An output parameter.
    ReturnValue(ReturnValue),
    /// A procedure's return code.
    ReturnStatus(i32),
    /// The login was accepted. With the program's name and version.
    LoginAck(String, [u8; 4]),
    /// What the server agreed to, by number.
    Features(Vec<u8>),
    /// What the server wants to authenticate with: an address and a name of its own.
    FedAuthInfo,
    /// The server wants Windows authentication.
    Sspi,
    /// Nothing that matters here.
    Other,
}

/// DONE, DONEPROC, DONEINPROC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    status: u16,
    rows: u64,
    in_procedure: bool,
}

impl Done {
    /// True for the last of an answer.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !self.in_procedure && self.status & 0x01 == 0
    }

    /// Whether an error came before it.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.status & 0x102 != 0
    }

    /// Rows changed or returned, where that was counted.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        (self.status & 0x10 != 0).then_some(self.rows)
    }

    /// Whether it answers an attention.
    #[must_use]
    pub fn is_attention(&self) -> bool {
        self.status & 0x20 != 0
    }
}

/// RETURNVALUE (MS-TDS 2.2.7.19).
#[derive(Debug, Clone)]
pub struct ReturnValue {
    /// Which of the call's arguments it is, from 0.
    pub ordinal: u16,
    /// With its `@`. Empty where the argument was given by position.
    pub name: String,
    /// The type's name.
    pub native_type: String,
    /// The value.
    pub value: Value,
}

impl Token {
    /// Reads the next token. Answers its size with it; a row's is left at 0.
    ///
    /// # Errors
    /// If it makes no sense, or hasn't come wholly.
    pub fn parse(bytes: &[u8]) -> Result<(Self, usize), Stop> {
        let mut reader = Reader::new(bytes);
        let token = match reader.u8()? {
            tag::ROW => return Ok((Self::Row(false), 0)),
            tag::NBC_ROW => return Ok((Self::Row(true), 0)),
            tag::COLUMNS => Self::Columns(columns(&mut reader)?),
            tag::DONE | tag::DONE_PROC => Self::Done(done(&mut reader, false)?),
            tag::DONE_IN_PROC => Self::Done(done(&mut reader, true)?),
            tag::ERROR => Self::Error(message(&mut reader)?),
            tag::INFO => Self::Info(message(&mut reader)?),
            tag::CHANGE => Self::Change(Change::parse(body(&mut reader)?)?),
            tag::RETURN_VALUE => Self::ReturnValue(return_value(&mut reader)?),
            tag::RETURN_STATUS => Self::ReturnStatus(reader.i32()?),
            tag::LOGIN_ACK => login_ack(body(&mut reader)?).map_err(Stop::at_end)?,
            tag::FEATURE_ACK => Self::Features(features(&mut reader)?),
            tag::FED_AUTH_INFO => {
                long(&mut reader)?;
                Self::FedAuthInfo
            }
            tag::SSPI => {
                body(&mut reader)?;
                Self::Sspi
            }
            tag::ORDER | tag::TABLE_NAMES | tag::COLUMN_INFO => {
                body(&mut reader)?;
                Self::Other
            }
            tag::SESSION_STATE => {
                long(&mut reader)?;
                Self::Other
            }
            tag::OFFSET => {
                reader.u32()?;
                Self::Other
            }
            _ => return Err(Malformed("a token that isn't known").into()),
        };
        Ok((token, reader.position()))
    }
}

/// What follows 16 bits of length.
fn body<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Stop> {
    let length = usize::from(reader.u16()?);
    reader.take(length)
}

/// The same with 32 bits.
fn long<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Stop> {
    let length = reader.u32()?;
    if length > LONGEST {
        return Err(Malformed("a token longer than any is").into());
    }
    reader.take(usize::try_from(length).unwrap_or(usize::MAX))
}

fn message(reader: &mut Reader<'_>) -> Result<ServerMessage, Stop> {
    ServerMessage::parse(&mut Reader::new(body(reader)?)).map_err(|stop| Stop::Malformed(stop.at_end()))
}

fn done(reader: &mut Reader<'_>, in_procedure: bool) -> Result<Done, Stop> {
    let status = reader.u16()?;
    let _command = reader.u16()?;
    Ok(Done { status, rows: reader.u64()?, in_procedure })
}

fn return_value(reader: &mut Reader<'_>) -> Result<ReturnValue, Stop> {
    let ordinal = reader.u16()?;
    let name = reader.short_text()?;
    let _status = reader.u8()?;
    let user_type = reader.u32()?;
    let _flags = reader.u16()?;
    let kind = Type::parse(reader, user_type)?;
    let value = decode::single(reader, &kind)?;
    Ok(ReturnValue { ordinal, name, native_type: kind.name, value })
}

fn login_ack(body: &[u8]) -> Result<Token, Stop> {
    let mut reader = Reader::new(body);
    let _interface = reader.u8()?;
    let _tds = reader.u32()?;
    let program = reader.short_text()?;
    Ok(Token::LoginAck(program, reader.array()?))
}

fn features(reader: &mut Reader<'_>) -> Result<Vec<u8>, Stop> {
    let mut found = Vec::new();
    loop {
        let feature = reader.u8()?;
        if feature == 0xFF {
            return Ok(found);
        }
        if found.len() >= MOST_FEATURES {
            return Err(Malformed("more features than there are").into());
        }
        long(reader)?;
        found.push(feature);
    }
}
