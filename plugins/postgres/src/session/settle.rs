//! After a fault: the server is told, the connection is brought back to where it can take another call, and the fault
//! becomes the contract's error.

use super::{Fault, Session};
use crate::protocol::TransactionStatus;
use crate::sqlstate;
use crate::wire::Wire;
use bulkhead_driver::transport::IoError;
use bulkhead_driver::{Error, ErrorKind};

/// `query_canceled`.
const CANCELED: &str = "57014";

impl<W: Wire> Session<W> {
    pub(super) fn settle(&mut self, fault: Fault) -> Error {
        // Whether the last SET counts isn't known now.
        self.statement_timeout = None;
        let error = match fault {
            Fault::Io(IoError::Cancelled) => self.interrupted(ErrorKind::Cancelled, "the statement was cancelled"),
            Fault::Io(IoError::Timeout) => self.interrupted(ErrorKind::Timeout, "the statement ran out of time and was stopped"),
            Fault::Io(error) => error.into(),
            Fault::Malformed(what) => {
                Error::new(ErrorKind::Protocol, format!("the server broke the protocol: {what}")).connection_lost()
            }
            Fault::Server(fields) => self.recovered(sqlstate::error(fields)),
            Fault::Other(error) => self.recovered(error),
        };
        if !error.connection_usable {
            self.broken = true;
            self.run = None;
        }
        error
    }

    /// The caller is gone, or the time is over: the server stops the statement, and then the connection is clean.
    fn interrupted(&mut self, kind: ErrorKind, message: &str) -> Error {
        let error = Error::new(kind, message).sqlstate(CANCELED);
        if self.stop().is_err() {
            return error.detail("the server could not be told to stop it").connection_lost();
        }
        if self.recover(true).is_err() { error.connection_lost() } else { error }
    }

    fn recovered(&mut self, error: Error) -> Error {
        if error.connection_usable && self.recover(false).is_err() { error.connection_lost() } else { error }
    }

    /// Ends the group in hand, reads to its end, and rolls back a transaction of the driver's own.
    /// `told`: the server was told to stop.
    pub(super) fn recover(&mut self, told: bool) -> Result<(), Fault> {
        self.run = None;
        self.link.forget_unsent();
        self.link.sync_if_open();
        self.drain_or_cancel(told)?;
        if std::mem::take(&mut self.wrapped) && self.status != TransactionStatus::Idle {
            self.simple("ROLLBACK")?;
        }
        Ok(())
    }
}
