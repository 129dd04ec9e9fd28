//! What the driver needs from outside: streams to its database, and a secret that it can't see.
//!
//! A trait, so that the same session runs over the host's imports in a component and over plain sockets in native tests.

mod host;

pub use host::Host;

use bulkhead_driver::secrets::SecretError;
use bulkhead_driver::transport::{IoError, TlsFraming, TlsInfo, TlsPolicy};

/// What the operator gave to log in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A password.
    Password,
    /// An access token.
    Token,
}

/// The way to the database.
pub trait Wire {
    /// A connection.
    type Stream: Stream;

    /// The endpoints, in the order to try them.
    fn endpoints(&self) -> Vec<String>;
    /// How much has to be encrypted.
    fn tls(&self) -> TlsPolicy;
    /// Connects.
    ///
    /// # Errors
    /// As the contract's `dial`.
    fn dial(&self, endpoint: &str) -> Result<Self::Stream, IoError>;
    /// What there is to log in with.
    fn credential(&self) -> Option<Credential>;
    /// The secret's bytes in a login.
    fn secret_length(&self) -> u32;
    /// Writes a login: `before`, the secret and `after`, in packets.
    ///
    /// # Errors
    /// As the contract's `send-packets`.
    fn send_login(&self, to: &Self::Stream, before: &[u8], after: &[u8]) -> Result<(), SecretError>;
}

/// A connection, as the contract's `byte-stream`.
pub trait Stream {
    /// Whom it leads to.
    fn host(&self) -> String;
    /// Waits for bytes, at most `max`; none at the end.
    ///
    /// # Errors
    /// As the contract's; so below.
    fn read(&self, max: u32) -> Result<Vec<u8>, IoError>;
    /// Writes all.
    ///
    /// # Errors
    /// As the contract's.
    fn write(&self, bytes: &[u8]) -> Result<(), IoError>;
    /// Writes all, then reads.
    ///
    /// # Errors
    /// As the contract's.
    fn exchange(&self, bytes: &[u8], max: u32) -> Result<Vec<u8>, IoError>;
    /// Goes on under TLS.
    ///
    /// # Errors
    /// As the contract's.
    fn start_tls(&self, framing: TlsFraming, alpn: &[&str]) -> Result<TlsInfo, IoError>;
    /// Goes on in the clear.
    ///
    /// # Errors
    /// As the contract's.
    fn stop_tls(&self) -> Result<(), IoError>;
}
