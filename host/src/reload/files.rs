//! The files that a configuration is made of, and whether they changed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::Config;
use crate::registry::places;
use crate::stamp::{Stamp, stamp};

/// Each file and what was there. None: nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen(BTreeMap<PathBuf, Option<Stamp>>);

impl Seen {
    /// How files are now.
    #[must_use]
    pub fn now(files: impl IntoIterator<Item = PathBuf>) -> Seen {
        Seen(files.into_iter().map(|file| (file.clone(), stamp(&file))).collect())
    }

    /// Whether one of them changed in the last `than`, or isn't there: somebody may be writing it.
    pub(super) fn may_be_written(&self, than: Duration) -> bool {
        self.0.values().any(|stamp| stamp.is_none_or(|stamp| stamp.is_younger(than)))
    }
}

/// What a configuration names on disk and is looked at anew when it changes: drivers, certificates.
pub(super) fn named(config: &Config) -> Vec<PathBuf> {
    let mut files = places(config);
    files.extend(config.databases.values().flat_map(|database| database.tls.files().cloned()));
    files.sort();
    files.dedup();
    files
}
