//! What a client is sent: tokens, gathered into packets, handed to whoever writes (MS-TDS 2.2.7).
//!
//! A DONE is held back until it is known whether another token follows: only then is its "more" bit known.

use rusqlite::types::ValueRef;
use tokio::sync::mpsc::Sender;

use super::packet::{END_OF_MESSAGE, HEADER, REPLY, put_header};
use super::type_info::{self, Features};
use super::{put_b_varchar, put_us_varchar, write_value};
use crate::collation::Collation;
use crate::error::SqlError;
use crate::types::{Kind, Type};

/// Tokens of DONE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// After a statement of a batch, and at the end of an attention.
    Statement = 0xFD,
    /// After a procedure.
    Procedure = 0xFE,
    /// After a statement of a procedure.
    InProcedure = 0xFF,
}

const MORE: u16 = 0x01;
const ERROR: u16 = 0x02;
const IN_TRANSACTION: u16 = 0x04;
const COUNT: u16 = 0x10;
const ATTENTION: u16 = 0x20;

/// Above it a TDS version has NBCROW (7.3 B).
const NBCROW_SINCE: u32 = 0x730B_0003;

/// A column of a result.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Type,
    pub(crate) nullable: bool,
    pub(crate) identity: bool,
    pub(crate) computed: bool,
}

/// A reply on its way.
pub(crate) struct Reply {
    out: Sender<Vec<u8>>,
    body: Vec<u8>,
    held: Option<(Done, u16, u16, u64)>,
    pub(crate) size: usize,
    pub(crate) session: u16,
    number: u8,
    pub(crate) features: Features,
    pub(crate) tds_version: u32,
    pub(crate) server: String,
}

impl Reply {
    pub(crate) fn new(out: Sender<Vec<u8>>, session: u16, server: String) -> Reply {
        Reply {
            out,
            body: Vec::new(),
            held: None,
            size: super::packet::FIRST_SIZE,
            session,
            number: 1,
            features: Features::default(),
            tds_version: 0,
            server,
        }
    }

    /// Whether a DONE came last, as has to be at a message's end.
    pub(crate) fn is_done(&self) -> bool {
        self.held.is_some()
    }

    fn token(&mut self, token: u8) -> Result<(), SqlError> {
        self.release(MORE)?;
        self.body.push(token);
        Ok(())
    }

    /// Writes the DONE that was held back.
    fn release(&mut self, more: u16) -> Result<(), SqlError> {
        if let Some((kind, status, command, count)) = self.held.take() {
            self.body.push(kind as u8);
            self.body.extend_from_slice(&(status | more).to_le_bytes());
            self.body.extend_from_slice(&command.to_le_bytes());
            self.body.extend_from_slice(&count.to_le_bytes());
        }
        self.send_full_packets()
    }

    fn send_full_packets(&mut self) -> Result<(), SqlError> {
        let room = self.size - HEADER;
        // One byte more than a packet holds, so that the last packet of a message is never empty.
        while self.body.len() > room {
            let rest = self.body.split_off(room);
            self.send_packet(0)?;
            self.body = rest;
        }
        Ok(())
    }

    fn send_packet(&mut self, status: u8) -> Result<(), SqlError> {
        let mut packet = Vec::with_capacity(self.body.len() + HEADER);
        put_header(&mut packet, REPLY, status, self.body.len(), self.session, self.number);
        packet.append(&mut self.body);
        self.number = self.number.wrapping_add(1);
        self.out.blocking_send(packet).map_err(|_| SqlError::gone())
    }

    /// Ends the message.
    pub(crate) fn finish(&mut self) -> Result<(), SqlError> {
        self.release(0)?;
        self.send_packet(END_OF_MESSAGE)?;
        self.number = 1;
        Ok(())
    }

    /// Ends the message of a request that an attention ended.
    pub(crate) fn finish_attention(&mut self) -> Result<(), SqlError> {
        self.done(Done::Statement, ATTENTION, None, 0)?;
        self.finish()
    }

