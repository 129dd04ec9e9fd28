//! Whom to believe: the authorities of a file, or the system's, read once for all databases that believe the same.
//!
//! The system's hundred and more authorities take 20 ms to read and 100 KB to hold: much, for each of a thousand databases. What is
//! shared is what certificates are held against; sessions, keys and names are each database's own.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;

use super::{Lenient, certificates};
use crate::config::{TlsConfig, TlsMode};
use crate::stamp::{Stamp, stamp};

/// Where authorities come from, and what was there.
#[derive(PartialEq)]
struct Origin {
    file: Option<(PathBuf, Option<Stamp>)>,
}

/// Those that some database holds.
static KNOWN: Mutex<Vec<(Origin, Weak<WebPkiServerVerifier>)>> = Mutex::new(Vec::new());

/// What a server's certificate is held against.
pub(super) fn verifier(settings: &TlsConfig, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, String> {
    if settings.mode.is_unverified() {
        return Ok(Arc::new(Lenient { chain: None, provider: provider.clone() }));
    }
    let chain = chain(settings, provider)?;
    Ok(if settings.mode == TlsMode::VerifyCa {
        Arc::new(Lenient { chain: Some(chain), provider: provider.clone() })
    } else {
        chain
    })
}

fn chain(settings: &TlsConfig, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, String> {
    let origin = Origin { file: settings.ca_file.as_ref().map(|file| (file.clone(), stamp(file))) };
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|(_, chain)| chain.strong_count() > 0);
    if let Some(chain) = known.iter().find(|(one, _)| *one == origin).and_then(|(_, chain)| chain.upgrade()) {
        return Ok(chain);
    }
    let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots(settings)?), provider.clone())
        .build()
        .map_err(|why| why.to_string())?;
    known.push((origin, Arc::downgrade(&chain)));
    Ok(chain)
}

fn roots(settings: &TlsConfig) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    match &settings.ca_file {
        Some(path) => {
            for certificate in certificates(path)? {
                store.add(certificate).map_err(|why| format!("tls.ca_file {}: {why}", path.display()))?;
            }
            if store.is_empty() {
                return Err(format!("tls.ca_file {} holds no certificate", path.display()));
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(found.certs);
            if store.is_empty() {
                return Err("the system has no certificate authorities: install them, or set tls.ca_file".to_owned());
            }
        }
    }
    Ok(store)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn what_believes_the_same_shares_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let put = |name: &str| {
            let key = rcgen::KeyPair::generate().unwrap();
            let certificate = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
            std::fs::write(&file, certificate.pem()).unwrap();
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let settings = TlsConfig { ca_file: Some(file.clone()), ..TlsConfig::default() };
        put("one.example.com");
        let first = chain(&settings, &provider).unwrap();
        assert!(Arc::ptr_eq(&first, &chain(&settings, &provider).unwrap()));
        // Another file in its place is read.
        std::fs::remove_file(&file).unwrap();
        put("a-name-of-another-length.example.com");
        let second = chain(&settings, &provider).unwrap();
        assert!(!Arc::ptr_eq(&first, &second));
        // What nobody holds any more isn't kept.
        let known = || {
            KNOWN
                .lock()
                .unwrap()
                .iter()
                .filter(|(origin, chain)| origin.file.as_ref().is_some_and(|(path, _)| *path == file) && chain.strong_count() > 0)
                .count()
        };
        assert_eq!(known(), 2);
        drop((first, second));
        assert_eq!(known(), 0);
    }
}
