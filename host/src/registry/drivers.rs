//! Finding and loading the drivers that the databases use, and keeping those that are loaded.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;

use crate::config::{Config, DriverConfig, Grant};
use crate::driver::{Cache, Driver, DriverFile};
use crate::engine::Sandbox;
use crate::stamp::{Stamp, stamp};

/// The loaded drivers, by the names that databases have for them.
pub(super) struct Drivers {
    sandbox: Sandbox,
    loaded: BTreeMap<String, Loaded>,
}

struct Loaded {
    path: PathBuf,
    stamp: Option<Stamp>,
    settings: DriverConfig,
    sha256: String,
    driver: Arc<Driver>,
    /// What was in the file's place and was refused: said once.
    refused: Option<Option<Stamp>>,
}

/// Where a driver is, and what it may do.
struct Wanted {
    path: anyhow::Result<PathBuf>,
    settings: DriverConfig,
}

impl Drivers {
    /// None yet.
    pub(super) fn new(connections: usize) -> anyhow::Result<Drivers> {
        let sandbox = Sandbox::new(connections).map_err(|why| anyhow::anyhow!("the sandbox can't be made: {why:#}"))?;
        Ok(Drivers { sandbox, loaded: BTreeMap::new() })
    }

    /// Every driver that some database uses, by its key, or why it can't be. A file that changed is loaded anew; where that fails, what was
    /// loaded before stays, unless its settings changed as well.
    pub(super) async fn load(&mut self, config: &Config) -> BTreeMap<String, Result<Arc<Driver>, String>> {
        let cache = config.drivers.cache.clone().or_else(cache_folder).and_then(|folder| Cache::open(&folder)).map(Arc::new);
        let mut drivers = BTreeMap::new();
        for name in configured(config) {
            let outcome = self.one(name, wanted(config, name), cache.clone()).await.map_err(|why| format!("{why:#}"));
            drivers.insert(name.clone(), outcome);
        }
        for name in config.dynamic.iter().flat_map(|dynamic| &dynamic.drivers) {
            let key = dynamic_key(config, name);
            if let Entry::Vacant(vacant) = drivers.entry(key.clone()) {
                let mut wanted = wanted(config, name);
                wanted.settings.grants.retain(|grant| *grant != Grant::RevealSecrets);
                let outcome = self.one(&key, wanted, cache.clone()).await.map_err(|why| format!("{why:#}"));
                vacant.insert(outcome);
            }
        }
        self.loaded.retain(|name, _| drivers.contains_key(name));
        drivers
    }

    async fn one(&mut self, name: &str, wanted: Wanted, cache: Option<Arc<Cache>>) -> anyhow::Result<Arc<Driver>> {
        let Wanted { path, settings } = wanted;
        let mut before = self.loaded.get_mut(name).filter(|loaded| loaded.settings == settings);
        let now = path.as_ref().ok().and_then(|path| stamp(path));
        if let Some(loaded) = &before
            && ((loaded.stamp == now && path.as_ref().is_ok_and(|path| *path == loaded.path)) || loaded.refused == Some(now))
        {
            return Ok(loaded.driver.clone());
        }
        let pinned = settings.sha256.clone();
        let read = match path {
            Ok(path) => read(path, pinned, self.sandbox.clone(), cache).await,
            Err(why) => Err(why),
        };
        let outcome = match (read, &mut before) {
            (Ok(file), Some(loaded)) if file.sha256 == loaded.sha256 => {
                (loaded.path, loaded.stamp, loaded.refused) = (file.path, now, None);
                return Ok(loaded.driver.clone());
            }
            (Ok(file), _) => match file.load(&settings, &self.sandbox).await {
                Ok(driver) => Ok((file, driver)),
                Err(why) => Err(anyhow::Error::new(why)),
            },
            (Err(why), _) => Err(why),
        };
        match (outcome, before) {
            (Ok((file, driver)), _) => {
                tracing::info!(driver = %driver.name, version = %driver.manifest.version, sha256 = %file.sha256, path = %file.path.display(), "driver loaded");
                let (driver, DriverFile { path, sha256, .. }) = (Arc::new(driver), file);
                let loaded = Loaded { path, stamp: now, settings, sha256, driver: driver.clone(), refused: None };
                self.loaded.insert(name.to_owned(), loaded);
                Ok(driver)
            }
            (Err(why), Some(loaded)) => {
                tracing::warn!(driver = %name, "refused, and what was loaded stays: {why:#}");
                loaded.refused = Some(now);
                Ok(loaded.driver.clone())
            }
            (Err(why), None) => Err(why),
        }
    }
}

impl std::fmt::Debug for Drivers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.loaded.keys()).finish()
    }
}

/// Where the drivers of a configuration are, or would be: what is to be watched for changes.
pub(crate) fn places(config: &Config) -> Vec<PathBuf> {
    let own = config.drivers.settings.values().filter_map(|settings| settings.path.clone());
    let dynamic = config.dynamic.iter().flat_map(|dynamic| &dynamic.drivers);
    let names: BTreeSet<&String> = configured(config).into_iter().chain(dynamic).collect();
    let folder = config.drivers.folder.as_deref();
    let in_folder = names.into_iter().filter_map(|name| Some(folder?.join(format!("{name}.wasm"))));
    own.chain(in_folder).collect()
}

fn configured(config: &Config) -> BTreeSet<&String> {
    config.databases.values().map(|database| &database.driver).collect()
}

/// The key of a driver for databases that callers name. One that sees passwords in the clear is another than the configured one: it
/// isn't granted that for these.
pub(super) fn dynamic_key(config: &Config, name: &str) -> String {
    let reveals = config.drivers.settings.get(name).is_some_and(|settings| settings.grants.contains(&Grant::RevealSecrets));
    if reveals { format!("{name} (without {:?})", Grant::RevealSecrets) } else { name.to_owned() }
}

fn wanted(config: &Config, name: &str) -> Wanted {
    let mut settings = config.drivers.settings.get(name).cloned().unwrap_or_default();
    // With `aws` the operator has said that this driver sends signed requests, and where to.
    if config.databases.values().any(|database| database.driver == *name && database.aws.is_some()) {
        settings.grants.push(Grant::SignedHttp);
    }
    let path = settings.path.clone().map_or_else(|| find(config.drivers.folder.as_deref(), name), Ok);
    Wanted { path, settings }
}

/// Compiling takes a good part of a second where nothing is cached: not on a thread that serves calls.
async fn read(path: PathBuf, pin: Option<String>, sandbox: Sandbox, cache: Option<Arc<Cache>>) -> anyhow::Result<DriverFile> {
    let reading = move || DriverFile::read(&path, pin.as_deref(), &sandbox, cache.as_deref());
    Ok(tokio::task::spawn_blocking(reading).await.context("the task that compiles")??)
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
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm") && path.is_file())
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    there.sort();
    anyhow::bail!("there is no driver {name:?} in {}; there are: {}", folder.display(), there.join(", "))
}

fn cache_folder() -> Option<PathBuf> {
    let home = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    Some(home("XDG_CACHE_HOME").or_else(|| Some(home("HOME")?.join(".cache")))?.join("bulkhead").join("drivers"))
}
