//! A server that closes, stalls or lies at every byte: what the server really said, cut or changed on its way.

use crate::support::{connect, options, wire};
use crate::wire::Native;
use bulkhead_driver::secrets::SecretError;
use bulkhead_driver::transport::{IoError, TlsFraming, TlsInfo, TlsPolicy};
use bulkhead_driver::{Error, QueryOptions};
use bulkhead_sqlserver::session::Session;
use bulkhead_sqlserver::wire::{Credential, Stream, Wire};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

const SQL: &str = "SELECT 1 AS a, N'text' AS b, CAST('long' AS varchar(max)) AS c, CAST(1.5 AS decimal(5,2)) AS d";
/// A session that asks for more than this has lost its way.
const MOST_READS: u32 = 10_000;

/// Keeps what the server says; or says it, up to a byte, whatever is asked.
#[derive(Debug, Default)]
struct Tape {
    bytes: RefCell<Vec<u8>>,
    at: Cell<usize>,
    reads: Cell<u32>,
}

#[derive(Debug)]
enum Player {
    Records { to: Rc<Tape>, native: Native },
    Plays(Rc<Tape>),
}

#[derive(Debug)]
enum Played {
    Records { to: Rc<Tape>, socket: <Native as Wire>::Stream },
    Plays(Rc<Tape>),
}

impl Wire for Player {
    type Stream = Played;

    fn endpoints(&self) -> Vec<String> {
        vec!["main".into()]
    }

    fn tls(&self) -> TlsPolicy {
        TlsPolicy::Off
    }

    fn dial(&self, endpoint: &str) -> Result<Played, IoError> {
        Ok(match self {
            Player::Records { to, native } => Played::Records { to: to.clone(), socket: native.dial(endpoint)? },
            Player::Plays(tape) => Played::Plays(tape.clone()),
        })
    }

    fn credential(&self) -> Option<Credential> {
        Some(Credential::Password)
    }

    fn secret_length(&self) -> u32 {
        match self {
            Player::Records { native, .. } => native.secret_length(),
            Player::Plays(_) => 2,
        }
    }

    fn send_login(&self, to: &Played, before: &[u8], after: &[u8]) -> Result<(), SecretError> {
        match (self, to) {
            (Player::Records { native, .. }, Played::Records { socket, .. }) => native.send_login(socket, before, after),
            _ => Ok(()),
        }
    }
}

impl Stream for Played {
    fn host(&self) -> String {
        "localhost".into()
    }

    fn read(&self, max: u32) -> Result<Vec<u8>, IoError> {
        match self {
            Played::Records { to, socket } => {
                let bytes = socket.read(max)?;
                to.bytes.borrow_mut().extend_from_slice(&bytes);
                Ok(bytes)
            }
            Played::Plays(tape) => {
                tape.reads.set(tape.reads.get() + 1);
                assert!(tape.reads.get() < MOST_READS, "it reads on and on");
                // A message at a time, as it comes in answer.
                let bytes = tape.bytes.borrow();
                let rest = &bytes[tape.at.get()..];
                let mut size = 0;
                while let Some([_, status, high, low]) = rest.get(size..).and_then(|rest| rest.first_chunk::<4>()) {
                    size += usize::from(u16::from_be_bytes([*high, *low])).max(1);
                    if status & 1 == 1 {
                        break;
                    }
                }
                let size = if size == 0 { rest.len() } else { size.min(rest.len()) }.min(max as usize);
                tape.at.set(tape.at.get() + size);
                Ok(rest[..size].to_vec())
            }
        }
    }

    fn write(&self, bytes: &[u8]) -> Result<(), IoError> {
        match self {
            Played::Records { socket, .. } => socket.write(bytes),
            Played::Plays(_) => Ok(()),
        }
    }

    fn exchange(&self, bytes: &[u8], max: u32) -> Result<Vec<u8>, IoError> {
        self.write(bytes)?;
        self.read(max)
    }

    fn start_tls(&self, _framing: TlsFraming, _alpn: &[&str]) -> Result<TlsInfo, IoError> {
        Err(IoError::Tls("not here".into()))
    }

    fn stop_tls(&self) -> Result<(), IoError> {
        Err(IoError::Denied("not here".into()))
    }
}

/// Connects, runs a statement, reads all of it.
fn talk(player: Player) -> Result<(), Error> {
    let (_, connect) = wire();
    let mut session = Session::connect(player, &connect)?;
    let answer = session.query(SQL, &[], &QueryOptions { read_only: true, ..options() })?;
    let mut done = answer.done.is_some();
    while !done {
        done = session.next_part(answer.run, 100, 10_000)?.done.is_some();
    }
    session.ping()
}

fn recorded() -> Vec<u8> {
    let tape = Rc::new(Tape::default());
    talk(Player::Records { to: tape.clone(), native: wire().0 }).unwrap();
    tape.bytes.take()
}

fn play(bytes: Vec<u8>) -> Result<(), Error> {
    let tape = Tape { bytes: RefCell::new(bytes), ..Tape::default() };
    talk(Player::Plays(Rc::new(tape)))
}

#[test]
fn a_server_that_closes_at_any_byte_is_an_error() {
    let whole = recorded();
    assert!(whole.len() > 300);
    play(whole.clone()).unwrap();
    for cut in 0..whole.len() {
        let error = play(whole[..cut].to_vec()).unwrap_err();
        assert!(!error.connection_usable, "{cut} of {}: {error:?}", whole.len());
        assert!(!error.message.is_empty());
    }
}

/// Some changes go unnoticed, as a letter in a text; none panics, hangs, or takes memory for a length that isn't there.
#[test]
fn a_server_that_lies_at_any_byte_does_no_harm() {
    let whole = recorded();
    for at in 0..whole.len() {
        for change in [0x01, 0x80, 0xFF] {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            let _ = play(bytes);
        }
    }
}

#[test]
fn what_is_no_server_is_named() {
    for (bytes, word) in
        [(&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "TDS"), (b"", "closed"), (b"\x04\x01\0\x08\0\0\x01\0", "TDS")]
    {
        let error = play(bytes.to_vec()).unwrap_err();
        assert!(error.message.contains(word), "{error:?}");
    }
}

#[test]
fn a_wrong_password_is_the_servers_word() {
    let (mut native, options) = wire();
    native.secret.1 = "wrong".into();
    let error = Session::connect(native, &options).unwrap_err();
    assert_eq!((error.kind, error.native_code.as_deref()), (bulkhead_driver::ErrorKind::Authentication, Some("18456")));
    let (mut client, _) = connect();
    client.ping().unwrap();
    client.close().unwrap();
    assert!(client.ping().is_err());
}
