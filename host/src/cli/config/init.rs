//! `bulkhead config init`.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;

/// What a new file begins with.
const EXAMPLE: &str = include_str!("example.yaml");
/// It may come to hold a password.
const MODE: u32 = 0o600;

/// Writes the example.
pub(super) fn run(file: &Path, force: bool) -> anyhow::Result<()> {
    if file == Path::new("-") {
        return Ok(super::super::print(EXAMPLE)?);
    }
    let mut options = OpenOptions::new();
    options.write(true).mode(MODE);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let mut out = match options.open(file) {
        Err(why) if why.kind() == std::io::ErrorKind::AlreadyExists => {
            anyhow::bail!("{} is there already; --force replaces it", file.display())
        }
        other => other.with_context(|| file.display().to_string())?,
    };
    out.write_all(EXAMPLE.as_bytes()).with_context(|| file.display().to_string())?;
    eprintln!("{} is written; `bulkhead config check --config {0}` checks it", file.display());
    Ok(())
}
