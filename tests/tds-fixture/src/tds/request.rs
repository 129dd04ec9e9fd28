//! What a client asks for once it is logged in: SQLBatch, RPC, transaction manager requests (MS-TDS 2.2.6).

use rusqlite::types::Value;

use crate::convert::utf16;
use crate::error::SqlError;
use crate::tds::reader::Reader;
use crate::tds::{packet, read_value, type_info};
use crate::types::Type;

#[derive(Debug)]
pub(crate) enum Request {
    Batch(String),
    Procedures(Vec<Call>),
    Begin {
        isolation: u8,
    },
    Commit {
        then_begin: bool,
    },
    Rollback {
        name: String,
        then_begin: bool,
    },
    Save {
        name: String,
    },
    Attention,
    /// What can't be read.
    Damaged(SqlError),
}

/// A call of a procedure.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) parameters: Vec<Parameter>,
}

#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) by_reference: bool,
    pub(crate) kind: Type,
    pub(crate) value: Value,
}

impl Call {
    /// What it runs, for whoever looks at running requests: the text of a statement, else its name.
    pub(crate) fn text(&self) -> String {
        let place = match self.name.as_str() {
            "sp_executesql" => Some(0),
            "sp_prepexec" | "sp_prepare" => Some(2),
            _ => None,
        };
        match place.and_then(|place| self.parameters.get(place)).map(|parameter| &parameter.value) {
            Some(Value::Text(text)) => text.clone(),
            _ => self.name.clone(),
        }
    }
}

/// Procedures that have a number.
const NUMBERED: [(u16, &str); 13] = [
    (1, "sp_cursor"),
    (2, "sp_cursoropen"),
    (3, "sp_cursorprepare"),
    (4, "sp_cursorexecute"),
    (5, "sp_cursorprepexec"),
    (7, "sp_cursorfetch"),
    (9, "sp_cursorclose"),
    (10, "sp_executesql"),
    (11, "sp_prepare"),
    (12, "sp_execute"),
    (13, "sp_prepexec"),
    (14, "sp_prepexecrpc"),
    (15, "sp_unprepare"),
];

pub(crate) fn parse(message: &packet::Message) -> Request {
    read(message).unwrap_or_else(Request::Damaged)
}

fn read(message: &packet::Message) -> Result<Request, SqlError> {
    if message.kind == packet::ATTENTION {
        return Ok(Request::Attention);
    }
    let mut reader = Reader::new(&message.bytes);
    let headers = reader.u32()? as usize;
    reader.take(headers.saturating_sub(4))?;
    match message.kind {
        packet::SQL_BATCH => Ok(Request::Batch(utf16(reader.rest()))),
        packet::RPC => procedures(&mut reader),
        packet::TRANSACTION => transaction(&mut reader),
        other => Err(SqlError::new(4002, 20, format!("The test server knows no packet of type 0x{other:02X}."))),
    }
}

fn procedures(reader: &mut Reader<'_>) -> Result<Request, SqlError> {
    /// Between two calls.
    const SEPARATORS: [u8; 2] = [0xFF, 0xFE];
    let mut calls = Vec::new();
    while !reader.is_empty() {
        let name = match reader.u16()? {
            u16::MAX => {
                let number = reader.u16()?;
                let known = NUMBERED.iter().find(|(known, _)| *known == number);
                known.ok_or_else(|| SqlError::lacks("procedure of this number"))?.1.to_owned()
            }
            units => utf16(reader.take(usize::from(units) * 2)?),
        };
        reader.u16()?;
        let mut parameters = Vec::new();
        let mut rest = Reader::new(reader.rest());
        loop {
            if rest.is_empty() {
                break;
            }
            let bytes = rest.rest();
            if bytes.first().is_some_and(|byte| SEPARATORS.contains(byte)) {
                rest = Reader::new(&bytes[1..]);
                break;
            }
            rest = Reader::new(bytes);
            let name = rest.b_varchar()?;
            let status = rest.u8()?;
            let bytes = rest.rest();
            let token = bytes.first().copied().unwrap_or_default();
            rest = Reader::new(bytes);
            let kind = type_info::read(&mut rest)?;
            let value = read_value::read(&mut rest, &kind, token)?;
            parameters.push(Parameter { name, by_reference: status & 1 != 0, kind, value });
        }
        calls.push(Call { name, parameters });
        *reader = rest;
    }
    Ok(Request::Procedures(calls))
}

fn transaction(reader: &mut Reader<'_>) -> Result<Request, SqlError> {
    let kind = reader.u16()?;
    let name = |reader: &mut Reader<'_>| -> Result<String, SqlError> {
        let bytes = usize::from(reader.u8()?);
        Ok(utf16(reader.take(bytes)?))
    };
    match kind {
        5 => Ok(Request::Begin { isolation: reader.u8()? }),
        7 => {
            name(reader)?;
            Ok(Request::Commit { then_begin: reader.u8()? & 1 != 0 })
        }
        8 => Ok(Request::Rollback { name: name(reader)?, then_begin: reader.u8()? & 1 != 0 }),
        9 => Ok(Request::Save { name: name(reader)? }),
        _ => Err(SqlError::lacks("distributed transactions")),
    }
}
