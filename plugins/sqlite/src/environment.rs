//! What the driver asks of its surroundings: files, and whether the call in hand should end.
//!
//! Traits rather than the bindings themselves, so that everything above them runs natively in tests, over the host's own
//! implementation of files.

use bulkhead_driver::call::Interruption;
use bulkhead_driver::files::{FileError, LockMode};
use std::rc::Rc;

/// What a connection stands on.
#[derive(Clone)]
pub(crate) struct Environment {
    /// The database's directory.
    pub files: Rc<dyn Files>,
    /// The call in hand.
    pub call: Rc<dyn Call>,
}

/// The contract's `call`.
pub(crate) trait Call {
    /// Why the call should end. Cheap.
    fn interrupted(&self) -> Option<Interruption>;
    /// Waits, or until the call should end.
    fn wait(&self, milliseconds: u32) -> Option<Interruption>;
}

/// The contract's `files`.
pub(crate) trait Files {
    /// True if nothing in the directory may be changed.
    fn read_only(&self) -> bool;
    /// Opens a file.
    fn open(&self, path: &str, how: Opening<'_>) -> Result<Rc<dyn File>, FileError>;
    /// A file without a name.
    fn temporary(&self) -> Result<Rc<dyn File>, FileError>;
    /// A file's size, if it is there.
    fn stat(&self, path: &str) -> Result<Option<u64>, FileError>;
    /// Removes a file.
    fn remove(&self, path: &str, durable: bool) -> Result<(), FileError>;
    /// Names and sizes of the directory's files.
    fn enumerate(&self, limit: u32) -> Result<Vec<(String, u64)>, FileError>;
}

/// How to open a file.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Opening<'a> {
    /// For writing too.
    pub write: bool,
    /// Create it if it isn't there.
    pub create: bool,
    /// Fail if it is there.
    pub exclusive: bool,
    /// What `enter` looks for.
    pub siblings: &'a [&'a str],
}

/// Bytes of a file, from `offset` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    /// The first byte.
    pub offset: u64,
    /// How many.
    pub length: u64,
}

/// What `File::enter` found.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The file's size.
    pub(crate) size: u64,
    /// 16 bytes of it.
    pub(crate) stamp: [[u8; 8]; 2],
    /// Bit n: the nth sibling is there, with something in it.
    pub(crate) siblings: u32,
}

/// The contract's `file`.
pub(crate) trait File {
    /// Up to `length` bytes; fewer only at the end.
    fn read_at(&self, offset: u64, length: u32) -> Result<Vec<u8>, FileError>;
    /// Writes all of it.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), FileError>;
    /// The file's size.
    fn size(&self) -> Result<u64, FileError>;
    /// Cuts or grows it.
    fn truncate(&self, size: u64) -> Result<(), FileError>;
    /// Returns when it is on the disk.
    fn sync(&self) -> Result<(), FileError>;
    /// Tries to lock a range. False: taken.
    fn lock(&self, range: Range, mode: LockMode) -> Result<bool, FileError>;
    /// Gives a range up.
    fn unlock(&self, range: Range) -> Result<(), FileError>;
    /// Whether an exclusive lock would be refused.
    fn locked(&self, range: Range) -> Result<bool, FileError>;
    /// Shared locks by way of a gate, and a look. None: taken.
    fn enter(&self, gate: Range, range: Range, stamp_at: u64) -> Result<Option<Entry>, FileError>;
}
