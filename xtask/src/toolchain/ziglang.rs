//! `zig cc` as a C compiler for WASI, from PyPI: for machines without Debian's packages.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{run, say};

/// Zig's checks of undefined behaviour, on unless optimising, call a library that a driver doesn't have. The
/// optimisation is said here since the crate cc's defaults are off (see below).
const CC: &str = "cc -target wasm32-wasi -O2 -fno-sanitize=undefined";

/// The compiler that an earlier run installed.
pub(super) fn found(folder: &Path) -> Option<Vec<(&'static str, OsString)>> {
    folder.join("zig/run-zig-cc").is_file().then(|| settings(folder))
}

/// Installs it into an environment of its own.
pub(super) fn fetch(folder: &Path) -> Result<Vec<(&'static str, OsString)>> {
    say::step("getting ziglang from PyPI");
    let home = folder.join("zig");
    run::quiet(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    let python = home.join("bin/python");
    run::quiet(Command::new(&python).args(["-m", "pip", "install", "--quiet", "ziglang"]))?;
    for (name, tool) in [("run-zig-ar", "ar"), ("run-zig-cc", CC)] {
        let script = format!("#!/bin/sh\nexec '{}' -m ziglang {tool} \"$@\"\n", python.display());
        let file = home.join(name);
        std::fs::write(&file, script).with_context(|| format!("cannot write {}", file.display()))?;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(settings(folder))
}

fn settings(folder: &Path) -> Vec<(&'static str, OsString)> {
    let home = folder.join("zig");
    vec![
        ("CC_wasm32_wasip2", home.join("run-zig-cc").into()),
        ("AR_wasm32_wasip2", home.join("run-zig-ar").into()),
        // The crate cc would pass a --target that zig doesn't know.
        ("CRATE_CC_NO_DEFAULTS", "1".into()),
    ]
}
