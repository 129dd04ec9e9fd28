//! SQLite's operating system: files and locks by way of the host.
//!
//! A statement on a database that nobody changed costs two crossings to the host: [`lock`] enters (shared lock, header,
//! size and journals in one), and leaves. In between, [`file::VfsFile`] answers from what `enter` saw, and reads ahead on a
//! scan; what it kept is dropped with the lock. Writes wait in [`writes::WriteBuffer`] until they can go in one piece, and
//! never past a point where their order matters.
//!
//! [`register`] alone speaks C.

mod file;
mod lock;
mod register;
mod writes;

pub(crate) use register::Vfs;

use crate::environment::{Environment, File, Opening};
use bulkhead_driver::files::FileError;
use file::{Role, VfsFile};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use writes::WriteBuffer;

/// Files beside a database that decide whether it can be read as it is: a journal to roll back, a log to read.
const SIBLINGS: [&str; 2] = ["-journal", "-wal"];

/// What the files of one connection share.
pub(crate) struct Shared {
    environment: Environment,
    writes: WriteBuffer,
    /// The database's siblings, by the order of `SIBLINGS`.
    siblings: RefCell<Vec<String>>,
    /// Which of them are known not to be there (bit n), for as long as a lock on the database says so.
    absent: Cell<u32>,
    /// What the last failed file call said, for the error's text.
    failure: RefCell<Option<FileError>>,
}

impl Shared {
    fn new(environment: Environment) -> Rc<Self> {
        Rc::new(Self {
            environment,
            writes: WriteBuffer::default(),
            siblings: RefCell::default(),
            absent: Cell::new(0),
            failure: RefCell::new(None),
        })
    }

    /// Opens a file of a role. The bool: whether it can be written.
    fn open(self: &Rc<Self>, path: Option<&str>, role: Role, how: Opening<'_>) -> Result<(VfsFile, bool), FileError> {
        let Some(path) = path else {
            let file = self.environment.files.temporary()?;
            return Ok((VfsFile::new(Rc::clone(self), file, Role::Temporary), true));
        };
        // Whoever opens it may be about to make it.
        self.absent.set(self.absent.get() & !self.bit(path));
        let siblings: &[&str] = if role == Role::Database { &SIBLINGS } else { &[] };
        if role == Role::Database {
            self.siblings.replace(SIBLINGS.iter().map(|suffix| format!("{path}{suffix}")).collect());
        }
        let how = Opening { siblings, ..how };
        let (file, writable) = match self.environment.files.open(path, how) {
            Ok(file) => (file, how.write),
            // As the database's own tools do: what can't be written may still be read.
            Err(FileError::Denied(_)) if how.write && !how.exclusive => {
                let how = Opening { write: false, create: false, ..how };
                (self.environment.files.open(path, how)?, false)
            }
            Err(error) => return Err(error),
        };
        Ok((VfsFile::new(Rc::clone(self), file, role), writable))
    }

    fn remove(&self, path: &str, durable: bool) -> Result<(), FileError> {
        self.writes.flush()?;
        self.environment.files.remove(path, durable)
    }

    /// Whether there is a file with something in it.
    fn exists(&self, path: &str) -> Result<bool, FileError> {
        if self.bit(path) & self.absent.get() != 0 {
            return Ok(false);
        }
        self.writes.flush()?;
        Ok(self.environment.files.stat(path)?.is_some_and(|size| size > 0))
    }

    /// Notes which siblings were seen on entering; what may be there is looked at again.
    fn entered(&self, there: u32) {
        let all = (1_u32 << SIBLINGS.len()) - 1;
        self.absent.set(!there & all);
    }

    /// A sibling's bit; 0 for any other file.
    fn bit(&self, path: &str) -> u32 {
        let at = self.siblings.borrow().iter().position(|sibling| sibling == path);
        at.map_or(0, |at| 1 << at)
    }

    fn forget(&self) {
        self.absent.set(0);
    }

    fn failed(&self, error: FileError) -> FileError {
        self.failure.replace(Some(error.clone()));
        error
    }

    fn sync(&self, file: &Rc<dyn File>) -> Result<(), FileError> {
        self.writes.flush()?;
        file.sync()
    }
}
