//! The one directory of an embedded database.
//!
//! A path is parsed, then resolved below the directory's own handle (cap-std: openat2 with RESOLVE_BENEATH where there is
//! one), so neither `..` nor a link nor a rename made meanwhile leads outside. A link as the last component is refused even
//! where it stays inside: a database reached by two names has two journals, and a crash would then corrupt it.

use super::open_file::{blocking, sync_folder};
use super::path::RelativePath;
use super::{FileError, Limits, Listed, OpenFile};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use nix::libc;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The most names `enumerate` looks at: a directory with more isn't a directory of databases.
const MAX_ENTRIES_SCANNED: usize = 10_000;
/// Siblings that one file may name; an embedded database has a journal and one or two more.
const MAX_SIBLINGS: usize = 4;
/// What a new file's mode is before the umask: as the database's own tools make them.
const NEW_FILE_MODE: u32 = 0o644;

/// How to open a file.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// Ask for writing too.
    pub write: bool,
    /// Create it if it isn't there.
    pub create: bool,
    /// Fail if it is there.
    pub exclusive: bool,
    /// What `OpenFile::enter` looks for: suffixes of the file's name.
    pub siblings: Vec<String>,
}

/// A directory given to a driver, and what it may do there.
#[derive(Debug)]
pub struct Directory {
    dir: Arc<Dir>,
    read_only: bool,
    limits: Limits,
    /// Its count less one is the number of open files.
    places: Arc<()>,
}

impl Directory {
    /// Opens the operator's directory. The one place where a path of the whole machine is used.
    ///
    /// # Errors
    /// If it isn't a directory that can be opened.
    pub fn open_ambient(path: &Path, read_only: bool, limits: Limits) -> Result<Self, FileError> {
        let dir = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(Self { dir: Arc::new(dir), read_only, limits, places: Arc::new(()) })
    }

    /// The same directory with open files counted anew.
    #[must_use]
    pub fn for_connection(&self) -> Self {
        Self { dir: self.dir.clone(), read_only: self.read_only, limits: self.limits, places: Arc::new(()) }
    }

    /// True if nothing in it may be changed.
    #[must_use]
    pub fn read_only(&self) -> bool {
        self.read_only
    }

    /// Opens a file.
    ///
    /// # Errors
    /// If the path leads outside or to anything but a regular file, it isn't there (or is, if `exclusive`), writing is
    /// asked for in a read-only directory, or too many files are open.
    pub fn open(&self, path: &str, how: Opening) -> Result<OpenFile, FileError> {
        let relative = RelativePath::parse(path)?;
        if self.read_only && (how.write || how.create || how.exclusive) {
            return Err(FileError::Denied("the database's directory is read-only".to_owned()));
        }
        let place = self.place()?;
        let (folder, name) = relative.split();
        let folder = match folder {
            Some(folder) => Arc::new(self.dir.open_dir(folder)?),
            None => Arc::clone(&self.dir),
        };
        let siblings = siblings(name, &how.siblings)?;
        let mut options = OpenOptions::new();
        options.read(true).write(how.write).mode(NEW_FILE_MODE);
        // Neither a link nor, by waiting for its other end, a pipe.
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
        options.create(how.create && !how.exclusive).create_new(how.exclusive);
        let file = folder.open_with(name, &options).map_err(|error| refused(path, error))?.into_std();
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(FileError::Denied(format!("{path:?} is not a regular file")));
        }
        Ok(OpenFile {
            file,
            most_bytes: self.limits.file_bytes,
            writable: how.write,
            folder: Some(folder),
            siblings,
            name_is_new: AtomicBool::new(how.create && metadata.len() == 0),
            _place: place,
        })
    }

    /// A file without a name, outside the directory, gone when it is dropped.
    ///
    /// # Errors
    /// If none can be made, or too many files are open.
    pub fn temporary(&self) -> Result<OpenFile, FileError> {
        let place = self.place()?;
        Ok(OpenFile {
            file: tempfile::tempfile()?,
            most_bytes: self.limits.temporary_bytes,
            writable: true,
            folder: None,
            siblings: Vec::new(),
            name_is_new: AtomicBool::new(false),
            _place: place,
        })
    }

    /// A file's size. None: there is no such file.
    ///
    /// # Errors
    /// If the path leads outside, or to anything but a regular file.
    pub fn stat(&self, path: &str) -> Result<Option<u64>, FileError> {
        match self.dir.symlink_metadata(RelativePath::parse(path)?.as_path()) {
            Ok(found) if found.is_file() => Ok(Some(found.len())),
            Ok(_) => Err(FileError::Denied(format!("{path:?} is not a regular file"))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(refused(path, error)),
        }
    }

    /// Removes a file; `durable` syncs the directory after it.
    ///
    /// # Errors
    /// If the directory is read-only, or the file isn't there.
    pub fn remove(&self, path: &str, durable: bool) -> Result<(), FileError> {
        let relative = RelativePath::parse(path)?;
        if self.read_only {
            return Err(FileError::Denied("the database's directory is read-only".to_owned()));
        }
        self.dir.remove_file(relative.as_path()).map_err(|error| refused(path, error))?;
        if durable {
            let folder = match relative.split().0 {
                Some(folder) => self.dir.open_dir(folder)?,
                None => self.dir.try_clone()?,
            };
            blocking(|| sync_folder(&folder))?;
        }
        Ok(())
    }

    /// The regular files of the directory itself, by name.
    ///
    /// # Errors
    /// If the directory can't be read.
    pub fn enumerate(&self, limit: u32) -> Result<Vec<Listed>, FileError> {
        let mut found = Vec::new();
        for entry in self.dir.entries()?.take(MAX_ENTRIES_SCANNED) {
            let entry = entry?;
            let Ok(path) = entry.file_name().into_string() else {
                continue;
            };
            // Gone between the listing and the look: not there.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            if metadata.is_file() {
                found.push(Listed { path, size: metadata.len() });
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    fn place(&self) -> Result<Arc<()>, FileError> {
        if Arc::strong_count(&self.places) > self.limits.open_files {
            return Err(FileError::Full(format!("too many open files: the limit is {}", self.limits.open_files)));
        }
        Ok(Arc::clone(&self.places))
    }
}

fn siblings(name: &str, suffixes: &[String]) -> Result<Vec<String>, FileError> {
    if suffixes.len() > MAX_SIBLINGS {
        return Err(FileError::Denied(format!("{} siblings: the limit is {MAX_SIBLINGS}", suffixes.len())));
    }
    suffixes
        .iter()
        .map(|suffix| {
            if suffix.is_empty() || suffix.contains(['/', '\0']) {
                return Err(FileError::Denied(format!("{suffix:?} is not the end of a file's name")));
            }
            Ok(format!("{name}{suffix}"))
        })
        .collect()
}

fn refused(path: &str, error: std::io::Error) -> FileError {
    if error.raw_os_error() == Some(libc::ELOOP) {
        return FileError::Denied(format!("{path:?} is a symbolic link"));
    }
    match FileError::from(error) {
        FileError::Denied(why) => FileError::Denied(format!("{path:?}: {why}")),
        FileError::Other(why) => FileError::Other(format!("{path:?}: {why}")),
        other => other,
    }
}
