//! A secret as it is now: its file may be replaced while we run.

use std::sync::{Arc, Mutex, PoisonError};

use super::Credential;
use crate::config::SecretRef;
use crate::stamp::{Stamp, stamp};

/// Where a secret is, and what was there last: as long as its file is the same, what was derived from it is used again.
pub(crate) struct KeptSecret {
    reference: SecretRef,
    last: Mutex<Option<(Option<Stamp>, Arc<Credential>)>>,
}

impl KeptSecret {
    pub(crate) fn new(reference: SecretRef) -> KeptSecret {
        KeptSecret { reference, last: Mutex::new(None) }
    }

    /// The secret now. Reads a file, so not for a task that others wait for.
    pub(crate) fn now(&self) -> Result<Arc<Credential>, String> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = self.reference.path().and_then(stamp);
        if let Some((known, credential)) = last.as_ref()
            && *known == stamp
        {
            return Ok(credential.clone());
        }
        let credential = Arc::new(Credential::new(self.reference.resolve()?));
        *last = Some((stamp, credential.clone()));
        Ok(credential)
    }

    /// Whether its file is another than the one that was last read, or was never read.
    pub(crate) fn replaced(&self) -> bool {
        let Some(path) = self.reference.path() else { return false };
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().is_none_or(|(known, _)| *known != stamp(path))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn write(path: &std::path::Path, text: &str) {
        let new = path.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    #[test]
    fn a_file_is_read_anew_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let kept = KeptSecret::new(SecretRef::File(path.clone()));
        assert!(kept.now().is_err());
        write(&path, "one\n");
        let first = kept.now().unwrap();
        assert_eq!(first.secret.expose(), "one");
        assert!(Arc::ptr_eq(&first, &kept.now().unwrap()), "what was derived is kept");
        assert!(!kept.replaced());
        write(&path, "two\n");
        assert!(kept.replaced());
        assert_eq!(kept.now().unwrap().secret.expose(), "two");
        assert!(!kept.replaced());
        std::fs::remove_file(&path).unwrap();
        assert!(kept.now().is_err(), "what is gone isn't used");
    }
}
