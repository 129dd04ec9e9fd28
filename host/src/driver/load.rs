//! Loading a driver.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ring::digest::{SHA256, digest};
use wasmtime::component::Component;

use super::cache::hexadecimal;
use super::options::Options;
use super::{Cache, DriverError, imports, linker};
use crate::bounded::in_a_line;
use crate::config::DriverConfig;
use crate::contract::{CONTRACT, DatabaseDriverPre, DriverManifest};
use crate::engine::Sandbox;
use crate::limits::{Limits, MAX_COMPONENT_BYTES, MOST_MEMORY_BYTES};
use crate::log::DriverLog;
use crate::state::{Access, State};

/// Compiling isn't bounded by wasmtime's promises: one at a time.
static COMPILING: Mutex<()> = Mutex::new(());

/// A driver that fits the contract, ready to be instantiated.
pub(crate) struct Driver {
    pub(crate) name: Arc<str>,
    pub(crate) manifest: Arc<DriverManifest>,
    pub(crate) options: Options,
    pub(crate) sandbox: Sandbox,
    pub(crate) pre: DatabaseDriverPre<State>,
    pub(crate) limits: Limits,
}

/// A component read from disk and compiled, not yet held against the contract.
pub(crate) struct DriverFile {
    pub(crate) path: PathBuf,
    pub(crate) sha256: String,
    pub(crate) imports: Vec<String>,
    component: Component,
}

impl DriverFile {
    /// Reads and compiles a component.
    pub(crate) fn read(
        path: &Path,
        pin: Option<&str>,
        sandbox: &Sandbox,
        cache: Option<&Cache>,
    ) -> Result<DriverFile, DriverError> {
        let refuse = |why: String| DriverError(format!("driver {}: {why}", path.display()));
        let size = std::fs::metadata(path).map_err(|why| refuse(why.to_string()))?.len();
        if size > MAX_COMPONENT_BYTES {
            return Err(refuse(format!("{size} bytes; at most {MAX_COMPONENT_BYTES} are loaded")));
        }
        let wasm = std::fs::read(path).map_err(|why| refuse(why.to_string()))?;
        let sha256 = hexadecimal(digest(&SHA256, &wasm).as_ref());
        if let Some(pin) = pin
            && !pin.eq_ignore_ascii_case(&sha256)
        {
            return Err(refuse(format!("its sha256 is {sha256}, not the pinned {pin}")));
        }
        let component = {
            let _one = COMPILING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            match cache {
                Some(cache) => cache.compile(&sandbox.engine, &wasm),
                None => Component::from_binary(&sandbox.engine, &wasm),
            }
        }
        .map_err(|why| refuse(format!("not a WebAssembly component that can be loaded: {}", in_a_line(&format!("{why:#}")))))?;
        let imports = imports::of(&component, &sandbox.engine);
        Ok(DriverFile { path: path.to_owned(), sha256, imports, component })
    }

    /// Holds the component against its grants and the contract, and asks for its manifest.
    pub(crate) async fn load(&self, config: &DriverConfig, sandbox: &Sandbox) -> Result<Driver, DriverError> {
        let refuse = |why: String| DriverError(format!("driver {}: {why}", self.path.display()));
        imports::check(&self.imports, &config.grants).map_err(refuse)?;
        let pre = linker::linker(&sandbox.engine, &config.grants)
            .and_then(|linker| linker.instantiate_pre(&self.component))
            .and_then(DatabaseDriverPre::new)
            .map_err(|why| refuse(format!("it doesn't fit the contract {CONTRACT}: {why:#}")))?;
        let mut limits = Limits::default();
        if let Some(mib) = config.max_memory_mib {
            limits.memory = usize::try_from(mib).unwrap_or(usize::MAX).saturating_mul(1024 * 1024);
            if limits.memory > MOST_MEMORY_BYTES {
                return Err(refuse(format!("max_memory_mib is at most {}", MOST_MEMORY_BYTES / (1024 * 1024))));
            }
        }
        let manifest = manifest(&pre, sandbox, limits).await.map_err(|why| refuse(format!("it gives no manifest: {why:#}")))?;
        check_manifest(&manifest).map_err(refuse)?;
        let options = Options::new(&manifest.options_schema).map_err(refuse)?;
        Ok(Driver {
            name: manifest.name.as_str().into(),
            manifest: Arc::new(manifest),
            options,
            sandbox: sandbox.clone(),
            pre,
            limits,
        })
    }
}

async fn manifest(pre: &DatabaseDriverPre<State>, sandbox: &Sandbox, limits: Limits) -> wasmtime::Result<DriverManifest> {
    let log = DriverLog::new("unnamed".into(), "none".into());
    let mut store = sandbox.store(State::new(Arc::new(Access::none()), log, limits));
    let _running = sandbox.running();
    let instance = pre.instantiate_async(&mut store).await?;
    instance.bulkhead_driver_driver().call_manifest(&mut store).await
}

fn check_manifest(manifest: &DriverManifest) -> Result<(), String> {
    let name = &manifest.name;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
        return Err(format!("its manifest's name {name:?} is not 1 to 64 lower-case letters, digits and hyphens"));
    }
    Ok(())
}
