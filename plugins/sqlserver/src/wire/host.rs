//! The wire of a component: the contract's imports.

use super::{Credential, Stream, Wire};
use crate::protocol::packet::Kind;
use bulkhead_driver::secrets::{self, Encoding, Secret, SecretError};
use bulkhead_driver::transport::{self, ByteStream, IoError, TlsFraming, TlsInfo, TlsOptions, TlsPolicy};

/// The host.
#[derive(Debug)]
pub struct Host {
    secret: Option<(Credential, Secret)>,
}

impl Host {
    /// With what the host keeps for this database: an access token goes before a password.
    #[must_use]
    pub fn new() -> Self {
        let token = secrets::open("access-token").map(|token| (Credential::Token, token));
        Self { secret: token.or_else(|| secrets::open("password").map(|password| (Credential::Password, password))) }
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

fn encoding(credential: Credential) -> Encoding {
    match credential {
        Credential::Password => Encoding::Utf16Obfuscated,
        Credential::Token => Encoding::Utf16,
    }
}

impl Wire for Host {
    type Stream = ByteStream;

    fn endpoints(&self) -> Vec<String> {
        transport::endpoints()
    }

    fn tls(&self) -> TlsPolicy {
        transport::tls()
    }

    fn dial(&self, endpoint: &str) -> Result<ByteStream, IoError> {
        transport::dial(endpoint)
    }

    fn credential(&self) -> Option<Credential> {
        self.secret.as_ref().map(|(credential, _)| *credential)
    }

    fn secret_length(&self) -> u32 {
        self.secret.as_ref().map_or(0, |(credential, secret)| secret.length(encoding(*credential)))
    }

    fn send_login(&self, to: &ByteStream, before: &[u8], after: &[u8]) -> Result<(), SecretError> {
        let Some((credential, secret)) = &self.secret else {
            return Err(SecretError::Denied("neither a password nor an access token is configured".to_owned()));
        };
        secret.send_packets(to, Kind::Login.number(), before, encoding(*credential), after)
    }
}

impl Stream for ByteStream {
    fn host(&self) -> String {
        ByteStream::host(self)
    }

    fn read(&self, max: u32) -> Result<Vec<u8>, IoError> {
        ByteStream::read(self, max)
    }

    fn write(&self, bytes: &[u8]) -> Result<(), IoError> {
        ByteStream::write(self, bytes)
    }

    fn exchange(&self, bytes: &[u8], max: u32) -> Result<Vec<u8>, IoError> {
        ByteStream::exchange(self, bytes, max)
    }

    fn start_tls(&self, framing: TlsFraming, alpn: &[&str]) -> Result<TlsInfo, IoError> {
        let alpn = alpn.iter().map(|name| (*name).to_owned()).collect();
        ByteStream::start_tls(self, &TlsOptions { alpn, framing })
    }

    fn stop_tls(&self) -> Result<(), IoError> {
        ByteStream::stop_tls(self)
    }
}
