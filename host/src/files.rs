//! Files for databases that live in files: one directory for each database, granted to its driver and to no other.
//!
//! [`Directory`] is the only way in: it parses paths, opens below its own handle and counts; [`OpenFile`] reads, writes and
//! locks. Neither knows of drivers or of any database's format.

mod directory;
mod error;
mod host;
mod lock;
mod open_file;
mod path;
#[cfg(test)]
mod tests;

pub use directory::{Directory, Opening};
pub use error::FileError;
pub use open_file::OpenFile;

/// Files that one connection may have open at once: a database, its journals and the temporary files of a large sort.
pub const OPEN_FILES: usize = 32;
/// How large a driver may make a file: past the largest embedded databases we know of, short of filling a disk unnoticed.
pub const FILE_BYTES: u64 = 64 << 30;
/// How large a temporary file may grow: sorting some ten million rows.
pub const TEMPORARY_BYTES: u64 = 1 << 30;

/// What a driver may do with files, for each connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Files open at once.
    pub open_files: usize,
    /// Bytes in one file.
    pub file_bytes: u64,
    /// Bytes in one temporary file.
    pub temporary_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { open_files: OPEN_FILES, file_bytes: FILE_BYTES, temporary_bytes: TEMPORARY_BYTES }
    }
}

/// Whom a lock tolerates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockMode {
    /// Others who share.
    Shared,
    /// Nobody.
    Exclusive,
}

/// Bytes of a file, from `offset` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first byte.
    pub offset: u64,
    /// How many.
    pub length: u64,
}

/// What [`OpenFile::enter`] found when it held the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The file's size.
    pub size: u64,
    /// 16 bytes of it, as two little-endian numbers.
    pub stamp: (u64, u64),
    /// Bit n: the nth of [`Opening::siblings`] is there, with something in it.
    pub siblings: u32,
}

/// A file in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
}
