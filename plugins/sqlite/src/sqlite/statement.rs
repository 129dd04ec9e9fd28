//! A prepared statement: parameters in, rows out.

#![allow(unsafe_code)]

use super::database::Inner;
use super::failure::Failure;
use libsqlite3_sys as ffi;
use std::ffi::{CStr, c_char, c_int};
use std::ptr::NonNull;
use std::rc::Rc;

/// What `Database::prepare` gives.
pub(crate) struct Prepared {
    /// None: there was only white space and comments.
    pub(crate) statement: Option<Statement>,
    /// Where in the text the statement ended.
    pub(crate) rest: usize,
}

/// A compiled statement.
pub(crate) struct Statement {
    raw: NonNull<ffi::sqlite3_stmt>,
    database: Rc<Inner>,
    /// As they were after so many times of being compiled anew.
    columns: Option<(c_int, Rc<[Described]>)>,
}

/// What is known of a column without its values.
#[derive(Debug)]
pub(crate) struct Described {
    /// Its name.
    pub(crate) name: String,
    /// Its declared type; None for an expression, or a column declared without one.
    pub(crate) declared: Option<String>,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A row to be read.
    Row,
    /// The end.
    Done,
}

/// How a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StorageClass {
    /// INTEGER
    Integer,
    /// REAL
    Real,
    /// TEXT
    Text,
    /// BLOB
    Blob,
    /// NULL
    Null,
}

impl Statement {
    pub(super) fn new(raw: NonNull<ffi::sqlite3_stmt>, database: Rc<Inner>) -> Self {
        Self { raw, database, columns: None }
    }

    /// The next row.
    pub(crate) fn step(&mut self) -> Result<Step, Failure> {
        // SAFETY: a statement of an open database. What the last row lent out has ended with `&mut self`.
        match unsafe { ffi::sqlite3_step(self.raw()) } {
            ffi::SQLITE_ROW => Ok(Step::Row),
            ffi::SQLITE_DONE => Ok(Step::Done),
            code => Err(self.database.failure(code)),
        }
    }

    /// Steps to the end and starts over.
    pub(crate) fn run(&mut self) -> Result<(), Failure> {
        let outcome = loop {
            match self.step() {
                Ok(Step::Row) => {}
                Ok(Step::Done) => break Ok(()),
                Err(failure) => break Err(failure),
            }
        };
        self.reset();
        outcome
    }

    /// Back to before the first step; locks are given up.
    pub(crate) fn reset(&mut self) {
        // SAFETY: as above. The code repeats the last step's, which was seen.
        unsafe { ffi::sqlite3_reset(self.raw()) };
    }

    /// All parameters back to NULL; the values are freed.
    pub(crate) fn clear_bindings(&mut self) {
        // SAFETY: as above.
        unsafe { ffi::sqlite3_clear_bindings(self.raw()) };
    }

    /// True if it can't change the database's file directly.
    pub(crate) fn is_read_only(&self) -> bool {
        // SAFETY: as above.
        unsafe { ffi::sqlite3_stmt_readonly(self.raw()) != 0 }
    }

    /// True for EXPLAIN and EXPLAIN QUERY PLAN.
    pub(crate) fn is_explain(&self) -> bool {
        // SAFETY: as above.
        unsafe { ffi::sqlite3_stmt_isexplain(self.raw()) != 0 }
    }

    /// Makes it answer its query plan in place of running.
    pub(crate) fn explain_query_plan(&mut self) -> Result<(), Failure> {
        const QUERY_PLAN: c_int = 2;
        // SAFETY: as above; it has not been stepped.
        let code = unsafe { ffi::sqlite3_stmt_explain(self.raw(), QUERY_PLAN) };
        self.database.check(code)
    }

    /// The highest parameter's number.
    pub(crate) fn parameter_count(&self) -> usize {
        // SAFETY: as above.
        usize::try_from(unsafe { ffi::sqlite3_bind_parameter_count(self.raw()) }).unwrap_or(0)
    }

    /// A parameter's name with its prefix; None for a plain `?`. Numbers begin with 1.
    pub(crate) fn parameter_name(&self, number: usize) -> Option<String> {
        // SAFETY: as above; the name is null or a C string.
        unsafe { owned(ffi::sqlite3_bind_parameter_name(self.raw(), int(number))) }
    }

    /// Sets a parameter to NULL.
    pub(crate) fn bind_null(&mut self, number: usize) -> Result<(), Failure> {
        // SAFETY: as above; SQLite checks the number.
        self.database.check(unsafe { ffi::sqlite3_bind_null(self.raw(), int(number)) })
    }

    /// Sets a parameter to an integer.
    pub(crate) fn bind_int64(&mut self, number: usize, value: i64) -> Result<(), Failure> {
        // SAFETY: as above.
        self.database.check(unsafe { ffi::sqlite3_bind_int64(self.raw(), int(number), value) })
    }

    /// Sets a parameter to a float; a NaN becomes NULL.
    pub(crate) fn bind_float64(&mut self, number: usize, value: f64) -> Result<(), Failure> {
        // SAFETY: as above.
        self.database.check(unsafe { ffi::sqlite3_bind_double(self.raw(), int(number), value) })
    }

