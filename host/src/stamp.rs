//! Whether a file is still the same.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

/// What changes when a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: Option<SystemTime>,
    /// Seconds and nanoseconds, of what can't be set: also when it came to be readable, and when its times were set back.
    changed: (i64, i64),
    size: u64,
    inode: u64,
}

/// A file's stamp, that of what a symbolic link leads to. None: there is no such file.
pub(crate) fn stamp(path: &Path) -> Option<Stamp> {
    let known = std::fs::metadata(path).ok()?;
    Some(Stamp {
        modified: known.modified().ok(),
        changed: (known.ctime(), known.ctime_nsec()),
        size: known.len(),
        inode: known.ino(),
    })
}
