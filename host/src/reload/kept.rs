//! The administrator's changes on disk, so that they outlast a restart.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::config::Overlay;
use crate::text_file;

/// The largest such file: as for the configuration.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Its owner's alone: entries may hold passwords.
const MODE: u32 = 0o600;

/// Where changes are kept. None: nowhere, they end with the process.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept(pub(super) Option<PathBuf>);

impl Kept {
    /// What was kept.
    ///
    /// # Errors
    /// The file is there and can't be read: starting without it would undo what the administrator said.
    pub(super) fn read(&self) -> anyhow::Result<Overlay> {
        let Some(path) = &self.0 else { return Ok(Overlay::default()) };
        let shown = path.display();
        let text = match text_file::read(path, MAX_BYTES) {
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(Overlay::default()),
            text => text.with_context(|| format!("admin.changes_file {shown}"))?,
        };
        // Not the parser's words: they may repeat a value.
        serde_json::from_str(&text)
            .map_err(|_| anyhow::anyhow!("admin.changes_file {shown}: not a file of changes; remove it to start without them"))
    }

    /// Keeps what holds now, whole: another file takes the old one's place.
    ///
    /// # Errors
    /// It can't be written. The old one is as it was.
    pub(super) fn write(&self, overlay: &Overlay) -> anyhow::Result<()> {
        let Some(path) = &self.0 else { return Ok(()) };
        let text = zeroize::Zeroizing::new(serde_json::to_string_pretty(overlay).context("writing the changes")?);
        replace(path, text.as_bytes()).with_context(|| format!("admin.changes_file {}", path.display()))
    }
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let _ = std::fs::remove_file(&new);
    let mut file = std::fs::File::options().write(true).create_new(true).mode(MODE).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::config::Section;

    #[test]
    fn what_is_kept_comes_back_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("changes.json");
        let kept = Kept(Some(path.clone()));
        assert_eq!(kept.read().unwrap(), Overlay::default());
        let mut overlay = Overlay::default();
        overlay.put(Section::Databases, "a", Some(serde_json::json!({"password": "hunter2"})));
        overlay.put(Section::Statements, "b", None);
        for _ in 0..2 {
            kept.write(&overlay).unwrap();
            assert_eq!(kept.read().unwrap(), overlay);
        }
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, MODE);
        std::fs::write(&path, r#"{"databases": "hunter2"}"#).unwrap();
        let why = format!("{:#}", kept.read().unwrap_err());
        assert!(why.contains("changes.json") && !why.contains("hunter2"), "{why}");
    }
}
