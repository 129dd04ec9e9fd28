//! One open file: reading, writing, locking.
//!
//! Reads and writes go to the page cache and are made on the spot; what waits for the disk (`sync`) goes through
//! [`blocking`], so that the other connections' tasks go on.

use super::lock;
use super::{Entry, FileError, LockMode, Range};
use cap_std::fs::Dir;
use nix::fcntl::AtFlags;
use nix::sys::stat::{FileStat, SFlag, fstat, fstatat};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The most one read gives: larger ones are cut short, which readers expect at a file's end only, so drivers stay under it.
const MAX_READ_BYTES: usize = 4 << 20;

/// A file that a driver has open. Dropping it closes it and gives up its locks.
#[derive(Debug)]
pub struct OpenFile {
    pub(super) file: File,
    /// Writing it past this size is refused.
    pub(super) most_bytes: u64,
    pub(super) writable: bool,
    /// The folder it is in; a temporary file has none.
    pub(super) folder: Option<Arc<Dir>>,
    pub(super) siblings: Vec<String>,
    /// Its name isn't known to be on the disk yet.
    pub(super) name_is_new: AtomicBool,
    /// Counted by its directory for as long as it is open.
    pub(super) _place: Arc<()>,
}

impl OpenFile {
    /// Up to `length` bytes from `offset`; fewer only at the end of the file.
    ///
    /// # Errors
    /// If the operating system fails, or for more than 4 MiB at once.
    pub fn read_at(&self, offset: u64, length: u32) -> Result<Vec<u8>, FileError> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > MAX_READ_BYTES {
            return Err(FileError::Denied(format!("a read of {length} bytes: the limit is {MAX_READ_BYTES}")));
        }
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, offset.saturating_add(filled as u64)) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// If the file isn't open for writing, would grow past its limit, or the disk is full.
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), FileError> {
        self.may_grow_to(offset.saturating_add(bytes.len() as u64))?;
        Ok(self.file.write_all_at(bytes, offset)?)
    }

    /// The file's size.
    ///
    /// # Errors
    /// If the operating system fails.
    pub fn size(&self) -> Result<u64, FileError> {
        // Half the price of the standard library's statx.
        let found = fstat(&self.file).map_err(std::io::Error::from)?;
        Ok(u64::try_from(found.st_size).unwrap_or(0))
    }

    /// Cuts or grows it.
    ///
    /// # Errors
    /// As `write_at`.
    pub fn truncate(&self, size: u64) -> Result<(), FileError> {
        self.may_grow_to(size)?;
        Ok(self.file.set_len(size)?)
    }

    /// Returns when the bytes, the size and a new file's name are on the disk.
    ///
    /// # Errors
    /// If the operating system fails: what was written before may be lost.
    pub fn sync(&self) -> Result<(), FileError> {
        blocking(|| {
            self.file.sync_data()?;
            if let Some(folder) = self.folder.as_ref().filter(|_| self.name_is_new.load(Ordering::Relaxed)) {
                sync_folder(folder)?;
                self.name_is_new.store(false, Ordering::Relaxed);
            }
            Ok(())
        })
    }

    /// Tries to lock a range, without waiting. False: somebody else holds it.
    ///
    /// # Errors
    /// For an exclusive lock on a file not open for writing, or if the operating system fails.
    pub fn lock(&self, range: Range, mode: LockMode) -> Result<bool, FileError> {
        lock::lock(&self.file, range, mode)
    }

    /// Gives up a range.
    ///
    /// # Errors
    /// If the operating system fails.
    pub fn unlock(&self, range: Range) -> Result<(), FileError> {
        lock::unlock(&self.file, range)
    }

    /// Whether an exclusive lock on the range would be refused to this file now.
    ///
    /// # Errors
    /// If the operating system fails.
    pub fn locked(&self, range: Range) -> Result<bool, FileError> {
        lock::locked(&self.file, range)
    }

    /// A shared lock on `gate`, then one on `range`, the gate given up, and a look. None: one of them is taken.
    ///
    /// # Errors
    /// If the operating system fails; then neither is held.
    pub fn enter(&self, gate: Range, range: Range, stamp_at: u64) -> Result<Option<Entry>, FileError> {
        if !lock::lock(&self.file, gate, LockMode::Shared)? {
            return Ok(None);
        }
        let entered = lock::lock(&self.file, range, LockMode::Shared);
        lock::unlock(&self.file, gate)?;
        if !entered? {
            return Ok(None);
        }
        let looked = self.look(stamp_at);
        if looked.is_err() {
            lock::unlock(&self.file, range)?;
        }
        looked.map(Some)
    }

    fn look(&self, stamp_at: u64) -> Result<Entry, FileError> {
        let mut siblings = 0;
        for (bit, name) in self.siblings.iter().enumerate() {
            siblings |= u32::from(self.has_sibling(name)?) << bit;
        }
        let mut stamp = [[0; 8]; 2];
        // A file that ends before it leaves zeros.
        let _ = self.file.read_at(stamp.as_flattened_mut(), stamp_at)?;
        let [first, second] = stamp.map(u64::from_le_bytes);
        Ok(Entry { size: self.size()?, stamp: (first, second), siblings })
    }

    fn has_sibling(&self, name: &str) -> Result<bool, FileError> {
        let Some(folder) = &self.folder else {
            return Ok(false);
        };
        // `name` is one plain component and links aren't followed, so this can't look outside the folder.
        match fstatat(folder.as_ref(), name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(found) if kind(&found) == SFlag::S_IFREG => Ok(found.st_size > 0),
            Ok(_) => Err(FileError::Denied(format!("{name:?} is not a regular file"))),
            Err(nix::errno::Errno::ENOENT) => Ok(false),
            Err(error) => Err(FileError::Other(format!("{name:?}: {}", error.desc()))),
        }
    }

    fn may_grow_to(&self, size: u64) -> Result<(), FileError> {
        if !self.writable {
            return Err(FileError::Denied("the file is open for reading only".to_owned()));
        }
        if size > self.most_bytes {
            return Err(FileError::Full(format!("a file of {size} bytes: the limit is {}", self.most_bytes)));
        }
        Ok(())
    }
}

fn kind(found: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(found.st_mode) & SFlag::S_IFMT
}

/// Syncs a folder's names. Its own handle is for resolving paths only (O_PATH), so it is opened anew.
pub(super) fn sync_folder(folder: &Dir) -> Result<(), FileError> {
    Ok(folder.open(".")?.into_std().sync_all()?)
}

/// Runs what may wait for the disk: aside from the runtime's other tasks where there is a runtime that can do so.
pub(super) fn blocking<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current() {
        Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}
