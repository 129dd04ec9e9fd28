//! What a stranger can send, as functions of bytes: the entry points of the fuzz targets under `fuzz/`, which the tests
//! below drive as well. None may panic, whatever the bytes.

use crate::decode;
use crate::protocol::{Inbox, Message, Next};
use crate::session::Session;
use crate::types::Type;
use crate::wire::{Stream, Wire};
use bulkhead_driver::secrets::{ScramProof, SecretError};
use bulkhead_driver::transport::{IoError, TlsInfo};
use bulkhead_driver::{BatchBuilder, ConnectOptions, Layout, Parameter, QueryOptions, Target, Value};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The most bytes of a read.
const PIECE: usize = 200;
/// Every so many reads the caller is gone.
const CANCELLED: usize = 13;

/// A batch stays below this, as the host's batches do.
const BATCH: u32 = 64;

/// Bytes as a stream of messages, in pieces as long as the first byte says.
pub fn messages(bytes: &[u8]) {
    let (piece, bytes) = bytes.split_first().map_or((1, bytes), |(first, rest)| (usize::from(*first).max(1), rest));
    let mut inbox = Inbox::new(1_000);
    for piece in bytes.chunks(piece) {
        inbox.extend(piece.to_vec());
        loop {
            match inbox.peek() {
                Ok(Next::Frame(frame)) => {
                    let _ = Message::parse(frame.tag, inbox.body(frame));
                    inbox.advance(frame);
                }
                Ok(Next::Oversized(frame)) => inbox.advance(frame),
                Ok(Next::Need(_)) => break,
                Err(_) => return,
            }
        }
    }
}

/// Bytes as a row of three columns, whose types' OIDs the first six bytes give.
pub fn row(bytes: &[u8]) {
    let Some((types, body)) = bytes.split_first_chunk::<6>() else { return };
    let (pairs, _) = types.as_chunks::<2>();
    let types: Option<Vec<Type>> = pairs.iter().map(|pair| Type::builtin(u16::from_be_bytes(*pair).into())).collect();
    let Some(types) = types else { return };
    let codecs: Vec<_> = types.into_iter().map(|kind| kind.codec).collect();
    let mut batch = BatchBuilder::new(codecs.iter().map(|codec| Layout::of(codec.kind())));
    if decode::row(body, &codecs, &mut batch).is_ok() {
        let _ = batch.finish();
    }
}

/// Bytes as all that a server says: from the first answer through some statements to the end.
pub fn session(bytes: &[u8]) {
    let wire = Script::new(bytes.to_vec(), bytes.len().is_multiple_of(2));
    let options = ConnectOptions {
        catalog: Some("d".to_owned()),
        user: Some("u".to_owned()),
        application_name: "a".to_owned(),
        read_only: bytes.first().is_some_and(|first| first % 2 == 1),
        timeout_ms: 1_000,
        options: String::new(),
    };
    let Ok(mut session) = Session::connect(wire, &options) else { return };
    let params = [Parameter { name: None, value: Value::Json("[1]".to_owned()), type_hint: None }];
    for read_only in [false, true, false] {
        let options = QueryOptions { read_only, timeout_ms: Some(9), max_rows: None, batch_rows: BATCH, batch_bytes: 1_000 };
        if let Ok(answer) = session.query("SELECT $1", &params, &options)
            && answer.done.is_none()
        {
            let _ = session.next_part(answer.run, BATCH, 1_000);
            let _ = session.close_part(answer.run);
        }
        let _ = session.reset();
    }
    let _ = session.describe(Target::Server);
    let _ = session.ping();
}

/// A server that says what it says, whatever it is asked.
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

    fn again(&self) -> Self {
        Self { bytes: self.bytes.clone(), reads: self.reads.clone(), answers: self.answers }
    }

    /// The length of the first message.
    fn message(&self) -> Option<usize> {
        let bytes = self.bytes.borrow();
        let length = u32::from_be_bytes(*bytes.get(1..)?.first_chunk()?);
        usize::try_from(length).ok()?.checked_add(1)
    }
}

impl Wire for Script {
    type Stream = Self;

    fn endpoints(&self) -> Vec<String> {
        vec!["main".to_owned()]
    }

    fn tls_required(&self) -> bool {
        false
    }

    fn dial(&self, _endpoint: &str) -> Result<Self, IoError> {
        Ok(self.again())
    }

    fn has_password(&self) -> bool {
        true
    }

    fn scram(&self, _salt: &[u8], _iterations: u32, _auth_message: &str) -> Result<ScramProof, SecretError> {
        Ok(ScramProof { client_proof: vec![1; 32], server_signature: vec![0; 32] })
    }

    fn md5(&self, _user: &str, _salt: [u8; 4]) -> Result<String, SecretError> {
        Ok("md5".to_owned())
    }

    fn password_length(&self) -> u32 {
        1
    }

    fn send_password(&self, _to: &Self, _before: &[u8], _after: &[u8]) -> Result<(), SecretError> {
        Ok(())
    }
}

