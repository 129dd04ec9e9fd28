//! After a fault: the server is told, the connection is brought back to where it can take another call, and the fault
//! becomes the contract's error.

use super::{Fault, Session};
use crate::errors;
use crate::protocol::Token;
use crate::protocol::packet::Kind;
use crate::protocol::request;
use crate::wire::Wire;
use bulkhead_driver::transport::IoError;
use bulkhead_driver::{Error, ErrorKind};

impl<W: Wire> Session<W> {
    pub(super) fn settle(&mut self, fault: Fault) -> Error {
        let error = match fault {
            Fault::Io(IoError::Cancelled) => self.interrupted(ErrorKind::Cancelled, "the statement was cancelled"),
            Fault::Io(IoError::Timeout) => self.interrupted(ErrorKind::Timeout, "the statement ran out of time and was stopped"),
            Fault::Io(error) => error.into(),
            Fault::Malformed(what) => {
                Error::new(ErrorKind::Protocol, format!("the server broke the protocol: {what}")).connection_lost()
            }
            Fault::Server(message) => {
                // Statements that follow in the batch go on after most errors: what they answer is read, not stopped.
                let error = errors::error(message);
                self.recovered(error, false)
            }
            Fault::Other(error) => self.recovered(error, true),
        };
        if !error.connection_usable {
            self.broken = true;
            self.run = None;
            self.waiting = None;
        }
        error
    }

    /// The caller is gone, or the time is over: the server stops the statement, and then the connection is clean.
    fn interrupted(&mut self, kind: ErrorKind, message: &str) -> Error {
        self.recovered(Error::new(kind, message), true)
    }

    fn recovered(&mut self, error: Error, stop: bool) -> Error {
        if !error.connection_usable {
            return error;
        }
        match self.recover(stop) {
            Ok(()) => error,
            Err(fault) => {
                let detail = error.detail.clone().map_or_else(String::new, |detail| format!("{detail}; "));
                error.detail(format!("{detail}the connection could not be kept: {fault}")).connection_lost()
            }
        }
    }

    /// Reads to the end of the answer in hand, and rolls back a transaction of the driver's own.
    fn recover(&mut self, stop: bool) -> Result<(), Fault> {
        self.run = None;
        if stop {
            self.stop()?;
        } else {
            self.read_out()?;
        }
        self.unwrap_transaction()
    }

    /// Has the server stop, and reads until it has. If all of the answer is here, that is read instead.
    pub(super) fn stop(&mut self) -> Result<(), Fault> {
        if !self.link.inbox.ended() {
            self.link.attention();
        }
        self.read_out()
    }

    /// Reads to the end of the answer. Errors of the server's on the way are nobody's any more.
    /// Said once for each call: the caller may go while the rest is read, and then the server is told to stop.
    fn read_out(&mut self) -> Result<(), Fault> {
        let mut told = false;
        loop {
            match self.next() {
                Ok(None) => return Ok(()),
                Ok(Some(Token::Row(bitmap))) => match self.link.skip_row(bitmap, &self.codecs) {
                    Ok(()) => {}
                    // Where in the row it was is lost.
                    Err(fault) => return Err(fault),
                },
                Ok(Some(Token::Error(message))) if message.is_fatal() => return Err(Fault::Server(message)),
                Ok(Some(_)) | Err(Fault::Other(_)) => {}
                Err(Fault::Io(IoError::Cancelled | IoError::Timeout)) if !told => {
                    told = true;
                    self.link.attention();
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Rolls back the transaction around a read-only statement.
    pub(super) fn unwrap_transaction(&mut self) -> Result<(), Fault> {
        if std::mem::take(&mut self.wrapped) && self.in_transaction() {
            self.link.request(Kind::Transaction, &request::rollback(self.transaction));
            self.drain()?;
        }
        Ok(())
    }
}
