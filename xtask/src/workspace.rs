//! Where things are: the checkout, its target directory, and what xtask puts there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::say;

/// The checkout that this xtask was built from.
pub(crate) fn root() -> Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).context("xtask's folder has no parent")
}

/// The target directory that native code is built into.
pub(crate) fn target() -> Result<PathBuf> {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => std::path::absolute(folder).context("CARGO_TARGET_DIR is not a usable path"),
        None => Ok(root()?.join("target")),
    }
}

/// The cargo that runs us, so that a `+toolchain` override holds all the way down. What it told us of our own package is
/// taken from its environment: build scripts watch these variables, and would be run again whenever they come or go.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let ours = |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|prefix| name.starts_with(prefix));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(ours) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Too little room on a disk: another source or another try won't help.
#[derive(Debug)]
pub(crate) struct NoSpace(String);

impl std::fmt::Display for NoSpace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoSpace {}

/// Fails unless the file system that holds `folder` has `needed` bytes free: a full disk otherwise shows as a
/// broken archive or a linker error far from its cause. `df` is asked since std has no call for it.
pub(crate) fn require_free_space(folder: &Path, needed: u64, what: &str) -> Result<()> {
    let answer = crate::run::output(Command::new("df").args(["--output=avail", "--block-size=1"]).arg(folder))?;
    let free: u64 = answer.lines().last().and_then(|line| line.trim().parse().ok()).context("df's answer has no number")?;
    if free < needed {
        let (needed, free) = (say::size(needed), say::size(free));
        let place = folder.display();
        return Err(NoSpace(format!("no disk space: {what} needs {needed}, and {place} has {free} free")).into());
    }
    Ok(())
}