impl Stream for Script {
    fn read(&self, max: u32) -> Result<Vec<u8>, IoError> {
        self.reads.set(self.reads.get().saturating_add(1));
        // Now and then the caller goes.
        if self.reads.get().is_multiple_of(CANCELLED) {
            return Err(IoError::Cancelled);
        }
        let most = if self.answers { self.message().unwrap_or(PIECE) } else { PIECE };
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

    fn start_tls(&self) -> Result<TlsInfo, IoError> {
        Err(IoError::Tls("none".to_owned()))
    }

    fn server_end_point(&self) -> Option<Vec<u8>> {
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Frames that are right, with tags and bodies a server might send, some cut or changed.
    fn conversation() -> impl Strategy<Value = Vec<u8>> {
        let ready = prop::sample::select(vec![b'I', b'T', b'E']).prop_map(|status| (b'Z', vec![status]));
        let known = prop::sample::select(vec![
            (b'R', vec![0, 0, 0, 0]),
            (b'R', vec![0, 0, 0, 5, 1, 2, 3, 4]),
            (b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0".to_vec()),
            (b'K', vec![0, 0, 0, 1, 0, 0, 0, 2]),
            (b'S', b"server_version\x0015.4\0".to_vec()),
            (b'1', vec![]),
            (b'2', vec![]),
            (b't', vec![0, 1, 0, 0, 3, 0xef]),
            (b't', vec![0, 1, 0, 1, 0, 0]),
            (b'T', b"\0\x01a\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0".to_vec()),
            (b'T', b"\0\x01a\0\0\0\0\0\0\0\0\x01\0\0\0\x04\xff\xff\xff\xff\0\0".to_vec()),
            (b'D', b"\0\x01\0\0\0\x04\0\0\0\x07".to_vec()),
            (b'C', b"SELECT 1\0".to_vec()),
            (b'C', b"SET\0".to_vec()),
            (b's', vec![]),
            (b'n', vec![]),
            (b'I', vec![]),
            (b'G', vec![0, 0, 0]),
            (b'H', vec![0, 0, 0]),
            (b'E', b"SERROR\0C42P01\0Mno\0\0".to_vec()),
            (b'E', b"SFATAL\0C57P01\0Mbye\0\0".to_vec()),
            (b'N', b"SNOTICE\0C00000\0Mhm\0\0".to_vec()),
        ]);
        let any_frame = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..30));
        let frame = prop_oneof![6 => known, 3 => ready, 1 => any_frame];
        let start = prop::sample::select(vec![true, true, true, false]);
        (start, prop::collection::vec(frame, 0..60), any::<prop::sample::Index>(), 0_u8..40).prop_map(
            |(start, frames, at, change)| {
                let mut bytes = Vec::new();
                let begun = [(b'R', vec![0, 0, 0, 0]), (b'K', vec![0, 0, 0, 1, 0, 0, 0, 2]), (b'Z', vec![b'I'])];
                for (tag, body) in begun.into_iter().filter(|_| start).chain(frames) {
                    bytes.push(tag);
                    bytes.extend(u32::try_from(body.len() + 4).unwrap().to_be_bytes());
                    bytes.extend(body);
                }
                if change == 0 && !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] ^= 0x55;
                }
                bytes
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_messages_break_it(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            messages(&bytes);
        }

        #[test]
        fn no_row_breaks_it(
            types in prop::collection::vec(prop::sample::select(vec![16_u16, 17, 20, 23, 25, 114, 600, 700, 701, 1007, 1009, 1082, 1083, 1114, 1184, 1186, 1231, 1266, 1700, 2950, 3802, 1021]), 3),
            values in prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 0..30)), 3),
            cut in 0_usize..4,
        ) {
            let mut bytes: Vec<u8> = types.iter().flat_map(|kind| kind.to_be_bytes()).collect();
            bytes.extend([0, 3]);
            for value in &values {
                match value {
                    None => bytes.extend([0xff; 4]),
                    Some(value) => {
                        bytes.extend(u32::try_from(value.len()).unwrap().to_be_bytes());
                        bytes.extend(value);
                    }
                }
            }
            bytes.truncate(bytes.len() - cut);
            row(&bytes);
        }

        #[test]
        fn no_server_breaks_it(bytes in conversation()) {
            session(&bytes);
        }
    }

    #[test]
    fn a_row_in_place_of_a_resets_answer_ends_the_session() {
        let mut bytes = Vec::new();
        let row = (b'D', b"\0\x01\0\0\0\x04\0\0\0\x07".to_vec());
        let begun = [(b'R', vec![0, 0, 0, 0]), (b'K', vec![0, 0, 0, 1, 0, 0, 0, 2]), (b'Z', vec![b'I'])];
        let prepared = [(b'1', vec![]), (b't', vec![0, 0]), (b'n', vec![]), (b'2', vec![])];
        for (tag, body) in begun.into_iter().chain(prepared).chain([(b'C', b"SET\0".to_vec()), (b'Z', vec![b'I']), row]) {
            bytes.push(tag);
            bytes.extend(u32::try_from(body.len() + 4).unwrap().to_be_bytes());
            bytes.extend(body);
        }
        let wire = Script::new(bytes, true);
        let options = ConnectOptions {
            catalog: None,
            user: Some("u".to_owned()),
            application_name: "a".to_owned(),
            read_only: false,
            timeout_ms: 1_000,
            options: String::new(),
        };
        let mut session = Session::connect(wire, &options).unwrap();
        let options = QueryOptions { read_only: false, timeout_ms: None, max_rows: None, batch_rows: BATCH, batch_bytes: 1_000 };
        session.query("SET a.b = 1", &[], &options).unwrap();
        session.reset().unwrap();
        let error = session.query("SELECT 1", &[], &options).unwrap_err();
        assert_eq!(error.kind, bulkhead_driver::ErrorKind::Protocol);
        assert!(!error.connection_usable);
    }
}
