//! Back to a clean session: the protocol's own reset, which goes with the next request.
//!
//! Where the last caller only read, that is enough: there is nothing in the session that waits to be cleaned. Where it may have left
//! locks, tables or settings, a request is sent at once, and its answer is read with the next call; it also puts back the isolation
//! level, which the reset doesn't. If it fails, that call says that the connection is lost, and nothing of its own has run.

use super::{Fault, Session};
use crate::protocol::packet::Kind;
use crate::protocol::{Token, request};
use crate::wire::Wire;
use bulkhead_driver::transport::IoError;
use bulkhead_driver::{Error, ErrorKind};

/// The level that a session begins with.
const LEVEL: &str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// What is in a session that a caller has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Traces {
    /// Nothing has run.
    None,
    /// Only what reads.
    Reading,
    /// Anything.
    Any,
}

impl<W: Wire> Session<W> {
    /// Back to a clean session.
    ///
    /// # Errors
    /// If it can't be sent: then the connection isn't to be used again.
    pub fn reset(&mut self) -> Result<(), Error> {
        if self.traces == Traces::None && self.run.is_none() && !self.broken {
            return Ok(());
        }
        self.call(|session| {
            session.wrapped |= session.in_transaction();
            session.unwrap_transaction()?;
            session.link.reset = true;
            if session.traces == Traces::Any {
                session.link.request(Kind::Batch, &request::batch(LEVEL, session.transaction));
                session.link.send()?;
                session.resetting = true;
            }
            session.traces = Traces::None;
            Ok(())
        })
        .map_err(Error::connection_lost)
    }

    /// Reads the answer to a reset that was sent.
    pub(super) fn finish_reset(&mut self) -> Result<(), Fault> {
        if !std::mem::take(&mut self.resetting) {
            return Ok(());
        }
        let mut interrupted = None;
        loop {
            match self.next() {
                Ok(None) => break,
                Ok(Some(Token::Done(_))) => {}
                Ok(Some(Token::Error(message))) => {
                    let error = Error::new(ErrorKind::Connection, "the connection could not be cleaned after its last use");
                    return Err(error.detail(message.text).retryable().connection_lost().into());
                }
                Ok(Some(_)) => return Err(Self::unexpected()),
                // The reset isn't to be cancelled: it is nearly done.
                Err(Fault::Io(why @ (IoError::Cancelled | IoError::Timeout))) if interrupted.is_none() => interrupted = Some(why),
                Err(fault) => return Err(fault),
            }
        }
        self.notices.clear();
        match interrupted {
            None => Ok(()),
            Some(IoError::Timeout) => {
                Err(Error::new(ErrorKind::Timeout, "the time ran out before the statement was sent").into())
            }
            Some(_) => Err(Error::new(ErrorKind::Cancelled, "the call was cancelled before the statement was sent").into()),
        }
    }
}
