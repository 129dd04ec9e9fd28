//! TLS as the two kinds of port have it.

use std::sync::Arc;

use anyhow::{Context, Result};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio_rustls::TlsAcceptor;

use crate::config::Config;

/// What a strict client has to ask for by ALPN.
pub(crate) const STRICT: &[u8] = b"tds/8.0";

pub(crate) struct Acceptors {
    /// Within PRELOGIN packets. TLS 1.2 at most, as in the server: the tickets that TLS 1.3 sends after the handshake would
    /// come between.
    pub(crate) enveloped: TlsAcceptor,
    pub(crate) strict: TlsAcceptor,
}

impl Acceptors {
    pub(crate) fn new(config: &Config) -> Result<Acceptors> {
        let enveloped = settings(config, &[&rustls::version::TLS12])?;
        let mut strict = settings(config, &[&rustls::version::TLS13, &rustls::version::TLS12])?;
        strict.alpn_protocols = vec![STRICT.to_vec()];
        Ok(Acceptors { enveloped: Arc::new(enveloped).into(), strict: Arc::new(strict).into() })
    }
}

fn settings(config: &Config, versions: &[&'static SupportedProtocolVersion]) -> Result<ServerConfig> {
    let certificates = CertificateDer::pem_file_iter(&config.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("no certificate in {}", config.certificate.display()))?;
    let key = PrivateKeyDer::from_pem_file(&config.key).with_context(|| format!("no key in {}", config.key.display()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?)
}
