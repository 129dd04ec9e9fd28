//! What the driver needs from outside: streams to its database, and a secret that it can't see.
//!
//! A trait, so that the same session runs over the host's imports in a component and over plain sockets in native tests.

mod host;

pub use host::Host;

use bulkhead_driver::secrets::{ScramProof, SecretError};
use bulkhead_driver::transport::{IoError, TlsInfo};

/// The way to the database.
pub trait Wire {
    /// A connection.
    type Stream: Stream;

    /// The endpoints, in the order to try them.
    fn endpoints(&self) -> Vec<String>;
    /// Whether every connection has to be encrypted.
    fn tls_required(&self) -> bool;
    /// Connects.
    ///
    /// # Errors
    /// As the contract's `dial`.
    fn dial(&self, endpoint: &str) -> Result<Self::Stream, IoError>;
    /// Whether there is a password.
    fn has_password(&self) -> bool;
    /// The proof and the signature for a SCRAM exchange.
    ///
    /// # Errors
    /// As the contract's `scram-sha-256`; so below.
    fn scram(&self, salt: &[u8], iterations: u32, auth_message: &str) -> Result<ScramProof, SecretError>;
    /// The hash for MD5 authentication.
    ///
    /// # Errors
    /// As the contract's `md5-password`.
    fn md5(&self, user: &str, salt: [u8; 4]) -> Result<String, SecretError>;
    /// The password's length.
    fn password_length(&self) -> u32;
    /// Writes `before`, the password and `after`.
    ///
    /// # Errors
    /// As the contract's `send`.
    fn send_password(&self, to: &Self::Stream, before: &[u8], after: &[u8]) -> Result<(), SecretError>;
}

/// A connection, as the contract's `byte-stream`.
pub trait Stream {
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
    fn start_tls(&self) -> Result<TlsInfo, IoError>;
    /// The hash of the server's certificate.
    fn server_end_point(&self) -> Option<Vec<u8>>;
}