    /// Sets a parameter to text.
    pub(crate) fn bind_text(&mut self, number: usize, value: &str) -> Result<(), Failure> {
        let encoding = u8::try_from(ffi::SQLITE_UTF8).unwrap_or(1);
        // SAFETY: as above; SQLite copies the text (TRANSIENT).
        let code = unsafe {
            ffi::sqlite3_bind_text64(
                self.raw(),
                int(number),
                value.as_ptr().cast(),
                value.len() as u64,
                ffi::SQLITE_TRANSIENT(),
                encoding,
            )
        };
        self.database.check(code)
    }

    /// Sets a parameter to bytes.
    pub(crate) fn bind_blob(&mut self, number: usize, value: &[u8]) -> Result<(), Failure> {
        // SAFETY: as above; SQLite copies the bytes. An empty slice's pointer isn't null, so it isn't NULL.
        let code = unsafe {
            ffi::sqlite3_bind_blob64(self.raw(), int(number), value.as_ptr().cast(), value.len() as u64, ffi::SQLITE_TRANSIENT())
        };
        self.database.check(code)
    }

    fn column_count(&self) -> usize {
        // SAFETY: as above.
        usize::try_from(unsafe { ffi::sqlite3_column_count(self.raw()) }).unwrap_or(0)
    }

    /// The columns of a row. A first step may change them: SQLite then compiles the statement anew.
    pub(crate) fn columns(&mut self) -> Rc<[Described]> {
        // SAFETY: as above; the counter isn't reset.
        let compiled = unsafe { ffi::sqlite3_stmt_status(self.raw(), ffi::SQLITE_STMTSTATUS_REPREPARE, 0) };
        if let Some((known, columns)) = &self.columns
            && *known == compiled
        {
            return Rc::clone(columns);
        }
        let columns: Rc<[Described]> = (0..self.column_count())
            .map(|column| Described {
                // SAFETY: as above; names are null or C strings.
                name: unsafe { owned(ffi::sqlite3_column_name(self.raw(), int(column))) }.unwrap_or_default(),
                // SAFETY: as above.
                declared: unsafe { owned(ffi::sqlite3_column_decltype(self.raw(), int(column))) },
            })
            .collect();
        self.columns = Some((compiled, Rc::clone(&columns)));
        columns
    }

    /// How the current row's value is stored.
    #[inline]
    pub(crate) fn storage_class(&self, column: usize) -> StorageClass {
        // SAFETY: as above; without a row or past the last column SQLite answers NULL.
        match unsafe { ffi::sqlite3_column_type(self.raw(), int(column)) } {
            ffi::SQLITE_INTEGER => StorageClass::Integer,
            ffi::SQLITE_FLOAT => StorageClass::Real,
            ffi::SQLITE_TEXT => StorageClass::Text,
            ffi::SQLITE_BLOB => StorageClass::Blob,
            _ => StorageClass::Null,
        }
    }

    /// The current row's value as an integer.
    #[inline]
    pub(crate) fn int64(&self, column: usize) -> i64 {
        // SAFETY: as above.
        unsafe { ffi::sqlite3_column_int64(self.raw(), int(column)) }
    }

    /// The current row's value as a float.
    #[inline]
    pub(crate) fn float64(&self, column: usize) -> f64 {
        // SAFETY: as above.
        unsafe { ffi::sqlite3_column_double(self.raw(), int(column)) }
    }

    /// The current row's value as text: the bytes as stored, in UTF-8 if whoever stored them took care.
    #[inline]
    pub(crate) fn text(&self, column: usize) -> &[u8] {
        // SAFETY: as above. The pointer is good until the next step, reset or conversion, the first two of which need
        // `&mut self`; a conversion happens only if the value isn't text, and each value is read by one method alone.
        unsafe {
            let start = ffi::sqlite3_column_text(self.raw(), int(column));
            slice(start, ffi::sqlite3_column_bytes(self.raw(), int(column)))
        }
    }

    /// The current row's value as bytes.
    #[inline]
    pub(crate) fn blob(&self, column: usize) -> &[u8] {
        // SAFETY: as for `text`.
        unsafe {
            let start = ffi::sqlite3_column_blob(self.raw(), int(column)).cast();
            slice(start, ffi::sqlite3_column_bytes(self.raw(), int(column)))
        }
    }

    #[inline]
    fn raw(&self) -> *mut ffi::sqlite3_stmt {
        self.raw.as_ptr()
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        // SAFETY: made by `prepare`, finalised once; the database is still open, since `database` holds it.
        unsafe { ffi::sqlite3_finalize(self.raw()) };
    }
}

#[inline]
fn int(number: usize) -> c_int {
    // Out of range is a number that SQLite refuses.
    c_int::try_from(number).unwrap_or(c_int::MAX)
}

/// # Safety
/// `start` is null or the start of `length` bytes that live for `'a`.
#[inline]
unsafe fn slice<'a>(start: *const u8, length: c_int) -> &'a [u8] {
    match usize::try_from(length) {
        // SAFETY: as above.
        Ok(length) if !start.is_null() => unsafe { std::slice::from_raw_parts(start, length) },
        _ => &[],
    }
}

/// # Safety
/// `text` is null or a C string.
unsafe fn owned(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: as above.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}
