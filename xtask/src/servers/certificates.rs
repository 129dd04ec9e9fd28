//! Certificates for the tests: an authority, a server's and a client's certificate, and the same of an authority
//! that nobody trusts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// Files in PEM.
pub(super) struct Certificates {
    pub(super) ca_file: PathBuf,
    pub(super) server_cert: PathBuf,
    pub(super) server_key: PathBuf,
    pub(super) client_cert: PathBuf,
    pub(super) client_key: PathBuf,
}

impl Certificates {
    /// Makes them in `folder`. The server's names are `server_names`, the client's common name is `client_name`.
    pub(super) fn create(folder: &Path, authority_name: &str, server_names: &[&str], client_name: &str) -> Result<Self> {
        fs::create_dir_all(folder).context("cannot create a folder for certificates")?;
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority.distinguished_name.push(DnType::CommonName, authority_name);
        let key = KeyPair::generate()?;
        let ca_file = write(folder, "ca.crt", &authority.self_signed(&key)?.pem())?;
        let issuer = Issuer::new(authority, key);

        let names = server_names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let mut server = CertificateParams::new(names)?;
        server.distinguished_name.push(DnType::CommonName, "Bulkhead test server");
        let (server_cert, server_key) = signed(folder, "server", &server, &issuer)?;

        let mut client = CertificateParams::default();
        client.distinguished_name.push(DnType::CommonName, client_name);
        let (client_cert, client_key) = signed(folder, "client", &client, &issuer)?;
        Ok(Self { ca_file, server_cert, server_key, client_cert, client_key })
    }
}

fn signed(folder: &Path, name: &str, parameters: &CertificateParams, issuer: &Issuer<'_, KeyPair>) -> Result<(PathBuf, PathBuf)> {
    let key = KeyPair::generate()?;
    let certificate = parameters.signed_by(&key, issuer)?;
    Ok((write(folder, &format!("{name}.crt"), &certificate.pem())?, write(folder, &format!("{name}.key"), &key.serialize_pem())?))
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let file = folder.join(name);
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    let mode = if name.ends_with(".key") { 0o600 } else { 0o644 };
    fs::set_permissions(&file, fs::Permissions::from_mode(mode))?;
    Ok(file)
}
