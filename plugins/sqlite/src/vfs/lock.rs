//! SQLite's locks on a rollback-mode database, at SQLite's own byte ranges.
//!
//! The protocol is that of <https://www.sqlite.org/lockingv3.html>, with the ranges of `os_unix.c`, so that instances,
//! other processes and the `sqlite3` command exclude each other. A reader holds SHARED on a range of bytes and passes the
//! PENDING byte on its way in; a writer holds RESERVED while it prepares, then PENDING, which lets no new reader in, then
//! the whole shared range.

use crate::environment::{Entry, File, Range};
use bulkhead_driver::files::{FileError, LockMode};
use std::rc::Rc;

const PENDING: Range = Range { offset: 0x4000_0000, length: 1 };
const RESERVED: Range = Range { offset: PENDING.offset + 1, length: 1 };
const SHARED: Range = Range { offset: PENDING.offset + 2, length: 510 };
/// PENDING and RESERVED.
const WRITER: Range = Range { offset: PENDING.offset, length: 2 };
const ALL: Range = Range { offset: PENDING.offset, length: 512 };
/// Where the header (file format, section 1.3) has what every transaction looks at first: the change counter.
pub(super) const STAMP_AT: u64 = 24;

/// What is held, in SQLite's order and with its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    None = 0,
    Shared = 1,
    Reserved = 2,
    Pending = 3,
    Exclusive = 4,
}

impl Level {
    /// SQLite's number for it.
    pub(super) fn from_code(code: i32) -> Option<Self> {
        [Self::None, Self::Shared, Self::Reserved, Self::Pending, Self::Exclusive].into_iter().find(|level| *level as i32 == code)
    }
}

/// What an attempt came to.
pub(super) enum Outcome {
    /// Held; with what was seen on entering, if this was the entry.
    Held(Option<Entry>),
    /// Somebody else is in the way.
    Busy,
}

/// The lock on one database file.
pub(super) struct Lock {
    file: Rc<dyn File>,
    level: Level,
}

impl Lock {
    pub(super) fn new(file: Rc<dyn File>) -> Self {
        Self { file, level: Level::None }
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    /// Raises the lock.
    pub(super) fn raise(&mut self, wanted: Level) -> Result<Outcome, FileError> {
        let mut entry = None;
        if self.level == Level::None && wanted > Level::None {
            match self.file.enter(PENDING, SHARED, STAMP_AT)? {
                Some(found) => entry = Some(found),
                None => return Ok(Outcome::Busy),
            }
            self.level = Level::Shared;
        }
        if wanted >= Level::Reserved && self.level < Level::Reserved && wanted == Level::Reserved {
            if !self.file.lock(RESERVED, LockMode::Exclusive)? {
                return Ok(Outcome::Busy);
            }
            self.level = Level::Reserved;
        }
        if wanted == Level::Exclusive && self.level < Level::Exclusive {
            if self.level < Level::Pending {
                if !self.file.lock(PENDING, LockMode::Exclusive)? {
                    return Ok(Outcome::Busy);
                }
                self.level = Level::Pending;
            }
            // Refused, PENDING stays: the readers that are in will leave, and no new ones come.
            if !self.file.lock(SHARED, LockMode::Exclusive)? {
                return Ok(Outcome::Busy);
            }
            self.level = Level::Exclusive;
        }
        Ok(Outcome::Held(entry))
    }

    /// Lowers it, to SHARED or to nothing.
    pub(super) fn lower(&mut self, wanted: Level) -> Result<(), FileError> {
        if self.level <= wanted {
            return Ok(());
        }
        if wanted == Level::Shared {
            // A conversion of our own exclusive lock, which nobody can refuse.
            if self.level == Level::Exclusive && !self.file.lock(SHARED, LockMode::Shared)? {
                return Err(FileError::Other("a lock could not be lowered".to_owned()));
            }
            self.file.unlock(WRITER)?;
        } else {
            self.file.unlock(ALL)?;
        }
        self.level = wanted;
        Ok(())
    }

    /// Whether anybody, ourselves included, prepares to write.
    pub(super) fn reserved(&self) -> Result<bool, FileError> {
        Ok(self.level > Level::Shared || self.file.locked(RESERVED)?)
    }
}
