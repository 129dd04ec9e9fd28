//! The contract's `files`, for one instance.

use wasmtime::component::Resource;

use super::{Directory, Entry, FileError, Listed, LockMode, OpenFile, Opening, Range};
use crate::contract::files;
use crate::state::State;

impl files::Host for State {
    fn read_only(&mut self) -> wasmtime::Result<bool> {
        Ok(self.directory.as_ref().is_none_or(Directory::read_only))
    }

    fn open(
        &mut self,
        path: String,
        options: files::OpenOptions,
    ) -> wasmtime::Result<Result<Resource<OpenFile>, files::FileError>> {
        let how =
            Opening { write: options.write, create: options.create, exclusive: options.exclusive, siblings: options.siblings };
        let opened = within(self.directory.as_ref(), |directory| directory.open(&path, how));
        self.keep(opened)
    }

    fn temporary(&mut self) -> wasmtime::Result<Result<Resource<OpenFile>, files::FileError>> {
        let opened = within(self.directory.as_ref(), Directory::temporary);
        self.keep(opened)
    }

    fn stat(&mut self, path: String) -> wasmtime::Result<Result<Option<u64>, files::FileError>> {
        Ok(within(self.directory.as_ref(), |directory| directory.stat(&path)))
    }

    fn remove(&mut self, path: String, durable: bool) -> wasmtime::Result<Result<(), files::FileError>> {
        Ok(within(self.directory.as_ref(), |directory| directory.remove(&path, durable)))
    }

    fn enumerate(&mut self, limit: u32) -> wasmtime::Result<Result<Vec<files::Listed>, files::FileError>> {
        let listed = within(self.directory.as_ref(), |directory| directory.enumerate(limit));
        Ok(listed.map(|files| files.into_iter().map(|Listed { path, size }| files::Listed { path, size }).collect()))
    }
}

impl State {
    fn keep(
        &mut self,
        opened: Result<OpenFile, files::FileError>,
    ) -> wasmtime::Result<Result<Resource<OpenFile>, files::FileError>> {
        Ok(match opened {
            Ok(file) => Ok(self.table.push(file)?),
            Err(why) => Err(why),
        })
    }
}

impl files::HostFile for State {
    fn read_at(
        &mut self,
        this: Resource<OpenFile>,
        offset: u64,
        length: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, files::FileError>> {
        Ok(self.table.get(&this)?.read_at(offset, length).map_err(Into::into))
    }

    fn write_at(
        &mut self,
        this: Resource<OpenFile>,
        offset: u64,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<(), files::FileError>> {
        Ok(self.table.get(&this)?.write_at(offset, &bytes).map_err(Into::into))
    }

    fn size(&mut self, this: Resource<OpenFile>) -> wasmtime::Result<Result<u64, files::FileError>> {
        Ok(self.table.get(&this)?.size().map_err(Into::into))
    }

    fn truncate(&mut self, this: Resource<OpenFile>, size: u64) -> wasmtime::Result<Result<(), files::FileError>> {
        Ok(self.table.get(&this)?.truncate(size).map_err(Into::into))
    }

    fn sync(&mut self, this: Resource<OpenFile>) -> wasmtime::Result<Result<(), files::FileError>> {
        Ok(self.table.get(&this)?.sync().map_err(Into::into))
    }

    fn lock(
        &mut self,
        this: Resource<OpenFile>,
        range: files::ByteRange,
        mode: files::LockMode,
    ) -> wasmtime::Result<Result<bool, files::FileError>> {
        let mode = match mode {
            files::LockMode::Shared => LockMode::Shared,
            files::LockMode::Exclusive => LockMode::Exclusive,
        };
        Ok(self.table.get(&this)?.lock(range.into(), mode).map_err(Into::into))
    }

    fn unlock(&mut self, this: Resource<OpenFile>, range: files::ByteRange) -> wasmtime::Result<Result<(), files::FileError>> {
        Ok(self.table.get(&this)?.unlock(range.into()).map_err(Into::into))
    }

    fn locked(&mut self, this: Resource<OpenFile>, range: files::ByteRange) -> wasmtime::Result<Result<bool, files::FileError>> {
        Ok(self.table.get(&this)?.locked(range.into()).map_err(Into::into))
    }

    fn enter(
        &mut self,
        this: Resource<OpenFile>,
        gate: files::ByteRange,
        range: files::ByteRange,
        stamp_at: u64,
    ) -> wasmtime::Result<Result<Option<files::Entry>, files::FileError>> {
        let entered = self.table.get(&this)?.enter(gate.into(), range.into(), stamp_at);
        let entry = |Entry { size, stamp, siblings }| files::Entry { size, stamp, siblings };
        Ok(entered.map(|found| found.map(entry)).map_err(Into::into))
    }

    fn drop(&mut self, this: Resource<OpenFile>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

fn within<T>(
    directory: Option<&Directory>,
    work: impl FnOnce(&Directory) -> Result<T, FileError>,
) -> Result<T, files::FileError> {
    let Some(directory) = directory else {
        return Err(files::FileError::Denied("this database has no directory".to_owned()));
    };
    work(directory).map_err(Into::into)
}

impl From<FileError> for files::FileError {
    fn from(error: FileError) -> files::FileError {
        match error {
            FileError::NotFound => files::FileError::NotFound,
            FileError::Denied(why) => files::FileError::Denied(why),
            FileError::Full(why) => files::FileError::Full(why),
            FileError::Other(why) => files::FileError::Other(why),
        }
    }
}

impl From<files::ByteRange> for Range {
    fn from(range: files::ByteRange) -> Range {
        Range { offset: range.offset, length: range.length }
    }
}
