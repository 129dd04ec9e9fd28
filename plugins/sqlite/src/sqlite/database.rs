//! A database handle.

#![allow(unsafe_code)]

use super::callbacks::{self, Callbacks, Holder};
use super::failure::Failure;
use super::statement::{Prepared, Statement};
use crate::vfs::Vfs;
use libsqlite3_sys as ffi;
use std::ffi::{CStr, CString, c_int, c_uint};
use std::ptr::NonNull;
use std::rc::Rc;

/// Steps of SQLite's virtual machine between two questions whether to go on: some tens of microseconds.
const STEPS_BETWEEN_QUESTIONS: c_int = 4_000;
/// All memory of SQLite's, below the 64 MiB that an instance has: so that too much is an error rather than a trap.
#[cfg(target_family = "wasm")]
const HEAP_BYTES: i64 = 44 << 20;

/// An open database. Clones are the same one; it is closed when the last of them and of its statements is gone.
#[derive(Clone)]
pub(crate) struct Database(Rc<Inner>);

pub(super) struct Inner {
    pub(super) raw: NonNull<ffi::sqlite3>,
    // Used by the handle, so closed after it: fields are dropped after `drop` has run.
    _callbacks: Box<Holder>,
    vfs: Option<Vfs>,
}

/// How to open a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opened {
    /// For reading.
    ReadOnly,
    /// For writing too.
    ReadWrite,
    /// And created if it isn't there.
    Create,
}

/// A setting of a database handle's that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flag {
    /// Refuses what could corrupt the file from SQL.
    Defensive,
    /// Lets functions with side effects be used from a schema.
    TrustedSchema,
    /// Enforces foreign keys.
    ForeignKeys,
}

/// A limit of a database handle's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// Databases attached beside the first.
    Attached,
    /// How deeply triggers may call each other.
    TriggerDepth,
    /// How deeply an expression may nest.
    ExpressionDepth,
    /// Bytes of a string, a blob or a row.
    Length,
}

impl Database {
    /// Opens a file of the VFS's directory, or a database in memory (None).
    pub(crate) fn open(path: Option<&str>, vfs: Vfs, how: Opened, callbacks: Rc<dyn Callbacks>) -> Result<Self, Failure> {
        // The slash keeps SQLite from taking a name for a URI; the VFS takes it off again.
        let name = path.map_or_else(|| ":memory:".to_owned(), |path| format!("/{path}"));
        let Ok(name) = CString::new(name) else {
            return Err(Failure { code: ffi::SQLITE_CANTOPEN, message: "a NUL in the file's name".to_owned(), offset: None });
        };
        let flags = match how {
            Opened::ReadOnly => ffi::SQLITE_OPEN_READONLY,
            Opened::ReadWrite => ffi::SQLITE_OPEN_READWRITE,
            Opened::Create => ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE,
        };
        let holder = Box::new(Holder(callbacks));
        let mut raw = std::ptr::null_mut();
        // SAFETY: both names are C strings; SQLite copies them. NOMUTEX: a handle stays with its thread.
        let code = unsafe {
            ffi::sqlite3_open_v2(
                name.as_ptr(),
                &raw mut raw,
                flags | ffi::SQLITE_OPEN_NOMUTEX | ffi::SQLITE_OPEN_EXRESCODE,
                vfs.name().as_ptr(),
            )
        };
        let Some(raw) = NonNull::new(raw) else {
            return Err(Failure { code: ffi::SQLITE_NOMEM, message: "out of memory".to_owned(), offset: None });
        };
        let inner = Inner { raw, _callbacks: holder, vfs: Some(vfs) };
        if code != ffi::SQLITE_OK {
            return Err(inner.failure(code));
        }
        // SAFETY: the handle is open, and the holder is dropped after it is closed.
        unsafe { callbacks::install(raw.as_ptr(), &raw const *inner._callbacks, STEPS_BETWEEN_QUESTIONS) };
        #[cfg(target_family = "wasm")]
        // SAFETY: a call without pointers.
        unsafe {
            ffi::sqlite3_hard_heap_limit64(HEAP_BYTES);
        }
        Ok(Self(Rc::new(inner)))
    }

    /// Turns a setting on or off.
    pub(crate) fn set(&self, flag: Flag, on: bool) -> Result<(), Failure> {
        let operation = match flag {
            Flag::Defensive => ffi::SQLITE_DBCONFIG_DEFENSIVE,
            Flag::TrustedSchema => ffi::SQLITE_DBCONFIG_TRUSTED_SCHEMA,
            Flag::ForeignKeys => ffi::SQLITE_DBCONFIG_ENABLE_FKEY,
        };
        // SAFETY: the handle is open; these operations take an int and a pointer that may be null.
        let code = unsafe { ffi::sqlite3_db_config(self.raw(), operation, c_int::from(on), std::ptr::null_mut::<c_int>()) };
        self.0.check(code)
    }

