//! `file:PATH`: a file's content without its last newline, as it is when a connection is made. Nobody but its owner may be able to read it.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::BoxFuture;
use nix::libc;
use zeroize::Zeroizing;

use super::{Fetched, Good, SecretProvider};
use crate::config::{Reference, Secret};
use crate::stamp::stamp;

/// The largest secret: a token with many claims is a tenth of it.
const MAX_FILE: u64 = 64 * 1024;
/// What group and others may do.
const OTHERS: u32 = 0o077;

pub(super) struct File;

impl SecretProvider for File {
    fn scheme(&self) -> &'static str {
        "file"
    }

    fn check(&self, reference: &Reference) -> Result<(), String> {
        if reference.rest().is_empty() { Err("after file: stands a path".to_owned()) } else { Ok(()) }
    }

    fn within(&self, rest: &str, base: &Path) -> Option<String> {
        let relative = !rest.is_empty() && Path::new(rest).is_relative();
        relative.then(|| base.join(rest).to_string_lossy().into_owned())
    }

    fn at_once(&self, reference: &Reference) -> Option<Result<Fetched, String>> {
        Some(fetched(reference))
    }

    fn fetch(self: Arc<Self>, reference: Reference, _anew: bool) -> BoxFuture<'static, Result<Fetched, String>> {
        Box::pin(async move { tokio::task::spawn_blocking(move || fetched(&reference)).await.map_err(|why| why.to_string())? })
    }
}

fn fetched(reference: &Reference) -> Result<Fetched, String> {
    let path = PathBuf::from(reference.rest());
    // Before it is read: a change meanwhile is seen the next time.
    let known = stamp(&path);
    let secret = read(&path, reference.may_be_readable())?;
    Ok(Fetched { secret, user: None, good: Good::While(Arc::new(move || known.is_some() && stamp(&path) == known)) })
}

/// Reads a secret's file. What a symbolic link leads to is judged, not the link.
fn read(path: &Path, readable: bool) -> Result<Secret, String> {
    let shown = path.display();
    let wrong = |why: std::io::Error| format!("the secret's file {shown}: {why}");
    // Opening a pipe would wait for who writes into it.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(wrong)?;
    let known = file.metadata().map_err(wrong)?;
    let mode = known.permissions().mode();
    if !known.is_file() {
        return Err(format!("the secret's file {shown} isn't a file"));
    }
    if mode & OTHERS != 0 && !readable {
        return Err(format!(
            "the secret's file {shown} can be read or written by others than its owner (mode {:o}): make it 600, or say \
             secrets.allow_readable_files: true",
            mode & 0o777
        ));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_FILE + 1).read_to_string(&mut text).map_err(wrong)?;
    if u64::try_from(text.len()).is_ok_and(|length| length > MAX_FILE) {
        return Err(format!("the secret's file {shown} is larger than {MAX_FILE} bytes"));
    }
    let value = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Secret::new(value.strip_suffix('\r').unwrap_or(value).to_owned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_unless_it_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("..data"), folder.path().join("password"));
        std::fs::write(&file, "hunter22\n").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for refused in [0o644, 0o640, 0o604, 0o620] {
            mode(&file, refused);
            let why = read(&link, false).unwrap_err();
            assert!(why.contains("allow_readable_files") && !why.contains("hunter"), "{why}");
            assert_eq!(read(&link, true).unwrap().expose(), "hunter22");
        }
        for fine in [0o600, 0o400] {
            mode(&file, fine);
            assert_eq!(read(&link, false).unwrap().expose(), "hunter22");
        }
        assert!(read(folder.path(), true).unwrap_err().contains("isn't a file"));
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("password");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).unwrap();
        assert!(read(&pipe, false).unwrap_err().contains("isn't a file"));
    }

    #[test]
    fn a_relative_path_is_the_folder_s() {
        for (rest, meant) in [("password", Some("/etc/bulkhead/password")), ("/run/password", None), ("", None)] {
            assert_eq!(File.within(rest, Path::new("/etc/bulkhead")).as_deref(), meant);
        }
    }
}
