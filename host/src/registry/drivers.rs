//! Finding and loading the drivers that the databases use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;

use crate::config::{Config, Grant};
use crate::database::Resources;
use crate::driver::{Cache, DriverFile};
use crate::engine::Sandbox;

/// Loads every driver that some database uses.
pub(super) async fn load(config: &Config) -> anyhow::Result<Resources> {
    let sandbox = Sandbox::new().map_err(|why| anyhow::anyhow!("the sandbox can't be made: {why:#}"))?;
    let cache = config.drivers.cache.clone().or_else(cache_folder).and_then(|folder| Cache::open(&folder));
    let mut drivers = BTreeMap::new();
    for name in config.databases.values().map(|database| &database.driver).collect::<BTreeSet<_>>() {
        let mut settings = config.drivers.settings.get(name).cloned().unwrap_or_default();
        // With `aws` the operator has said that this driver sends signed requests, and where to.
        if config.databases.values().any(|database| database.driver == *name && database.aws.is_some()) {
            settings.grants.push(Grant::SignedHttp);
        }
        let path = settings.path.clone().map_or_else(|| find(config.drivers.folder.as_deref(), name), Ok)?;
        let file = DriverFile::read(&path, settings.sha256.as_deref(), &sandbox, cache.as_ref())?;
        let driver = file.load(&settings, &sandbox).await?;
        tracing::info!(driver = %driver.name, version = %driver.manifest.version, sha256 = %file.sha256, path = %file.path.display(), "driver loaded");
        drivers.insert(name.clone(), Arc::new(driver));
    }
    Ok(drivers)
}

fn find(folder: Option<&Path>, name: &str) -> anyhow::Result<PathBuf> {
    let folder =
        folder.context("drivers.folder is not set, and there is no folder `drivers` beside the configuration or the binary")?;
    if name.contains(['/', '\\']) || name.starts_with('.') {
        anyhow::bail!("{name:?} is not a driver's name");
    }
    let path = folder.join(format!("{name}.wasm"));
    if path.is_file() {
        return Ok(path);
    }
    let mut there: Vec<String> = std::fs::read_dir(folder)
        .with_context(|| format!("drivers.folder {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    there.sort();
    anyhow::bail!("there is no driver {name:?} in {}; there are: {}", folder.display(), there.join(", "))
}

fn cache_folder() -> Option<PathBuf> {
    let home = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    Some(home("XDG_CACHE_HOME").or_else(|| Some(home("HOME")?.join(".cache")))?.join("bulkhead").join("drivers"))
}
