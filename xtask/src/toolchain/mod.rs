//! The compilers for `wasm32-wasip2`: rustc with its standard library, and clang for drivers in C.
//!
//! Rust, in order: the target that the running toolchain has; what an earlier run fetched; `rustup target add`;
//! Debian's own packages of a newer suite, unpacked under `target/wasm-toolchain` without touching the system.
//! The last is for machines whose network has a Debian mirror but not rustup's server.
//! C, in order: `CC_wasm32_wasip2` when set; Debian's clang and wasi-libc, unpacked likewise; `ziglang` from PyPI.

mod apt;
mod debian;
mod packages;
mod ziglang;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::workspace::{self, NoSpace};
use crate::{run, say};

/// The target that drivers are built for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// `rustup target add` downloads some 30 MB: past this the network is not one that reaches rustup's server.
const RUSTUP_LIMIT: Duration = Duration::from_secs(120);

/// Set to `debian` to take Rust from Debian's packages whatever rustup has: to try that way on a machine that
/// doesn't need it.
const CHOICE: &str = "BULKHEAD_WASM_TOOLCHAIN";

/// What a build of drivers runs with.
pub(crate) struct Toolchain {
    /// The compiler to use in place of cargo's own choice.
    rustc: Option<PathBuf>,
    /// Folders with wasm-component-ld and wasm-ld.
    linkers: Vec<PathBuf>,
    /// `CC_wasm32_wasip2` and its kin, as the crate `cc` reads them.
    c: Vec<(&'static str, OsString)>,
}

impl Toolchain {
    /// Finds or fetches the compilers. A second call takes milliseconds.
    pub(crate) fn obtain() -> Result<Self> {
        let sysroot = rustc_says(&["--print", "sysroot"])?;
        let triple = host_triple()?;
        let folder = workspace::target()?.join("wasm-toolchain");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let _lock = lock(&folder)?;
        let rustup = std::env::var_os(CHOICE).is_none_or(|choice| choice != "debian");
        let rustc = if rustup && sysroot.join("lib/rustlib").join(TARGET).is_dir() {
            None
        } else if let Some(found) = debian::rust_found(&folder, &triple)? {
            Some(found)
        } else if rustup && rustup_adds_target()? {
            None
        } else {
            Some(debian::fetch_rust(&folder, &triple).map_err(no_rust)?)
        };
        let c = c_compiler(&folder, &triple)?;
        let tools = sysroot.join("lib/rustlib").join(&triple).join("bin");
        if rustc.is_some() && !tools.join("wasm-component-ld").is_file() {
            bail!("the Rust toolchain in {} has no wasm-component-ld", sysroot.display());
        }
        Ok(Self { rustc, linkers: vec![tools.join("gcc-ld"), tools], c })
    }

    /// Gives a cargo command the compilers. Its target directory has to be one that native builds don't use,
    /// since cargo rebuilds everything when the compiler changes.
    pub(crate) fn apply(&self, cargo: &mut Command) -> Result<()> {
        if let Some(rustc) = &self.rustc {
            cargo.env("RUSTC", rustc);
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = self.linkers.iter().cloned().chain(std::env::split_paths(&path));
            cargo.env("PATH", std::env::join_paths(folders).context("PATH cannot be extended")?);
        }
        cargo.envs(self.c.iter().map(|(name, value)| (name, value)));
        // Flags for native code don't fit this target; a wrapper like sccache would ask the wrong compiler.
        cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTC_WRAPPER");
        Ok(())
    }
}

fn c_compiler(folder: &std::path::Path, triple: &str) -> Result<Vec<(&'static str, OsString)>> {
    if std::env::var_os("CC_wasm32_wasip2").is_some() {
        return Ok(Vec::new());
    }
    if let Some(found) = debian::c_found(folder, triple)? {
        return Ok(found);
    }
    if let Some(found) = ziglang::found(folder) {
        return Ok(found);
    }
    match debian::fetch_c(folder, triple) {
        Ok(fetched) => Ok(fetched),
        Err(error) if error.is::<NoSpace>() => Err(error),
        Err(debian) => {
            say::note(format_args!("Debian's clang cannot be had ({debian:#}); trying ziglang"));
            ziglang::fetch(folder).context(
                "no C compiler for wasm32-wasip2: Debian's packages and PyPI's ziglang both failed; set \
                 CC_wasm32_wasip2, AR_wasm32_wasip2 and CFLAGS_wasm32_wasip2 to one you have (such as the WASI SDK)",
            )
        }
    }
}

fn rustup_adds_target() -> Result<bool> {
    if !run::exists("rustup") {
        return Ok(false);
    }
    say::step(format_args!("rustup target add {TARGET}"));
    let added = run::succeeds_within(Command::new("rustup").args(["target", "add", TARGET]), RUSTUP_LIMIT)?;
    if !added {
        say::note("rustup cannot fetch it here; taking Debian's packages");
    }
    Ok(added)
}

fn no_rust(error: anyhow::Error) -> anyhow::Error {
    if error.is::<NoSpace>() {
        return error;
    }
    error.context(format!(
        "no Rust for {TARGET}: neither `rustup target add {TARGET}` nor Debian's packages worked; with network \
         access to either, run this again"
    ))
}

/// Keeps two runs from unpacking into the same folder. Held until dropped.
fn lock(folder: &std::path::Path) -> Result<std::fs::File> {
    let path = folder.join("lock");
    let file = std::fs::File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    if file.try_lock().is_err() {
        say::note("waiting for another cargo xtask that is getting the toolchain");
        file.lock().context("cannot lock the toolchain's folder")?;
    }
    Ok(file)
}

fn host_triple() -> Result<String> {
    let version = run::output(Command::new(rustc()).arg("-vV"))?;
    version.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned).context("rustc -vV names no host")
}

fn rustc_says(arguments: &[&str]) -> Result<PathBuf> {
    Ok(PathBuf::from(run::output(Command::new(rustc()).args(arguments))?.trim()))
}

fn rustc() -> OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| OsStr::new("rustc").to_owned())
}
