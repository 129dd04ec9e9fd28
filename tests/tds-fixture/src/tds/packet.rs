//! Packets: a message is put together from them, and taken apart into them.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// What a client sends.
pub(crate) const SQL_BATCH: u8 = 0x01;
pub(crate) const RPC: u8 = 0x03;
pub(crate) const REPLY: u8 = 0x04;
pub(crate) const ATTENTION: u8 = 0x06;
pub(crate) const FEDAUTH_TOKEN: u8 = 0x08;
pub(crate) const TRANSACTION: u8 = 0x0E;
pub(crate) const LOGIN7: u8 = 0x10;
pub(crate) const PRELOGIN: u8 = 0x12;

pub(crate) const HEADER: usize = 8;
/// The size of packets before LOGIN7 agreed on another.
pub(crate) const FIRST_SIZE: usize = 4096;
pub(crate) const END_OF_MESSAGE: u8 = 0x01;
const IGNORE: u8 = 0x02;
const RESET: u8 = 0x08;
const RESET_KEEPING_TRANSACTION: u8 = 0x10;
/// A message longer than this is an attack or a mistake, in a test.
const LONGEST_MESSAGE: usize = 256 << 20;

/// A whole message.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) kind: u8,
    pub(crate) bytes: Vec<u8>,
    /// RESETCONNECTION: the session is to be made clean before this request.
    pub(crate) reset: bool,
    /// The same, but for an open transaction.
    pub(crate) reset_keeping_transaction: bool,
}

/// Reads one; `None` at the end of the stream between two. One that the client withdrew half-way (the ignore bit) is skipped.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Message>> {
    let mut message: Option<Message> = None;
    loop {
        let mut header = [0; HEADER];
        match stream.read_exact(&mut header[..1]).await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && message.is_none() => return Ok(None),
            other => other?,
        };
        stream.read_exact(&mut header[1..]).await?;
        let [kind, status, high, low, ..] = header;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let body = length.checked_sub(HEADER).ok_or_else(|| io::Error::other("a packet shorter than its header"))?;
        let message_so_far = message.get_or_insert_with(|| Message {
            kind,
            bytes: Vec::new(),
            reset: status & RESET != 0,
            reset_keeping_transaction: status & RESET_KEEPING_TRANSACTION != 0,
        });
        if message_so_far.kind != kind {
            return Err(io::Error::other("packets of two messages in each other"));
        }
        let start = message_so_far.bytes.len();
        if start + body > LONGEST_MESSAGE {
            return Err(io::Error::other("a message without end"));
        }
        message_so_far.bytes.resize(start + body, 0);
        stream.read_exact(&mut message_so_far.bytes[start..]).await?;
        if status & END_OF_MESSAGE != 0 {
            if status & IGNORE != 0 {
                message = None;
                continue;
            }
            return Ok(message);
        }
    }
}

/// A message in packets of at most `size` bytes.
pub(crate) fn packets(kind: u8, bytes: &[u8], size: usize, session: u16) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + HEADER);
    let mut chunks = bytes.chunks(size - HEADER).peekable();
    let mut number: u8 = 1;
    while let Some(chunk) = chunks.next() {
        let status = if chunks.peek().is_none() { END_OF_MESSAGE } else { 0 };
        put_header(&mut out, kind, status, chunk.len(), session, number);
        out.extend_from_slice(chunk);
        number = number.wrapping_add(1);
    }
    out
}

/// A packet's header, for a body of so many bytes.
pub(crate) fn put_header(out: &mut Vec<u8>, kind: u8, status: u8, body: usize, session: u16, number: u8) {
    let [high, low] = u16::try_from(body + HEADER).unwrap_or(u16::MAX).to_be_bytes();
    let [session_high, session_low] = session.to_be_bytes();
    out.extend_from_slice(&[kind, status, high, low, session_high, session_low, number, 0]);
}
