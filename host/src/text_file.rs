//! Reading a file of the operator's that may hold passwords.

use std::fs::OpenOptions;
use std::io::{Error, ErrorKind, Read, Result};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc;
use zeroize::Zeroizing;

/// Its text, into memory that is wiped. A pipe isn't waited for: it is read again whenever something changes, which a pipe can't be.
///
/// # Errors
/// It can't be read, is no file, is larger than `most` bytes, or isn't UTF-8.
pub(crate) fn read(path: &Path, most: u64) -> Result<Zeroizing<String>> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    let known = file.metadata()?;
    if known.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if !known.is_file() {
        return Err(Error::other("it isn't a regular file, which can be read again"));
    }
    let too_large = || Error::other(format!("it is larger than {most} bytes"));
    if known.len() > most {
        return Err(too_large());
    }
    // A buffer that grows leaves what it held behind.
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(known.len() + 1).unwrap_or_default()));
    file.take(most + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|length| length > most) { Err(too_large()) } else { Ok(text) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn files_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("good"), "text\n").unwrap();
        std::fs::write(at("large"), "12345678").unwrap();
        std::fs::write(at("bytes"), b"\xff").unwrap();
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRUSR).unwrap();
        assert_eq!(*read(&at("good"), 7).unwrap(), "text\n");
        for (name, word) in [
            ("large", "larger than 7 bytes"),
            ("bytes", "UTF-8"),
            ("pipe", "regular file"),
            (".", "directory"),
            ("none", "o such file"),
        ] {
            let why = read(&at(name), 7).unwrap_err().to_string();
            assert!(why.contains(word), "{name}: {why}");
        }
        assert!(read(Path::new("/dev/zero"), 7).is_err());
    }
}
