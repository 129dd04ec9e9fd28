//! A wire over std's sockets, with the host's part of the login.

use bulkhead_driver::secrets::SecretError;
use bulkhead_driver::transport::{IoError, TlsFraming, TlsInfo, TlsPolicy};
use bulkhead_sqlserver::protocol::packet::{self, Kind};
use bulkhead_sqlserver::protocol::utf16;
use bulkhead_sqlserver::wire::{Credential, Stream, Wire};
use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The longest that a read may take: what takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the test can see and do while the session runs.
#[derive(Debug, Default)]
pub(crate) struct Outside {
    /// When calls are to answer `timeout`, once.
    pub(crate) deadline: Cell<Option<Instant>>,
    /// Crossings: reads, writes and exchanges.
    pub(crate) crossings: Cell<u32>,
    /// Connections made.
    pub(crate) dials: Cell<u32>,
    /// Bytes read.
    pub(crate) read: Cell<usize>,
    /// The most bytes of one read. 0: no limit.
    pub(crate) piece: Cell<u32>,
}

#[derive(Debug, Clone)]
pub(crate) struct Native {
    pub(crate) port: u16,
    pub(crate) secret: (Credential, String),
    pub(crate) outside: Rc<Outside>,
}

#[derive(Debug)]
pub(crate) struct Socket {
    socket: RefCell<TcpStream>,
    outside: Rc<Outside>,
}

impl Native {
    fn secret(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        utf16::write(&mut bytes, &self.secret.1);
        match self.secret.0 {
            Credential::Token => bytes,
            Credential::Password => bytes.iter().map(|byte| byte.rotate_left(4) ^ 0xA5).collect(),
        }
    }
}

impl Wire for Native {
    type Stream = Socket;

    fn endpoints(&self) -> Vec<String> {
        vec!["main".into()]
    }

    fn tls(&self) -> TlsPolicy {
        TlsPolicy::Off
    }

    fn dial(&self, _endpoint: &str) -> Result<Socket, IoError> {
        let socket = TcpStream::connect(("127.0.0.1", self.port)).map_err(|error| IoError::Unreachable(error.to_string()))?;
        socket.set_nodelay(true).unwrap();
        self.outside.dials.set(self.outside.dials.get() + 1);
        Ok(Socket { socket: RefCell::new(socket), outside: self.outside.clone() })
    }

    fn credential(&self) -> Option<Credential> {
        Some(self.secret.0)
    }

    fn secret_length(&self) -> u32 {
        self.secret().len() as u32
    }

    fn send_login(&self, to: &Socket, before: &[u8], after: &[u8]) -> Result<(), SecretError> {
        let message = [before, &self.secret(), after].concat();
        let mut packets = Vec::new();
        packet::write(&mut packets, Kind::Login, false, &message, packet::FIRST_SIZE);
        to.write(&packets).map_err(|error| SecretError::Io(format!("{error:?}")))
    }
}

impl Socket {
    fn cross(&self) {
        self.outside.crossings.set(self.outside.crossings.get() + 1);
    }

    fn receive(&self, max: u32) -> Result<Vec<u8>, IoError> {
        let mut socket = self.socket.borrow_mut();
        let left = self.outside.deadline.get().map(|deadline| deadline.saturating_duration_since(Instant::now()));
        socket.set_read_timeout(Some(left.unwrap_or(PATIENCE).max(Duration::from_millis(1)))).unwrap();
        let piece = self.outside.piece.get();
        let mut bytes = vec![0; if piece > 0 { piece.min(max) } else { max } as usize];
        match socket.read(&mut bytes) {
            Ok(count) => {
                bytes.truncate(count);
                self.outside.read.set(self.outside.read.get() + count);
                Ok(bytes)
            }
            Err(_) if left.is_some() => {
                self.outside.deadline.set(None);
                Err(IoError::Timeout)
            }
            Err(error) => Err(IoError::Closed(error.to_string())),
        }
    }
}

impl Stream for Socket {
    fn host(&self) -> String {
        "localhost".into()
    }

    fn read(&self, max: u32) -> Result<Vec<u8>, IoError> {
        self.cross();
        self.receive(max)
    }

    fn write(&self, bytes: &[u8]) -> Result<(), IoError> {
        self.cross();
        self.socket.borrow_mut().write_all(bytes).map_err(|error| IoError::Closed(error.to_string()))
    }

    fn exchange(&self, bytes: &[u8], max: u32) -> Result<Vec<u8>, IoError> {
        self.cross();
        self.socket.borrow_mut().write_all(bytes).map_err(|error| IoError::Closed(error.to_string()))?;
        self.receive(max)
    }

    fn start_tls(&self, _framing: TlsFraming, _alpn: &[&str]) -> Result<TlsInfo, IoError> {
        Err(IoError::Tls("not here".into()))
    }

    fn stop_tls(&self) -> Result<(), IoError> {
        Err(IoError::Denied("not here".into()))
    }
}
