//! SQLite's failures as the contract's errors.
//!
//! The kind is by result code (<https://www.sqlite.org/rescode.html>); `SQLITE_ERROR`, which says nothing, by the message.
//! `native-code` is the extended result code's number, `detail` its name.

mod names;

use crate::hooks::Hooks;
use crate::sqlite::{Failure, codes};
use crate::text;
use bulkhead_driver::call::Interruption;
use bulkhead_driver::files::FileError;
use bulkhead_driver::{Error, ErrorKind};

/// Makes the error. `statement` is the caller's text, if it was a caller's.
pub(crate) fn translate(failure: &Failure, statement: &str, hooks: &Hooks, file: Option<FileError>) -> Error {
    if let Some(interruption) = hooks.interruption() {
        return coded(interrupted(interruption), failure);
    }
    if let Some(denial) = hooks.take_denial() {
        let kind = if denial.read_only { ErrorKind::ReadOnly } else { ErrorKind::Permission };
        let error = Error::new(kind, denial.message);
        return coded(denial.hint.into_iter().fold(error, Error::hint), failure);
    }
    let message = failure.message.trim_end();
    let mut error = match failure.primary() {
        codes::SQLITE_ERROR => Error::new(by_message(message), message),
        codes::SQLITE_BUSY => busy(failure.code, hooks),
        codes::SQLITE_LOCKED => Error::new(ErrorKind::Resources, message).retryable(),
        codes::SQLITE_CONSTRAINT => constraint(message),
        codes::SQLITE_READONLY => read_only(failure.code, message),
        codes::SQLITE_AUTH | codes::SQLITE_PERM => Error::new(ErrorKind::Permission, message),
        codes::SQLITE_MISMATCH => Error::new(ErrorKind::InvalidValue, message),
        codes::SQLITE_TOOBIG | codes::SQLITE_NOMEM => {
            Error::new(ErrorKind::Resources, format!("{message}: the limit is the driver's memory"))
        }
        codes::SQLITE_FULL => Error::new(ErrorKind::Resources, "the disk is full, or the file has reached its limit"),
        codes::SQLITE_SCHEMA => Error::new(ErrorKind::Serialization, message).retryable(),
        codes::SQLITE_NOTADB => Error::new(ErrorKind::Protocol, "the file is not a SQLite database, or it is encrypted"),
        codes::SQLITE_CORRUPT => {
            Error::new(ErrorKind::Protocol, "the database file is corrupt").hint("run PRAGMA integrity_check")
        }
        codes::SQLITE_CANTOPEN => Error::new(ErrorKind::Connection, message),
        codes::SQLITE_IOERR => Error::new(ErrorKind::Connection, message),
        codes::SQLITE_NOLFS | codes::SQLITE_FORMAT => Error::new(ErrorKind::Unsupported, message),
        _ => Error::new(ErrorKind::Internal, message),
    };
    error = coded(error, failure);
    if let Some(offset) = failure.offset {
        error.position = text::position(statement, offset);
    }
    if let Some(file) = file.filter(|_| from_files(failure.primary())) {
        error.detail = Some(format!("{}: {}", error.detail.unwrap_or_default(), file_error(&file)));
    }
    error
}

/// A call that was ended.
pub(crate) fn interrupted(interruption: Interruption) -> Error {
    match interruption {
        Interruption::Cancelled => Error::new(ErrorKind::Cancelled, "the statement was cancelled"),
        Interruption::Timeout => Error::new(ErrorKind::Timeout, "the time allowed ran out, and the statement was stopped"),
    }
}

/// A failed file call, in words.
pub(crate) fn file_error(error: &FileError) -> &str {
    match error {
        FileError::NotFound => "no such file",
        FileError::Denied(why) | FileError::Full(why) | FileError::Other(why) => why,
    }
}

fn coded(error: Error, failure: &Failure) -> Error {
    error.native_code(failure.code.to_string()).detail(names::of(failure.code))
}

fn from_files(primary: i32) -> bool {
    matches!(primary, codes::SQLITE_CANTOPEN | codes::SQLITE_IOERR | codes::SQLITE_FULL | codes::SQLITE_READONLY)
}

fn busy(code: i32, hooks: &Hooks) -> Error {
    if code == codes::SQLITE_BUSY_SNAPSHOT {
        return Error::new(ErrorKind::Serialization, "somebody else changed the database after this transaction began")
            .retryable();
    }
    let waited = hooks.waited_ms();
    Error::new(ErrorKind::Resources, format!("the database is locked by another connection or process (waited {waited} ms)"))
        .hint("try again, or raise busy_timeout_ms; within a transaction, roll it back first")
        .retryable()
}

fn read_only(code: i32, message: &str) -> Error {
    if code == codes::SQLITE_READONLY_ROLLBACK {
        return Error::new(
            ErrorKind::ReadOnly,
            "a crashed writer left a journal that has to be rolled back before the file can be read",
        )
        .hint("open the database once with a connection that may write, or with the sqlite3 command");
    }
    Error::new(ErrorKind::ReadOnly, message)
}

/// `UNIQUE constraint failed: t.a, t.b`, `NOT NULL constraint failed: t.a`, `CHECK constraint failed: name`.
fn constraint(message: &str) -> Error {
    let error = Error::new(ErrorKind::Constraint, message);
    match message.split_once(" constraint failed: ") {
        Some((_, object)) => {
            let index = object.strip_prefix("index '").and_then(|name| name.strip_suffix('\''));
            error.object(index.unwrap_or(object))
        }
        None => error,
    }
}

fn by_message(message: &str) -> ErrorKind {
    let says = |part: &str| message.contains(part);
    if says("too large") || says("too many") || says("too complex") || says("stack overflow") {
        ErrorKind::Resources
    } else if says("may not be modified") || says("prohibited") || says("unsafe use of") {
        ErrorKind::Permission
    } else if says("syntax error") || says("incomplete input") || says("unrecognized token") {
        ErrorKind::Syntax
    } else if message.starts_with("no such") || says("has no column named") || says("unknown column") {
        ErrorKind::Undefined
    } else if says("within a transaction") || says("no transaction is active") || says("SQL statements in progress") {
        ErrorKind::Unsupported
    } else if says("no query solution") {
        ErrorKind::Syntax
    } else {
        ErrorKind::InvalidValue
    }
}
