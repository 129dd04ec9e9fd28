//! Where a secret is kept, as a configuration says it.

use std::path::Path;
use std::sync::Arc;

use crate::secrets::{self, SecretProvider};

/// `SCHEME:REST`, and what stands beside it in the configuration. Not a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    scheme: &'static str,
    rest: String,
    pub(super) readable: bool,
    pub(super) region: Option<String>,
}

impl Reference {
    pub(crate) fn new(scheme: &'static str, rest: &str) -> Reference {
        Reference { scheme, rest: rest.to_owned(), readable: false, region: None }
    }

    /// Its provider's scheme.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// What follows the scheme and its colon.
    #[must_use]
    pub fn rest(&self) -> &str {
        &self.rest
    }

    /// Whether others than its owner may be able to read a file that it is in: `secrets.allow_readable_files`.
    #[must_use]
    pub fn may_be_readable(&self) -> bool {
        self.readable
    }

    /// The `region` of the database that it is for.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    pub(crate) fn provider(&self) -> Result<Arc<dyn SecretProvider>, String> {
        secrets::provider(self.scheme).ok_or_else(|| format!("nobody keeps secrets under {}:", self.scheme))
    }

    pub(super) fn resolve_path(&mut self, base: &Path) {
        if let Ok(provider) = self.provider()
            && let Some(rest) = provider.within(&self.rest, base)
        {
            self.rest = rest;
        }
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.scheme, self.rest)
    }
}
