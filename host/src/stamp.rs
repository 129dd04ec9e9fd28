//! Whether a file is still the same.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What changes when a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: Option<SystemTime>,
    /// Seconds and nanoseconds, of what can't be set: also when it came to be readable, and when its times were set back.
    changed: (i64, i64),
    size: u64,
    inode: u64,
}

impl Stamp {
    /// Whether it changed in the last `than`, by this machine's clock. A file server's may differ: it isn't more than a hint.
    pub(crate) fn is_younger(&self, than: Duration) -> bool {
        let (seconds, nanoseconds) = self.changed;
        let at = u64::try_from(seconds).ok().zip(u32::try_from(nanoseconds).ok());
        let age = at.and_then(|(seconds, nanoseconds)| {
            SystemTime::now().duration_since(UNIX_EPOCH + Duration::new(seconds, nanoseconds)).ok()
        });
        age.is_some_and(|age| age < than)
    }
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
