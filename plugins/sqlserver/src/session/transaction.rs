//! Transactions, by the protocol's own requests, and asking whether the connection lives.

use super::reset::Traces;
use super::{Fault, Session};
use crate::protocol::packet::Kind;
use crate::protocol::request::{self, Level};
use crate::wire::Wire;
use bulkhead_driver::{Error, ErrorKind, Isolation, TransactionOptions};

impl<W: Wire> Session<W> {
    /// Begins.
    ///
    /// # Errors
    /// If a transaction is open.
    pub fn begin(&mut self, options: TransactionOptions) -> Result<(), Error> {
        let read_only = options.read_only || self.read_only;
        self.call(|session| {
            if session.in_transaction() {
                return Err(Error::new(ErrorKind::InvalidValue, "a transaction is open already").into());
            }
            session.traces = Traces::Any;
            let level = match options.isolation {
                None => Level::Unchanged,
                Some(Isolation::ReadUncommitted) => Level::ReadUncommitted,
                Some(Isolation::ReadCommitted) => Level::ReadCommitted,
                Some(Isolation::RepeatableRead) => Level::RepeatableRead,
                Some(Isolation::Snapshot) => Level::Snapshot,
                Some(Isolation::Serializable) => Level::Serializable,
            };
            session.link.request(Kind::Transaction, &request::begin(level));
            session.drain()?;
            if !session.in_transaction() {
                return Err(Error::new(ErrorKind::Protocol, "the server gave the transaction no name").into());
            }
            session.transaction_read_only = read_only;
            Ok(())
        })
    }

    /// Commits. A read-only transaction is rolled back.
    ///
    /// # Errors
    /// If none is open, or the server refuses.
    pub fn commit(&mut self) -> Result<(), Error> {
        self.call(|session| {
            if !session.in_transaction() {
                let error = Error::new(ErrorKind::InvalidValue, "no transaction is open");
                return Err(error.hint("an error may have rolled it back: run it again from its beginning").into());
            }
            let request = if session.transaction_read_only { request::rollback } else { request::commit };
            session.end_transaction(&request(session.transaction))
        })
    }

    /// Rolls back, if a transaction is open.
    ///
    /// # Errors
    /// If the connection is lost.
    pub fn rollback(&mut self) -> Result<(), Error> {
        self.call(|session| {
            if session.in_transaction() { session.end_transaction(&request::rollback(session.transaction)) } else { Ok(()) }
        })
    }

    fn end_transaction(&mut self, request: &[u8]) -> Result<(), Fault> {
        self.link.request(Kind::Transaction, request);
        self.drain()
    }

    /// One round trip.
    ///
    /// # Errors
    /// If the connection is lost.
    pub fn ping(&mut self) -> Result<(), Error> {
        self.call(|session| {
            session.link.request(Kind::Batch, &request::batch("SELECT 1", session.transaction));
            session.drain()
        })
    }

    /// Takes no call after it. The protocol has no goodbye: the stream is closed.
    ///
    /// # Errors
    /// None.
    pub fn close(&mut self) -> Result<(), Error> {
        self.broken = true;
        self.run = None;
        Ok(())
    }
}
