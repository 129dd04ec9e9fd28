//! What a caller is told when a call fails.

use std::time::Duration;

use crate::bounded::shorten;
use crate::contract::{Error, ErrorKind};
use crate::limits::MAX_TEXT;

/// A failed call: for the MCP layer and the command line. Holds no secret: everything in it may be shown to the caller.
#[derive(Clone)]
pub struct CallError(Box<ErrorRecord>);

/// What is known of a failure; see the contract's `error` for what the fields mean.
#[derive(Debug, Clone)]
pub struct ErrorRecord {
    /// What the host or the caller can do about it.
    pub kind: ErrorKind,
    /// The message.
    pub message: String,
    /// The database's id, where one was concerned.
    pub database: Option<String>,
    /// SQLSTATE.
    pub sqlstate: Option<String>,
    /// The database's own code.
    pub native_code: Option<String>,
    /// More about this occurrence.
    pub detail: Option<String>,
    /// What might help.
    pub hint: Option<String>,
    /// 1-based, in Unicode characters of the statement.
    pub position: Option<u32>,
    /// Where on the server.
    pub context: Option<String>,
    /// The schema object concerned.
    pub object: Option<String>,
    /// True if the same call might succeed when made again.
    pub retryable: bool,
    /// How long to wait before that, where it is known.
    pub retry_after: Option<Duration>,
}

impl CallError {
    /// An error of the host's own.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> CallError {
        CallError(Box::new(ErrorRecord {
            kind,
            message: message.into(),
            database: None,
            sqlstate: None,
            native_code: None,
            detail: None,
            hint: None,
            position: None,
            context: None,
            object: None,
            retryable: false,
            retry_after: None,
        }))
    }

    /// Says which database.
    #[must_use]
    pub fn of(mut self, database: &str) -> CallError {
        self.0.database.get_or_insert_with(|| database.to_owned());
        self
    }

    /// Names no database: of one that came to nothing.
    pub(crate) fn of_none(mut self) -> CallError {
        self.0.database = None;
        self
    }

    /// Says what might help.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> CallError {
        self.0.hint = Some(hint.into());
        self
    }

    /// Says that trying again may succeed.
    #[must_use]
    pub fn retryable(mut self) -> CallError {
        self.0.retryable = true;
        self
    }

    /// Says that trying again may succeed, and when.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> CallError {
        self.0.retryable = true;
        self.0.retry_after = Some(wait);
        self
    }

    /// Everything known.
    #[must_use]
    pub fn record(&self) -> &ErrorRecord {
        &self.0
    }

    /// True if the time allowed ran out.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0.kind == ErrorKind::Timeout
    }

    /// True if the caller went away or asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.kind == ErrorKind::Cancelled
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> CallError {
        CallError(Box::new(ErrorRecord {
            kind: error.kind,
            message: bounded(error.message),
            database: None,
            sqlstate: error.sqlstate.map(bounded),
            native_code: error.native_code.map(bounded),
            detail: error.detail.map(bounded),
            hint: error.hint.map(bounded),
            position: error.position,
            context: error.context.map(bounded),
            object: error.object.map(bounded),
            retryable: error.retryable,
            retry_after: None,
        }))
    }
}

fn bounded(mut text: String) -> String {
    shorten(&mut text, MAX_TEXT);
    text
}

/// The kind's name as callers see it, in the contract's spelling.
#[must_use]
pub fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Syntax => "syntax",
        ErrorKind::Undefined => "undefined",
        ErrorKind::InvalidValue => "invalid-value",
        ErrorKind::Permission => "permission",
        ErrorKind::ReadOnly => "read-only",
        ErrorKind::Authentication => "authentication",
        ErrorKind::Constraint => "constraint",
        ErrorKind::Serialization => "serialization",
        ErrorKind::Resources => "resources",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Cancelled => "cancelled",
        ErrorKind::Connection => "connection",
        ErrorKind::Protocol => "protocol",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Internal => "internal",
    }
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(database) = &self.0.database {
            write!(f, "database {database:?}: ")?;
        }
        f.write_str(&self.0.message)?;
        if let Some(sqlstate) = &self.0.sqlstate {
            write!(f, " (SQLSTATE {sqlstate})")?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CallError({self})")
    }
}

impl std::error::Error for CallError {}
