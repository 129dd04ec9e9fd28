//! `begin`, `commit`, `rollback`.
//!
//! SQLite's transactions are serializable, which is every weaker isolation as well. One that may write takes the writer's
//! lock at once (BEGIN IMMEDIATE): two that read first and write later would each wait for the other's lock.

use crate::rules::Mode;
use crate::session::Session;
use bulkhead_driver::error::Result;
use bulkhead_driver::{Error, ErrorKind, TransactionOptions};

impl Session {
    /// Begins a transaction.
    pub(crate) fn begin(&mut self, options: TransactionOptions) -> Result<()> {
        self.begin_call(Mode::Internal)?;
        if self.database()?.in_transaction() {
            return Err(Error::new(ErrorKind::Unsupported, "a transaction is open already, and SQLite has no nested ones")
                .hint("use SAVEPOINT within the transaction"));
        }
        let read_only = self.settings.read_only || options.read_only;
        self.set_query_only(read_only)?;
        self.run(if read_only { "BEGIN DEFERRED" } else { "BEGIN IMMEDIATE" })?;
        self.transaction_read_only = read_only;
        Ok(())
    }

    /// Commits. After an error that left the transaction open it can be tried again or rolled back.
    pub(crate) fn commit(&mut self) -> Result<()> {
        self.begin_call(Mode::Internal)?;
        if !self.database()?.in_transaction() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "no transaction is open: SQLite rolls one back by itself after some errors",
            ));
        }
        self.run("COMMIT")?;
        self.transaction_read_only = false;
        Ok(())
    }

    /// Rolls back; without an open transaction there is nothing to do.
    pub(crate) fn rollback(&mut self) -> Result<()> {
        self.begin_call(Mode::Internal)?;
        if self.database()?.in_transaction() {
            self.run("ROLLBACK")?;
        }
        self.transaction_read_only = false;
        Ok(())
    }

    /// Whether the connection answers, and the file is still there to be read.
    pub(crate) fn ping(&mut self) -> Result<()> {
        self.begin_call(Mode::Internal)?;
        self.rows("SELECT 1", &[], |_| {})
    }
}
