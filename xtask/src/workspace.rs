//! Where things are: the checkout, its target directory, and what xtask puts there.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The checkout that this xtask was built from.
pub(crate) fn root() -> Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .context("xtask's folder has no parent")
}

/// The target directory that native code is built into.
pub(crate) fn target() -> Result<PathBuf> {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => {
            std::path::absolute(folder).context("CARGO_TARGET_DIR is not a usable path")
        }
        None => Ok(root()?.join("target")),
    }
}

/// The cargo that runs us, so that a `+toolchain` override holds all the way down.
pub(crate) fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

/// Fails unless the file system that holds `folder` has `needed` bytes free: a full disk otherwise shows as a
/// broken archive or a linker error far from its cause. `df` is asked since std has no call for it.
pub(crate) fn require_free_space(folder: &Path, needed: u64, what: &str) -> Result<()> {
    let answer = crate::run::output(
        std::process::Command::new("df")
            .args(["--output=avail", "--block-size=1"])
            .arg(folder),
    )?;
    let free: u64 = answer
        .lines()
        .last()
        .and_then(|line| line.trim().parse().ok())
        .context("df's answer has no number")?;
    if free < needed {
        bail!(
            "no disk space: {what} needs {}, and {} has {} free",
            crate::say::size(needed),
            folder.display(),
            crate::say::size(free)
        );
    }
    Ok(())
}