    /// Sets a limit.
    pub(crate) fn limit(&self, setting: Setting, value: i32) {
        let id = match setting {
            Setting::Attached => ffi::SQLITE_LIMIT_ATTACHED,
            Setting::TriggerDepth => ffi::SQLITE_LIMIT_TRIGGER_DEPTH,
            Setting::ExpressionDepth => ffi::SQLITE_LIMIT_EXPR_DEPTH,
            Setting::Length => ffi::SQLITE_LIMIT_LENGTH,
        };
        // SAFETY: the handle is open.
        unsafe { ffi::sqlite3_limit(self.raw(), id, value) };
    }

    /// Prepares the first statement of a text.
    pub(crate) fn prepare(&self, text: &str) -> Result<Prepared, Failure> {
        let too_large = || Failure { code: ffi::SQLITE_TOOBIG, message: "statement too long".to_owned(), offset: None };
        let length = c_int::try_from(text.len()).map_err(|_| too_large())?;
        let mut raw = std::ptr::null_mut();
        let mut tail = std::ptr::null();
        let start = text.as_ptr().cast();
        // SAFETY: `length` bytes at `start`; SQLite gives back a statement or null, and a place in the text.
        let code = unsafe {
            ffi::sqlite3_prepare_v3(
                self.raw(),
                start,
                length,
                c_uint::from(ffi::SQLITE_PREPARE_PERSISTENT),
                &raw mut raw,
                &raw mut tail,
            )
        };
        self.0.check(code)?;
        let rest = if tail.is_null() { text.len() } else { (tail as usize).saturating_sub(start as usize) };
        let statement = NonNull::new(raw).map(|raw| Statement::new(raw, Rc::clone(&self.0)));
        Ok(Prepared { statement, rest: rest.min(text.len()) })
    }

    /// Runs a statement of ours to its end.
    pub(crate) fn execute(&self, text: &str) -> Result<(), Failure> {
        match self.prepare(text)?.statement {
            Some(mut statement) => statement.run(),
            None => Ok(()),
        }
    }

    /// Rows changed by the last statement that changed any.
    pub(crate) fn changes(&self) -> u64 {
        // SAFETY: the handle is open.
        u64::try_from(unsafe { ffi::sqlite3_changes64(self.raw()) }).unwrap_or(0)
    }

    /// Rows changed since it was opened.
    pub(crate) fn total_changes(&self) -> i64 {
        // SAFETY: the handle is open.
        unsafe { ffi::sqlite3_total_changes64(self.raw()) }
    }

    /// True while a transaction is open.
    pub(crate) fn in_transaction(&self) -> bool {
        // SAFETY: the handle is open.
        unsafe { ffi::sqlite3_get_autocommit(self.raw()) == 0 }
    }

    /// Forgets the last rowid that was inserted.
    pub(crate) fn forget_last_insert(&self) {
        // SAFETY: the handle is open.
        unsafe { ffi::sqlite3_set_last_insert_rowid(self.raw(), 0) };
    }

    /// What the last failed file call said, once.
    pub(crate) fn take_file_failure(&self) -> Option<bulkhead_driver::files::FileError> {
        self.0.vfs.as_ref().and_then(Vfs::take_failure)
    }

    fn raw(&self) -> *mut ffi::sqlite3 {
        self.0.raw.as_ptr()
    }
}

impl Inner {
    pub(super) fn check(&self, code: c_int) -> Result<(), Failure> {
        if code == ffi::SQLITE_OK { Ok(()) } else { Err(self.failure(code)) }
    }

    pub(super) fn failure(&self, code: c_int) -> Failure {
        // SAFETY: the handle is open; the message is a C string, copied before anything else is done with the handle.
        let (message, offset) = unsafe {
            let message = CStr::from_ptr(ffi::sqlite3_errmsg(self.raw.as_ptr())).to_string_lossy().into_owned();
            (message, ffi::sqlite3_error_offset(self.raw.as_ptr()))
        };
        Failure { code, message, offset: usize::try_from(offset).ok() }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // SAFETY: every statement holds this, so all are finalised.
        unsafe { ffi::sqlite3_close(self.raw.as_ptr()) };
        // Only now may its operating system go.
        self.vfs = None;
    }
}