    pub(crate) fn done(&mut self, kind: Done, status: u16, count: Option<u64>, command: u16) -> Result<(), SqlError> {
        self.release(MORE)?;
        let status = status | if count.is_some() { COUNT } else { 0 };
        self.held = Some((kind, status, command, count.unwrap_or(0)));
        Ok(())
    }

    /// A statement's end: whether it failed, whether a transaction is open.
    pub(crate) fn statement_done(
        &mut self,
        kind: Done,
        failed: bool,
        open: bool,
        count: Option<u64>,
        command: u16,
    ) -> Result<(), SqlError> {
        let status = if failed { ERROR } else { 0 } | if open { IN_TRANSACTION } else { 0 };
        self.done(kind, status, count, command)
    }

    fn counted(&mut self, token: u8, body: &[u8]) -> Result<(), SqlError> {
        self.token(token)?;
        self.body.extend_from_slice(&u16::try_from(body.len()).unwrap_or(u16::MAX).to_le_bytes());
        self.body.extend_from_slice(body);
        Ok(())
    }

    /// ERROR or, up to class 10, INFO.
    pub(crate) fn message(&mut self, error: &SqlError) -> Result<(), SqlError> {
        let mut body = error.number.to_le_bytes().to_vec();
        body.extend_from_slice(&[error.state, error.class]);
        put_us_varchar(&mut body, &error.message);
        put_b_varchar(&mut body, &self.server);
        put_b_varchar(&mut body, &error.procedure);
        body.extend_from_slice(&error.line.to_le_bytes());
        self.counted(if error.class > 10 { 0xAA } else { 0xAB }, &body)
    }

    /// An ENVCHANGE of text.
    pub(crate) fn changed_text(&mut self, what: u8, new: &str, old: &str) -> Result<(), SqlError> {
        let mut body = vec![what];
        put_b_varchar(&mut body, new);
        put_b_varchar(&mut body, old);
        self.counted(0xE3, &body)
    }

    /// An ENVCHANGE of bytes.
    pub(crate) fn changed_bytes(&mut self, what: u8, new: &[u8], old: &[u8]) -> Result<(), SqlError> {
        let mut body = vec![what, u8::try_from(new.len()).unwrap_or(0)];
        body.extend_from_slice(new);
        body.push(u8::try_from(old.len()).unwrap_or(0));
        body.extend_from_slice(old);
        self.counted(0xE3, &body)
    }

    /// The ENVCHANGE that sends a client elsewhere.
    pub(crate) fn routed(&mut self, host: &str, port: u16) -> Result<(), SqlError> {
        let mut target = vec![0];
        target.extend_from_slice(&port.to_le_bytes());
        put_us_varchar(&mut target, host);
        let mut body = vec![20];
        body.extend_from_slice(&u16::try_from(target.len()).unwrap_or(0).to_le_bytes());
        body.extend_from_slice(&target);
        body.extend_from_slice(&[0, 0]);
        self.counted(0xE3, &body)
    }

    pub(crate) fn login_ack(&mut self, version: u32) -> Result<(), SqlError> {
        let mut body = vec![1];
        body.extend_from_slice(&version.to_be_bytes());
        put_b_varchar(&mut body, "Microsoft SQL Server");
        body.extend_from_slice(&super::prelogin::VERSION[..4]);
        self.counted(0xAD, &body)
    }

    pub(crate) fn feature_ack(&mut self, features: &[(u8, Vec<u8>)]) -> Result<(), SqlError> {
        self.token(0xAE)?;
        for (feature, data) in features {
            self.body.push(*feature);
            self.body.extend_from_slice(&u32::try_from(data.len()).unwrap_or(0).to_le_bytes());
            self.body.extend_from_slice(data);
        }
        self.body.push(0xFF);
        Ok(())
    }

