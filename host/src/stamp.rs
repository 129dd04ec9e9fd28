//! Whether a file is still the same.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

/// What changes when a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: Option<SystemTime>,
    size: u64,
    inode: u64,
}

/// A file's stamp, that of what a symbolic link leads to. None: there is no such file.
pub(crate) fn stamp(path: &Path) -> Option<Stamp> {
    let known = std::fs::metadata(path).ok()?;
    Some(Stamp { modified: known.modified().ok(), size: known.len(), inode: known.ino() })
}
