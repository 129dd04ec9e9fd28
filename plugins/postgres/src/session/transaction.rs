//! Transactions, and asking whether the connection lives.

use super::Session;
use super::traces::Traces;
use crate::protocol::{TransactionStatus, frontend};
use crate::wire::{Stream, Wire};
use bulkhead_driver::{Error, ErrorKind, Isolation, TransactionOptions};

impl<W: Wire> Session<W> {
    /// Begins.
    ///
    /// # Errors
    /// If a transaction is open.
    pub fn begin(&mut self, options: TransactionOptions) -> Result<(), Error> {
        let read_only = options.read_only || self.read_only;
        self.call(|session| {
            if session.status != TransactionStatus::Idle {
                return Err(Error::new(ErrorKind::InvalidValue, "a transaction is open already").sqlstate("25001").into());
            }
            session.traces = Traces::Any;
            let isolation = match options.isolation {
                None => "",
                Some(Isolation::ReadUncommitted) => " ISOLATION LEVEL READ UNCOMMITTED",
                Some(Isolation::ReadCommitted) => " ISOLATION LEVEL READ COMMITTED",
                // What PostgreSQL calls so is snapshot isolation.
                Some(Isolation::RepeatableRead | Isolation::Snapshot) => " ISOLATION LEVEL REPEATABLE READ",
                Some(Isolation::Serializable) => " ISOLATION LEVEL SERIALIZABLE",
            };
            // Once a query has run, SET TRANSACTION READ WRITE is refused.
            let mode = if read_only { " READ ONLY; SELECT 1" } else { " READ WRITE" };
            session.simple(&format!("BEGIN{isolation}{mode}"))?;
            session.transaction_read_only = read_only;
            Ok(())
        })
    }

    /// Commits.
    ///
    /// # Errors
    /// If none is open, or it had failed and was rolled back, or the server refuses.
    pub fn commit(&mut self) -> Result<(), Error> {
        self.call(|session| {
            if session.status == TransactionStatus::Idle {
                return Err(Error::new(ErrorKind::InvalidValue, "no transaction is open").sqlstate("25P01").into());
            }
            let failed = session.status == TransactionStatus::Failed;
            session.simple("COMMIT")?;
            if failed {
                let error = Error::new(ErrorKind::InvalidValue, "the transaction had failed and was rolled back");
                return Err(error.sqlstate("25P02").hint("run it again from its beginning").into());
            }
            Ok(())
        })
    }

    /// Rolls back, if a transaction is open.
    ///
    /// # Errors
    /// If the connection is lost.
    pub fn rollback(&mut self) -> Result<(), Error> {
        self.call(|session| if session.status == TransactionStatus::Idle { Ok(()) } else { session.simple("ROLLBACK") })
    }

    /// One round trip.
    ///
    /// # Errors
    /// If the connection is lost.
    pub fn ping(&mut self) -> Result<(), Error> {
        self.call(|session| {
            session.link.sync();
            session.drain()
        })
    }

    /// Says goodbye.
    ///
    /// # Errors
    /// If that can't be sent any more.
    pub fn close(&mut self) -> Result<(), Error> {
        if std::mem::replace(&mut self.broken, true) {
            return Ok(());
        }
        self.run = None;
        self.link.forget_unsent();
        frontend::terminate(self.link.out());
        self.link.send().map_err(Error::from)
    }
}

impl<W: Wire> Drop for Session<W> {
    fn drop(&mut self) {
        if !self.broken {
            let mut out = Vec::new();
            frontend::terminate(&mut out);
            let _ = self.link.stream.write(&out);
        }
    }
}