    /// Where a token for this server is to be had.
    pub(crate) fn fedauth_info(&mut self, issuer: &str, audience: &str) -> Result<(), SqlError> {
        let texts: Vec<Vec<u8>> =
            [issuer, audience].iter().map(|text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()).collect();
        let mut body = 2_u32.to_le_bytes().to_vec();
        let mut offset = 4 + 2 * 9;
        for (id, text) in [1_u8, 2].into_iter().zip(&texts) {
            body.push(id);
            body.extend_from_slice(&u32::try_from(text.len()).unwrap_or(0).to_le_bytes());
            body.extend_from_slice(&u32::try_from(offset).unwrap_or(0).to_le_bytes());
            offset += text.len();
        }
        body.extend(texts.concat());
        self.token(0xEE)?;
        self.body.extend_from_slice(&u32::try_from(body.len()).unwrap_or(0).to_le_bytes());
        self.body.extend_from_slice(&body);
        Ok(())
    }

    pub(crate) fn columns(&mut self, columns: &[Column]) -> Result<(), SqlError> {
        self.token(0x81)?;
        self.body.extend_from_slice(&u16::try_from(columns.len()).unwrap_or(u16::MAX).to_le_bytes());
        for column in columns {
            let wire = self.features.wire_type(column.kind);
            let user_type: u32 = match column.kind.kind {
                Kind::RowVersion => 80,
                _ => 0,
            };
            self.body.extend_from_slice(&user_type.to_le_bytes());
            let flags: u16 =
                u16::from(column.nullable) | if column.identity { 0x10 } else { 0 } | if column.computed { 0x20 } else { 0x08 };
            self.body.extend_from_slice(&flags.to_le_bytes());
            type_info::write(&mut self.body, &wire, column.nullable);
            if matches!(wire.kind, Kind::Text | Kind::NText | Kind::Image) {
                self.body.push(1);
                put_us_varchar(&mut self.body, "");
            }
            put_b_varchar(&mut self.body, &column.name);
        }
        self.send_full_packets()
    }

    /// ROW, or NBCROW where something is NULL and the client knows it.
    pub(crate) fn row(&mut self, columns: &[Column], values: &[ValueRef<'_>]) -> Result<(), SqlError> {
        let compressed = self.tds_version >= NBCROW_SINCE && values.contains(&ValueRef::Null);
        let mut row = Vec::new();
        if compressed {
            let mut bits = vec![0_u8; columns.len().div_ceil(8)];
            for (index, _) in values.iter().enumerate().filter(|(_, value)| **value == ValueRef::Null) {
                bits[index / 8] |= 1 << (index % 8);
            }
            row.append(&mut bits);
        }
        for (column, value) in columns.iter().zip(values) {
            if compressed && *value == ValueRef::Null {
                continue;
            }
            let wire = self.features.wire_type(column.kind);
            write_value::write(&mut row, &wire, column.nullable, *value)?;
        }
        self.token(if compressed { 0xD2 } else { 0xD1 })?;
        self.body.append(&mut row);
        self.send_full_packets()
    }

    /// The columns, counted from 1, that the rows are sorted by.
    pub(crate) fn order(&mut self, columns: &[u16]) -> Result<(), SqlError> {
        let body: Vec<u8> = columns.iter().flat_map(|column| column.to_le_bytes()).collect();
        self.counted(0xA9, &body)
    }

    pub(crate) fn return_status(&mut self, status: i32) -> Result<(), SqlError> {
        self.token(0x79)?;
        self.body.extend_from_slice(&status.to_le_bytes());
        Ok(())
    }

    /// An output parameter.
    pub(crate) fn return_value(&mut self, ordinal: u16, name: &str, of: &Type, value: ValueRef<'_>) -> Result<(), SqlError> {
        let wire = self.features.wire_type(*of);
        self.token(0xAC)?;
        self.body.extend_from_slice(&ordinal.to_le_bytes());
        put_b_varchar(&mut self.body, name);
        self.body.push(1);
        self.body.extend_from_slice(&[0; 6]);
        type_info::write(&mut self.body, &wire, true);
        write_value::write(&mut self.body, &wire, true, value)
    }

    /// The server's collation.
    pub(crate) fn collation(&mut self) -> Result<(), SqlError> {
        self.changed_bytes(7, &Collation::DEFAULT.wire(), &[])
    }
}
