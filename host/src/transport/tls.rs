//! TLS to a server, by the operator's terms. No driver has a say in what is verified.

mod trust;

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme, SupportedProtocolVersion};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::framed::Framed;
use crate::config::{TlsConfig, TlsMode};

/// Servers whose sessions one database resumes: its endpoints. rustls keeps room for 256, which a thousand databases would hold for nothing.
const RESUMABLE_NAMES: usize = 8;

/// A database's TLS settings, read and ready.
pub(crate) struct TlsClient {
    config: ClientConfig,
    /// For a handshake in another protocol's packets.
    in_packets: ClientConfig,
    /// The name to expect, where the settings give one.
    server_name: Option<ServerName<'static>>,
    login_only: bool,
}

impl TlsClient {
    /// Reads the certificates that the settings name. None: TLS is off.
    pub(crate) fn new(settings: &TlsConfig, host: &str) -> Result<Option<TlsClient>, String> {
        if settings.mode == TlsMode::Off {
            return Ok(None);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = trust::verifier(settings, &provider)?;
        let identity = identity(settings)?;
        let configure = |versions: &[&'static SupportedProtocolVersion]| {
            let builder = ClientConfig::builder_with_provider(provider.clone())
                .with_protocol_versions(versions)
                .map_err(|why| why.to_string())?
                .dangerous()
                .with_custom_certificate_verifier(verifier.clone());
            let mut config = match &identity {
                Some((chain, key)) => builder
                    .with_client_auth_cert(chain.clone(), key.clone_key())
                    .map_err(|why| format!("tls.client_certificate: {why}"))?,
                None => builder.with_no_client_auth(),
            };
            config.resumption = Resumption::in_memory_sessions(RESUMABLE_NAMES);
            Ok::<_, String>(config)
        };
        // A TLS 1.3 server goes on speaking after the handshake, where the envelope and a login's encryption have ended.
        let old: &[_] = &[&rustls::version::TLS12];
        let login_only = settings.mode.is_login_only();
        let config = configure(if login_only { old } else { rustls::DEFAULT_VERSIONS })?;
        let in_packets = configure(old)?;
        let expected = name(settings.server_name.as_deref().unwrap_or(host)).map_err(|why| format!("tls.server_name: {why}"))?;
        let server_name = settings.server_name.as_ref().map(|_| expected);
        Ok(Some(TlsClient { config, in_packets, server_name, login_only }))
    }

    /// Whether a stream may leave TLS again.
    pub(super) fn login_only(&self) -> bool {
        self.login_only
    }

    /// Handshakes. Gives the stream and the channel binding of RFC 5929 section 4; or why not, in words.
    pub(crate) async fn handshake(
        &self,
        socket: TcpStream,
        host: &str,
        alpn: Vec<String>,
        in_packets: bool,
    ) -> Result<(TlsStream<Framed<TcpStream>>, Option<Vec<u8>>), String> {
        let mut config = if in_packets { self.in_packets.clone() } else { self.config.clone() };
        config.alpn_protocols = alpn.into_iter().map(String::into_bytes).collect();
        let expected = match &self.server_name {
            Some(expected) => expected.clone(),
            None => name(host)?,
        };
        let handshake = TlsConnector::from(Arc::new(config)).connect(expected, Framed::new(socket, in_packets)).await;
        let mut tls = handshake.map_err(|why| match why.kind() {
            ErrorKind::UnexpectedEof => "the server closed the connection during the handshake".to_owned(),
            _ => why.to_string(),
        })?;
        tls.get_mut().0.unframe();
        let end_point = tls.get_ref().1.peer_certificates().and_then(|chain| chain.first()).and_then(|leaf| end_point(leaf));
        Ok((tls, end_point))
    }
}

/// The client's own certificate and key.
type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn identity(settings: &TlsConfig) -> Result<Option<Identity>, String> {
    match (&settings.client_certificate, &settings.client_key) {
        (Some(certificate), Some(key)) => {
            let chain = certificates(certificate)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|why| format!("tls.client_key {}: {why}", key.display()))?;
            Ok(Some((chain, key)))
        }
        _ => Ok(None),
    }
}

fn name(host: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(host.to_owned()).map_err(|_| format!("{host:?} is not a host's name"))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|why| format!("the certificates of {}: {why}", path.display()))
}

/// Checks less than it should, because the operator said so: not the name, or with no chain nothing but that the server has its key.
#[derive(Debug)]
struct Lenient {
    chain: Option<Arc<rustls::client::WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The certificate's hash by its own signature's algorithm, SHA-256 in place of MD5 and SHA-1 (RFC 5929 section 4.1). None
/// for algorithms that name no hash (Ed25519), for which the binding is undefined.
fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    use ring::digest::{SHA256, SHA384, SHA512, digest};
    use x509_cert::der::Decode;
    let parsed = x509_cert::Certificate::from_der(certificate).ok()?;
    let oid = parsed.signature_algorithm.oid.to_string();
    let algorithm = match oid.as_str() {
        // md5, sha1, sha256 with RSA; ecdsa with SHA-1 and SHA-256
        "1.2.840.113549.1.1.4"
        | "1.2.840.113549.1.1.5"
        | "1.2.840.113549.1.1.11"
        | "1.2.840.10045.4.1"
        | "1.2.840.10045.4.3.2" => &SHA256,
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => &SHA384,
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => &SHA512,
        _ => return None,
    };
    Some(digest(algorithm, certificate).as_ref().to_vec())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests;
