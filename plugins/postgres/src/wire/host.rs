//! The wire of a component: the contract's imports.

use super::{Stream, Wire};
use bulkhead_driver::secrets::{self, Encoding, ScramProof, Secret, SecretError};
use bulkhead_driver::transport::{self, ByteStream, IoError, TlsFraming, TlsInfo, TlsOptions, TlsPolicy};

/// The registered ALPN name (IANA, "PostgreSQL").
const ALPN: &str = "postgresql";

/// The host.
#[derive(Debug)]
pub struct Host {
    password: Option<Secret>,
}

impl Host {
    /// With the password that the host keeps for this database, if it has one.
    #[must_use]
    pub fn new() -> Self {
        Self { password: secrets::open("password") }
    }

    fn password(&self) -> Result<&Secret, SecretError> {
        self.password.as_ref().ok_or_else(|| SecretError::Denied("no password is configured".to_owned()))
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Wire for Host {
    type Stream = ByteStream;

    fn endpoints(&self) -> Vec<String> {
        transport::endpoints()
    }

    fn tls_required(&self) -> bool {
        // There is no way out of TLS here: where the login is to be encrypted, everything is.
        transport::tls() != TlsPolicy::Off
    }

    fn dial(&self, endpoint: &str) -> Result<ByteStream, IoError> {
        transport::dial(endpoint)
    }

    fn has_password(&self) -> bool {
        self.password.is_some()
    }

    fn scram(&self, salt: &[u8], iterations: u32, auth_message: &str) -> Result<ScramProof, SecretError> {
        self.password()?.scram_sha_256(salt, iterations, auth_message.as_bytes())
    }

    fn md5(&self, user: &str, salt: [u8; 4]) -> Result<String, SecretError> {
        self.password()?.md5_password(user, &salt)
    }

    fn password_length(&self) -> u32 {
        self.password.as_ref().map_or(0, |password| password.length(Encoding::Utf8))
    }

    fn send_password(&self, to: &ByteStream, before: &[u8], after: &[u8]) -> Result<(), SecretError> {
        self.password()?.send(to, before, Encoding::Utf8, after)
    }
}

impl Stream for ByteStream {
    fn read(&self, max: u32) -> Result<Vec<u8>, IoError> {
        ByteStream::read(self, max)
    }

    fn write(&self, bytes: &[u8]) -> Result<(), IoError> {
        ByteStream::write(self, bytes)
    }

    fn exchange(&self, bytes: &[u8], max: u32) -> Result<Vec<u8>, IoError> {
        ByteStream::exchange(self, bytes, max)
    }

    fn start_tls(&self) -> Result<TlsInfo, IoError> {
        ByteStream::start_tls(self, &TlsOptions { alpn: vec![ALPN.to_owned()], framing: TlsFraming::Plain })
    }

    fn server_end_point(&self) -> Option<Vec<u8>> {
        self.tls_server_end_point()
    }
}
