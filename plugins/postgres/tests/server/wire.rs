//! A wire over std's sockets, with the host's part of authentication.

use bulkhead_driver::secrets::{ScramProof, SecretError};
use bulkhead_driver::transport::{IoError, TlsInfo};
use bulkhead_postgres::wire::{Stream, Wire};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::time::{Duration, Instant};

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
}

#[derive(Debug, Clone)]
pub(crate) struct Native {
    pub(crate) port: u16,
    pub(crate) password: Option<String>,
    pub(crate) outside: Rc<Outside>,
}

#[derive(Debug)]
pub(crate) struct Socket {
    socket: RefCell<TcpStream>,
    outside: Rc<Outside>,
}

impl Wire for Native {
    type Stream = Socket;

    fn endpoints(&self) -> Vec<String> {
        vec!["main".into()]
    }

    fn tls_required(&self) -> bool {
        false
    }

    fn dial(&self, _endpoint: &str) -> Result<Socket, IoError> {
        let socket = TcpStream::connect(("127.0.0.1", self.port)).map_err(|error| IoError::Unreachable(error.to_string()))?;
        socket.set_nodelay(true).unwrap();
        self.outside.dials.set(self.outside.dials.get() + 1);
        Ok(Socket { socket: RefCell::new(socket), outside: self.outside.clone() })
    }

    fn has_password(&self) -> bool {
        self.password.is_some()
    }

    fn scram(&self, salt: &[u8], iterations: u32, auth_message: &str) -> Result<ScramProof, SecretError> {
        let salted = pbkdf2(self.password.as_deref().unwrap().as_bytes(), salt, iterations);
        let client_key = hmac(&salted, b"Client Key");
        let signature = hmac(&Sha256::digest(client_key), auth_message.as_bytes());
        let client_proof = client_key.iter().zip(signature).map(|(key, signature)| key ^ signature).collect();
        let server_signature = hmac(&hmac(&salted, b"Server Key"), auth_message.as_bytes()).to_vec();
        Ok(ScramProof { client_proof, server_signature })
    }

    fn md5(&self, user: &str, salt: [u8; 4]) -> Result<String, SecretError> {
        let inner = hex(&Md5::digest(format!("{}{user}", self.password.as_deref().unwrap())));
        Ok(format!("md5{}", hex(&Md5::digest([inner.as_bytes(), &salt].concat()))))
    }

    fn password_length(&self) -> u32 {
        self.password.as_ref().map_or(0, |password| password.len() as u32)
    }

    fn send_password(&self, to: &Socket, before: &[u8], after: &[u8]) -> Result<(), SecretError> {
        let bytes = [before, self.password.as_deref().unwrap().as_bytes(), after].concat();
        to.write(&bytes).map_err(|error| SecretError::Io(format!("{error:?}")))
    }
}

impl Socket {
    fn cross(&self) {
        self.outside.crossings.set(self.outside.crossings.get() + 1);
    }

    fn receive(&self, max: u32) -> Result<Vec<u8>, IoError> {
        let mut socket = self.socket.borrow_mut();
        let left = self.outside.deadline.get().map(|deadline| deadline.saturating_duration_since(Instant::now()));
        socket.set_read_timeout(left.map(|left| left.max(Duration::from_millis(1)))).unwrap();
        let mut bytes = vec![0; max as usize];
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

    fn start_tls(&self) -> Result<TlsInfo, IoError> {
        Err(IoError::Tls("not here".into()))
    }

    fn server_end_point(&self) -> Option<Vec<u8>> {
        None
    }
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn pbkdf2(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let mut block = hmac(password, &[salt, &[0, 0, 0, 1]].concat());
    let mut result = block;
    for _ in 1..iterations {
        block = hmac(password, &block);
        result.iter_mut().zip(block).for_each(|(byte, other)| *byte ^= other);
    }
    result
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
