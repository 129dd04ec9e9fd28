//! What a driver file is, for people.

use std::path::Path;

use super::{DriverError, DriverFile};
use crate::config::{DriverConfig, Grant};
use crate::contract::{CONTRACT, DriverManifest};
use crate::engine::Sandbox;

/// What is to be known of a driver before it is trusted.
#[derive(Debug)]
pub struct Inspection {
    /// The file's sha256 in hexadecimal, as a pin has it.
    pub sha256: String,
    /// The interfaces it imports.
    pub imports: Vec<String>,
    /// Why each import that needs a grant needs it. Empty: it needs none.
    pub needs_grants: Option<String>,
    /// The contract that this host has.
    pub contract: &'static str,
    /// Its manifest, or why it doesn't fit the contract.
    pub manifest: Result<DriverManifest, DriverError>,
}

/// Reads a driver and asks for its manifest, with nothing granted but what is needed to ask.
///
/// # Errors
/// The file can't be read, or isn't a component.
pub async fn inspect(path: &Path) -> Result<Inspection, DriverError> {
    let sandbox = Sandbox::new(1).map_err(|why| DriverError(format!("the sandbox can't be made: {why:#}")))?;
    let file = DriverFile::read(path, None, &sandbox, None)?;
    let needs_grants = super::imports::check(&file.imports, &[]).err();
    // Asking for the manifest reaches no database, so the grant costs nothing here.
    let config = DriverConfig { grants: vec![Grant::RevealSecrets, Grant::SignedHttp], ..DriverConfig::default() };
    let manifest = file.load(&config, &sandbox).await.map(|driver| driver.manifest.as_ref().clone());
    Ok(Inspection { sha256: file.sha256, imports: file.imports, needs_grants, contract: CONTRACT, manifest })
}
