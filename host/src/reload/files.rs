//! The files that a configuration is made of, and whether they changed.

use std::collections::BTreeMap;
use std::path::PathBuf;

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
}

/// What a configuration names on disk and is looked at anew when it changes: drivers, certificates.
pub(super) fn named(config: &Config) -> Vec<PathBuf> {
    let mut files = places(config);
    files.extend(config.databases.values().flat_map(|database| database.tls.files().cloned()));
    files.sort();
    files.dedup();
    files
}
