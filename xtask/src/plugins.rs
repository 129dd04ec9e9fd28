//! `cargo xtask plugins` and `cargo xtask hostile`: drivers as components, in one folder.
//!
//! Drivers are workspace members that are built for another target with another compiler, so they have their own
//! target directory, and native builds are never invalidated. A driver's name is its folder's name; its crate is
//! `bulkhead-<name>`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::toolchain::{TARGET, Toolchain};
use crate::{run, say, workspace};

/// A first build of all drivers takes about this much.
const BUILD_ROOM: u64 = 1_000_000_000;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Drivers to build, by the name of their folder under plugins/; all when none is named
    names: Vec<String>,
    /// Build the hostile drivers of the test suite, too
    #[arg(long)]
    with_hostile: bool,
}

#[derive(clap::Args)]
pub(crate) struct HostileArguments {
    /// Hostile drivers to build, by the name of their folder under tests/; all when none is named
    names: Vec<String>,
}

/// Builds drivers into `target/drivers`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let built = drivers(&arguments.names)?;
    report(&built)?;
    if arguments.with_hostile {
        report(&hostile(&[])?)?;
    }
    Ok(())
}

/// Builds hostile drivers into `target/hostile`.
pub(crate) fn run_hostile(arguments: &HostileArguments) -> Result<()> {
    report(&hostile(&arguments.names)?)
}

/// Builds the named drivers, or all of them; gives their files.
pub(crate) fn drivers(names: &[String]) -> Result<Vec<PathBuf>> {
    build(&select(&workspace::root()?.join("plugins"), "", names)?, &folder()?)
}

/// Builds the named hostile drivers, or all of them; gives their files.
pub(crate) fn hostile(names: &[String]) -> Result<Vec<PathBuf>> {
    build(&select(&workspace::root()?.join("tests"), "hostile", names)?, &hostile_folder()?)
}

/// Where drivers are built to.
pub(crate) fn folder() -> Result<PathBuf> {
    Ok(workspace::target()?.join("drivers"))
}

/// Where hostile drivers are built to: not beside the real ones, which people serve from.
pub(crate) fn hostile_folder() -> Result<PathBuf> {
    Ok(workspace::target()?.join("hostile"))
}

/// The folders under `parent` that start with `prefix` and hold a crate, or those of them that were named.
fn select(parent: &Path, prefix: &str, names: &[String]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(parent).with_context(|| format!("cannot read {}", parent.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with(prefix) && path.join("Cargo.toml").is_file() {
            all.push(name.to_owned());
        }
    }
    all.sort();
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        bail!("there is no driver `{unknown}` in {}: there are {}", parent.display(), all.join(", "));
    }
    Ok(if names.is_empty() { all } else { names.to_vec() })
}

fn build(names: &[String], into: &Path) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(into).with_context(|| format!("cannot create {}", into.display()))?;
    let toolchain = Toolchain::obtain()?;
    let target = workspace::target()?.join("plugins-build");
    if !target.is_dir() {
        workspace::require_free_space(into, BUILD_ROOM, "building the drivers")?;
    }
    let start = Instant::now();
    say::step(format_args!("building {} for {TARGET}", names.join(", ")));
    let mut cargo = workspace::cargo();
    cargo.current_dir(workspace::root()?).args(["build", "--profile", "plugin", "--target", TARGET, "--target-dir"]).arg(&target);
    for name in names {
        cargo.args(["--package", &format!("bulkhead-{name}")]);
    }
    toolchain.apply(&mut cargo)?;
    run::visible(&mut cargo)?;
    say::note(format_args!("built in {}", say::since(start)));
    names.iter().map(|name| install(&target.join(TARGET).join("plugin"), name, into)).collect()
}

/// Puts a built driver into place by renaming, so that a running server never reads half a file.
fn install(from: &Path, name: &str, into: &Path) -> Result<PathBuf> {
    let source = from.join(format!("bulkhead_{}.wasm", name.replace('-', "_")));
    let file = into.join(format!("{name}.wasm"));
    let partial = into.join(format!(".{name}.wasm.{}", std::process::id()));
    fs::copy(&source, &partial).with_context(|| format!("cannot copy {}", source.display()))?;
    fs::rename(&partial, &file).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

fn report(files: &[PathBuf]) -> Result<()> {
    for file in files {
        println!("{} ({})", file.display(), say::size(fs::metadata(file)?.len()));
    }
    Ok(())
}
