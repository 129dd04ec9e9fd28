//! Compiled drivers on disk.
//!
//! A compiled component is machine code that wasmtime trusts: loading one that another program wrote is running its code. So
//! entries come only from a directory that is this user's alone, carry their own digest, and are found by a key of everything
//! that shaped them. What doesn't fit is compiled again, never loaded.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN, digest};
use wasmtime::Engine;
use wasmtime::component::Component;

/// The first bytes of an entry.
const MAGIC: &[u8; 16] = b"bulkhead-cwasm-1";

/// The directory of compiled components.
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Opens the directory, making it if need be. None, with a warning, where it can't be made private: drivers are then
    /// compiled at every start.
    pub(crate) fn open(folder: &Path) -> Option<Cache> {
        match private(folder) {
            Ok(()) => Some(Cache { folder: folder.to_owned() }),
            Err(why) => {
                tracing::warn!(folder = %folder.display(), %why, "compiled drivers can't be kept");
                None
            }
        }
    }

    /// The compiled form of a component, from the cache where it is there and whole.
    pub(crate) fn compile(&self, engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Component> {
        let path = self.folder.join(format!("{}.cwasm", hexadecimal(&key(engine, wasm))));
        match read(&path) {
            Ok(Some(artifact)) => match deserialize(engine, &artifact) {
                Ok(component) => return Ok(component),
                Err(why) => {
                    tracing::warn!(entry = %path.display(), %why, "a compiled driver doesn't load: compiling it again")
                }
            },
            Ok(None) => {}
            Err(why) => {
                tracing::warn!(entry = %path.display(), %why, "a compiled driver is not to be trusted: compiling it again")
            }
        }
        let component = Component::from_binary(engine, wasm)?;
        if let Err(why) = component.serialize().map_err(std::io::Error::other).and_then(|artifact| self.write(&path, &artifact)) {
            tracing::warn!(entry = %path.display(), %why, "a compiled driver can't be kept");
        }
        Ok(component)
    }

    fn write(&self, path: &Path, artifact: &[u8]) -> std::io::Result<()> {
        let temporary = self.folder.join(format!(".{}.{:?}", std::process::id(), std::thread::current().id()));
        let result = (|| {
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
            file.write_all(MAGIC)?;
            file.write_all(digest(&SHA256, artifact).as_ref())?;
            file.write_all(artifact)?;
            fs::rename(&temporary, path)
        })();
        if result.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        result
    }
}

#[allow(unsafe_code)]
fn deserialize(engine: &Engine, artifact: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `read` gave these bytes: they are whole, from a file that only this user can write in a directory that only this
    // user can write, and their key says that this version of wasmtime made them with these settings. wasmtime checks its own
    // version and settings once more.
    unsafe { Component::deserialize(engine, artifact) }
}

/// An entry's artifact. None: there is no entry.
fn read(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let refuse = |why: &str| Err(std::io::Error::other(why.to_owned()));
    let file = match fs::OpenOptions::new().read(true).custom_flags(nix::fcntl::OFlag::O_NOFOLLOW.bits()).open(path) {
        Ok(file) => file,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(why),
    };
    let about = file.metadata()?;
    if about.uid() != nix::unistd::geteuid().as_raw() || about.mode() & 0o077 != 0 {
        return refuse("it isn't this user's alone");
    }
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut &file, &mut bytes)?;
    let Some((magic, rest)) = bytes.split_at_checked(MAGIC.len()) else {
        return refuse("it is too short");
    };
    let Some((sum, artifact)) = rest.split_at_checked(SHA256_OUTPUT_LEN) else {
        return refuse("it is too short");
    };
    if magic != MAGIC || sum != digest(&SHA256, artifact).as_ref() {
        return refuse("it is damaged");
    }
    Ok(Some(artifact.to_vec()))
}

fn private(folder: &Path) -> std::io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(why) if why.kind() != std::io::ErrorKind::AlreadyExists => return Err(why),
        _ => {}
    }
    let about = fs::symlink_metadata(folder)?;
    if !about.is_dir() || about.uid() != nix::unistd::geteuid().as_raw() || about.mode() & 0o077 != 0 {
        return Err(std::io::Error::other("the directory must be this user's, with mode 0700"));
    }
    Ok(())
}

/// Everything that shapes the artifact: the component, wasmtime's version and its settings.
fn key(engine: &Engine, wasm: &[u8]) -> [u8; SHA256_OUTPUT_LEN] {
    let mut context = Context::new(&SHA256);
    context.update(env!("CARGO_PKG_VERSION").as_bytes());
    let mut settings = Settings(&mut context);
    engine.precompile_compatibility_hash().hash(&mut settings);
    context.update(digest(&SHA256, wasm).as_ref());
    let mut key = [0; SHA256_OUTPUT_LEN];
    key.copy_from_slice(context.finish().as_ref());
    key
}

/// Feeds what is hashed into SHA-256: a 64-bit hash would be too short a key.
struct Settings<'a>(&'a mut Context);

impl Hasher for Settings<'_> {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// The smallest component there is.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("bulkhead-cache-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    fn entry(folder: &Path) -> PathBuf {
        let mut entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let first = entries.next().unwrap();
        assert_eq!(entries.next(), None);
        first
    }

    #[test]
    fn an_entry_is_used_and_a_damaged_one_is_made_again() {
        let folder = folder("damaged");
        let cache = Cache::open(&folder).unwrap();
        let engine = Engine::default();
        cache.compile(&engine, EMPTY).unwrap();
        let path = entry(&folder);
        let whole = fs::read(&path).unwrap();
        assert!(read(&path).unwrap().is_some());

        for damage in [0, MAGIC.len(), whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[damage] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert!(read(&path).is_err(), "damage at {damage} went unseen");
            cache.compile(&engine, EMPTY).unwrap();
            assert_eq!(fs::read(&path).unwrap().len(), whole.len());
            assert!(read(&path).unwrap().is_some());
        }
        fs::write(&path, b"short").unwrap();
        assert!(read(&path).is_err());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_others_could_have_written_is_not_loaded() {
        let folder = folder("foreign");
        let cache = Cache::open(&folder).unwrap();
        cache.compile(&Engine::default(), EMPTY).unwrap();
        let path = entry(&folder);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(read(&path).is_err());
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/null", &path).unwrap();
        assert!(read(&path).is_err());
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Cache::open(&folder).is_none());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn settings_and_component_are_in_the_key() {
        let engine = Engine::default();
        let other = Engine::new(wasmtime::Config::new().epoch_interruption(true)).unwrap();
        assert_ne!(key(&engine, EMPTY), key(&other, EMPTY));
        assert_ne!(key(&engine, EMPTY), key(&engine, b"another"));
        assert_eq!(key(&engine, EMPTY), key(&Engine::default(), EMPTY));
    }
}
