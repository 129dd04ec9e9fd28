//! What a stranger can send, as functions of bytes: the entry points of the fuzz targets under `fuzz/`, which the tests
//! below drive as well. None may panic, whatever the bytes.

use crate::decode::{self, Skip};
use crate::protocol::packet::END;
use crate::protocol::{Inbox, Reader, Token, columns};
use crate::session::Session;
use crate::wire::{Credential, Stream, Wire};
use bulkhead_driver::secrets::SecretError;
use bulkhead_driver::transport::{IoError, TlsFraming, TlsInfo, TlsPolicy};
use bulkhead_driver::{BatchBuilder, ConnectOptions, ExplainOptions, Layout, Parameter, QueryOptions, Target, Value};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The most bytes of a read.
const PIECE: usize = 200;
/// Every so many reads the caller is gone.
const CANCELLED: usize = 13;
/// A batch stays below this, as the host's batches do.
const BATCH: u32 = 64;

/// Bytes as packets of tokens, in pieces as long as the first byte says.
pub fn tokens(bytes: &[u8]) {
    let (piece, bytes) = bytes.split_first().map_or((1, bytes), |(first, rest)| (usize::from(*first).max(1), rest));
    let mut inbox = Inbox::new();
    for piece in bytes.chunks(piece) {
        if inbox.extend(piece).is_err() {
            return;
        }
        while let Ok((token, size)) = Token::parse(inbox.rest()) {
            if matches!(token, Token::Row(_)) {
                return;
            }
            inbox.advance(size);
        }
    }
}

/// Bytes as the columns of a result, and rows of them: whole, and gone past in pieces.
pub fn rows(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    let Ok(columns) = columns(&mut reader) else { return };
    let codecs: Vec<_> = columns.iter().map(|column| column.kind.codec).collect();
    if codecs.is_empty() {
        return;
    }
    let rest = reader.rest();
    for bitmap in [false, true] {
        let layouts = columns.iter().map(|column| Layout::of(column.kind.kind()));
        let mut batch = BatchBuilder::new(layouts);
        let size = decode::size(rest, bitmap, &codecs);
        if let Ok(used) = decode::row(rest, bitmap, &codecs, &mut batch) {
            assert_eq!(size, Ok(used), "a row is as long as it was measured");
            let _ = batch.finish();
        }
        let _ = decode::text(rest, bitmap, &codecs);
        let mut skip = Skip::new(bitmap);
        let (skipped, ended) = skip.advance(rest, &codecs);
        assert!(skipped <= rest.len());
        if let Ok(size) = size {
            assert!(ended && skipped == size, "a row is gone past as long as it is");
        }
    }
}

/// Bytes as all that a server says: from the first answer through some statements to the end.
pub fn session(bytes: &[u8]) {
    let options = ConnectOptions {
        catalog: Some("d".to_owned()),
        user: Some("u".to_owned()),
        application_name: "a".to_owned(),
        read_only: bytes.first().is_some_and(|first| first % 2 == 1),
        timeout_ms: 1_000,
        options: String::new(),
    };
    let Ok(mut session) = Session::connect(Script::new(bytes.to_vec(), bytes.len().is_multiple_of(2)), &options) else { return };
    let params = [Parameter { name: None, value: Value::Json("[1]".to_owned()), type_hint: None }];
    for read_only in [false, true, false] {
        let options = QueryOptions { read_only, timeout_ms: Some(9), max_rows: None, batch_rows: BATCH, batch_bytes: 1_000 };
        if let Ok(answer) = session.query("SELECT @p1", &params, &options) {
            let next = answer.next.map_or(answer.run, |next| next.run);
            let _ = session.next_part(next, BATCH, 1_000);
            let _ = session.close_part(next);
        }
        let _ = session.reset();
    }
    let _ = session.describe(Target::Server);
    let _ = session.explain("SELECT 1", &[], &ExplainOptions { analyze: false, read_only: true, timeout_ms: None });
    let _ = session.ping();
}

/// A server that says what it says, whatever it is asked.
#[derive(Debug)]
struct Script {
    bytes: Rc<RefCell<Vec<u8>>>,
    reads: Rc<Cell<usize>>,
    /// Each read gives one message, as if it came in answer; otherwise as much as there is.
    answers: bool,
}

impl Script {
    fn new(bytes: Vec<u8>, answers: bool) -> Self {
        Self { bytes: Rc::new(RefCell::new(bytes)), reads: Rc::new(Cell::new(0)), answers }
    }

    /// The length of the first message: its packets up to the last.
    fn message(&self) -> usize {
        let bytes = self.bytes.borrow();
        let mut at = 0_usize;
        while let Some([_, status, high, low]) = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
            at = at.saturating_add(usize::from(u16::from_be_bytes([*high, *low])).max(1));
            if status & END != 0 {
                break;
            }
        }
        at.max(1)
    }
}

impl Wire for Script {
    type Stream = Self;

    fn endpoints(&self) -> Vec<String> {
        vec!["main".to_owned(), "db:1433".to_owned()]
    }

    fn tls(&self) -> TlsPolicy {
        TlsPolicy::Off
    }

    fn dial(&self, _endpoint: &str) -> Result<Self, IoError> {
        Ok(Self { bytes: self.bytes.clone(), reads: self.reads.clone(), answers: self.answers })
    }

    fn credential(&self) -> Option<Credential> {
        Some(Credential::Password)
    }

    fn secret_length(&self) -> u32 {
        2
    }

    fn send_login(&self, _to: &Self, _before: &[u8], _after: &[u8]) -> Result<(), SecretError> {
        Ok(())
    }
}

impl Stream for Script {
    fn host(&self) -> String {
        "db".to_owned()
    }

    fn read(&self, max: u32) -> Result<Vec<u8>, IoError> {
        self.reads.set(self.reads.get().saturating_add(1));
        // Now and then the caller goes.
        if self.reads.get().is_multiple_of(CANCELLED) {
            return Err(IoError::Cancelled);
        }
        let most = if self.answers { self.message() } else { PIECE };
        let mut bytes = self.bytes.borrow_mut();
        let count = usize::try_from(max).unwrap_or(usize::MAX).min(bytes.len()).min(most);
        Ok(bytes.drain(..count).collect())
    }

    fn write(&self, _bytes: &[u8]) -> Result<(), IoError> {
        Ok(())
    }

    fn exchange(&self, _bytes: &[u8], max: u32) -> Result<Vec<u8>, IoError> {
        self.read(max)
    }

    fn start_tls(&self, _framing: TlsFraming, _alpn: &[&str]) -> Result<TlsInfo, IoError> {
        Err(IoError::Tls("none".to_owned()))
    }

    fn stop_tls(&self) -> Result<(), IoError> {
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests;
