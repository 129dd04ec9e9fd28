//! Making errors: [`Error::new`] and what can be said after it, and the host's refusals as errors.

use crate::bindings::bulkhead::driver::secrets::SecretError;
use crate::bindings::bulkhead::driver::transport::IoError;
use crate::{BatchError, Error, ErrorKind};

/// A result whose error goes to the host.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error after which the connection can still be used, not worth repeating.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            sqlstate: None,
            native_code: None,
            detail: None,
            hint: None,
            position: None,
            context: None,
            object: None,
            retryable: false,
            connection_usable: true,
        }
    }

    /// Five characters.
    #[must_use]
    pub fn sqlstate(mut self, sqlstate: impl Into<String>) -> Self {
        self.sqlstate = Some(sqlstate.into());
        self
    }

    /// The database's own code.
    #[must_use]
    pub fn native_code(mut self, code: impl Into<String>) -> Self {
        self.native_code = Some(code.into());
        self
    }

    /// More about this occurrence.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// What might help.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Where in the statement: 1-based, in Unicode characters.
    #[must_use]
    pub fn position(mut self, position: u32) -> Self {
        self.position = Some(position);
        self
    }

    /// Where on the server.
    #[must_use]
    pub fn context(mut self, context: impl Into<String>) -> Self {
        self.context = Some(context.into());
        self
    }

    /// The schema object concerned.
    #[must_use]
    pub fn object(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// The same call might succeed when made again unchanged.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// The connection can't take another call.
    #[must_use]
    pub fn connection_lost(mut self) -> Self {
        self.connection_usable = false;
        self
    }
}

/// After any of these the stream's state is unknown, so the connection counts as lost; a driver that has cancelled its
/// statement and drained the stream after `cancelled` or `timeout` sets `connection_usable` again.
impl From<IoError> for Error {
    fn from(error: IoError) -> Self {
        match error {
            IoError::Cancelled => Self::new(ErrorKind::Cancelled, "the call was cancelled"),
            IoError::Timeout => Self::new(ErrorKind::Timeout, "the time allowed ran out"),
            IoError::Closed(why) => Self::new(ErrorKind::Connection, format!("the connection was lost: {why}")),
            IoError::Unreachable(why) => Self::new(ErrorKind::Connection, why).retryable(),
            IoError::Tls(why) => Self::new(ErrorKind::Connection, format!("TLS failed: {why}")),
            IoError::Denied(why) => Self::new(ErrorKind::Connection, format!("the host denied it: {why}")),
        }
        .connection_lost()
    }
}

/// Secrets are used while connecting: after any of these there is no connection.
impl From<SecretError> for Error {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Denied(why) => {
                Self::new(ErrorKind::Authentication, format!("the host denied the use of the secret: {why}"))
            }
            SecretError::Invalid(why) => {
                Self::new(ErrorKind::Protocol, format!("the server asked for a proof that makes no sense: {why}"))
            }
            SecretError::Io(why) => Self::new(ErrorKind::Connection, format!("the connection was lost: {why}")),
        }
        .connection_lost()
    }
}

/// Either the database's bytes weren't text, or the driver mixed up its columns.
impl From<BatchError> for Error {
    fn from(error: BatchError) -> Self {
        let kind = match error {
            BatchError::NotUtf8 { .. } => ErrorKind::InvalidValue,
            BatchError::TooLarge { .. } => ErrorKind::Resources,
            BatchError::WrongLayout { .. } | BatchError::Ragged { .. } => ErrorKind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_kept() {
        let error = Error::new(ErrorKind::Constraint, "duplicate key").sqlstate("23505").object("users_pkey").position(7);
        assert_eq!(error.sqlstate.as_deref(), Some("23505"));
        assert_eq!(error.object.as_deref(), Some("users_pkey"));
        assert_eq!(error.position, Some(7));
        assert!(error.connection_usable && !error.retryable);
    }

    #[test]
    fn a_stream_error_costs_the_connection() {
        for error in [IoError::Cancelled, IoError::Timeout, IoError::Closed("reset".into()), IoError::Unreachable("no".into())] {
            assert!(!Error::from(error).connection_usable);
        }
    }
}
