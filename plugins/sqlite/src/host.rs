//! The environment that a component has: the host's imports.

use crate::environment::{Call, Entry, Environment, File, Files, Opening, Range};
use bulkhead_driver::call::{self, Interruption};
use bulkhead_driver::files::{self, ByteRange, FileError, LockMode, OpenOptions};
use std::rc::Rc;

/// The host's files and calls.
pub(crate) fn environment() -> Environment {
    Environment { files: Rc::new(Host), call: Rc::new(Host) }
}

struct Host;

impl Call for Host {
    fn interrupted(&self) -> Option<Interruption> {
        call::interrupted()
    }

    fn wait(&self, milliseconds: u32) -> Option<Interruption> {
        call::wait(milliseconds)
    }
}

impl Files for Host {
    fn read_only(&self) -> bool {
        files::read_only()
    }

    fn open(&self, path: &str, how: Opening<'_>) -> Result<Rc<dyn File>, FileError> {
        let options = OpenOptions {
            write: how.write,
            create: how.create,
            exclusive: how.exclusive,
            siblings: how.siblings.iter().map(|&suffix| suffix.to_owned()).collect(),
        };
        Ok(Rc::new(files::open(path, &options)?))
    }

    fn temporary(&self) -> Result<Rc<dyn File>, FileError> {
        Ok(Rc::new(files::temporary()?))
    }

    fn stat(&self, path: &str) -> Result<Option<u64>, FileError> {
        files::stat(path)
    }

    fn remove(&self, path: &str, durable: bool) -> Result<(), FileError> {
        files::remove(path, durable)
    }

    fn enumerate(&self, limit: u32) -> Result<Vec<(String, u64)>, FileError> {
        Ok(files::enumerate(limit)?.into_iter().map(|file| (file.path, file.size)).collect())
    }
}

impl File for files::File {
    fn read_at(&self, offset: u64, length: u32) -> Result<Vec<u8>, FileError> {
        files::File::read_at(self, offset, length)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), FileError> {
        files::File::write_at(self, offset, bytes)
    }

    fn size(&self) -> Result<u64, FileError> {
        files::File::size(self)
    }

    fn truncate(&self, size: u64) -> Result<(), FileError> {
        files::File::truncate(self, size)
    }

    fn sync(&self) -> Result<(), FileError> {
        files::File::sync(self)
    }

    fn lock(&self, range: Range, mode: LockMode) -> Result<bool, FileError> {
        files::File::lock(self, range.into(), mode)
    }

    fn unlock(&self, range: Range) -> Result<(), FileError> {
        files::File::unlock(self, range.into())
    }

    fn locked(&self, range: Range) -> Result<bool, FileError> {
        files::File::locked(self, range.into())
    }

    fn enter(&self, gate: Range, range: Range, stamp_at: u64) -> Result<Option<Entry>, FileError> {
        let entry = files::File::enter(self, gate.into(), range.into(), stamp_at)?;
        Ok(entry.map(|entry| {
            let stamp = [entry.stamp.0, entry.stamp.1].map(u64::to_le_bytes);
            Entry { size: entry.size, stamp, siblings: entry.siblings }
        }))
    }
}

impl From<Range> for ByteRange {
    fn from(range: Range) -> Self {
        Self { offset: range.offset, length: range.length }
    }
}
