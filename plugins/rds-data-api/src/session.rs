//! A session: what is done with the service, over any [`Service`].
//!
//! Outside of a transaction the service keeps nothing between two requests, so a session is little more than the names that go
//! into each. It holds the transaction that is open, and the rows of the last answer that haven't been handed on.

mod explain;
mod query;
mod read_only;
mod retry;
mod scroll;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests;
mod transaction;

use crate::engine::Engine;
use crate::options::Options;
use crate::protocol::{Execute, Executed, Operation, SqlParameter, Target, execute, executed};
use crate::service::Service;
use crate::statement::Statement;
use crate::values::Rows;
use bulkhead_driver::{Batch, Column, Completion, ConnectOptions, Error, ErrorKind, Readiness};
use retry::Repeat;

/// A session.
#[derive(Debug)]
pub struct Session<S> {
    service: S,
    engine: Engine,
    target: Target,
    max_retries: u32,
    continue_after_timeout: bool,
    transaction: Option<Transaction>,
    open: Option<Open>,
    runs: u64,
}

/// An open transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Transaction {
    id: String,
    read_only: bool,
    /// Whether it is for one statement and ends with it.
    own: bool,
}

/// A result that hasn't been read to its end.
#[derive(Debug)]
struct Open {
    run: u64,
    rows: Rows,
    /// Rows that may still be taken from the server's cursor. None: there is none, all rows are here.
    scroll: Option<scroll::Scroll>,
}

/// What a statement answered, or the first part of it.
#[derive(Debug)]
pub struct Answer {
    /// Which statement: for [`Session::next_part`].
    pub run: u64,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The first rows.
    pub batch: Option<Batch>,
    /// Set when this was all.
    pub done: Option<Completion>,
}

/// More of an answer.
#[derive(Debug)]
pub struct Part {
    /// The next rows.
    pub batch: Option<Batch>,
    /// Set with the last ones.
    pub done: Option<Completion>,
}

impl<S: Service> Session<S> {
    /// A session. Sends nothing: the service has no connections.
    ///
    /// # Errors
    /// The options don't fit their schema.
    pub fn connect(service: S, options: &ConnectOptions) -> Result<Self, Error> {
        let Options { resource_arn, secret_arn, engine, continue_after_timeout, max_retries } = Options::parse(&options.options)?;
        let target = Target { resource_arn, secret_arn, database: options.catalog.clone() };
        Ok(Session { service, engine, target, max_retries, continue_after_timeout, transaction: None, open: None, runs: 0 })
    }

    /// One round trip. A cluster that was paused answers that it is resuming: the question itself wakes it.
    ///
    /// # Errors
    /// The service's, or there is none.
    pub fn ping(&mut self) -> Result<Readiness, Error> {
        let body = self.body("SELECT 1", &[], false)?;
        match self.once(Operation::Execute, &body) {
            Ok(_) => Ok(Readiness::Ready),
            Err(failed) if failed.is_resuming() => {
                self.service.note("the cluster was paused and is resuming");
                Ok(Readiness::Resuming)
            }
            Err(failed) => Err(failed.into()),
        }
    }

    /// Ends what is open.
    ///
    /// # Errors
    /// A transaction couldn't be ended. The service ends it by itself within three minutes.
    pub fn reset(&mut self) -> Result<(), Error> {
        self.open = None;
        match self.transaction.take() {
            Some(transaction) => self.roll_back(&transaction),
            None => Ok(()),
        }
    }

    /// As [`Session::reset`]: there is nobody to say goodbye to.
    ///
    /// # Errors
    /// As above.
    pub fn close(&mut self) -> Result<(), Error> {
        self.reset()
    }

    /// Runs one statement of the driver's own and gives its rows as text.
    pub(crate) fn lookup(&mut self, sql: &str, parameters: &[SqlParameter]) -> Result<Vec<Vec<Option<String>>>, Error> {
        let executed = self.execute(sql, parameters, Repeat::Always)?;
        Ok(Rows::of(self.engine, executed).map(Rows::into_texts).unwrap_or_default())
    }

    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    /// One statement, in the transaction if there is one.
    fn execute(&mut self, sql: &str, parameters: &[SqlParameter], repeat: Repeat) -> Result<Executed, Error> {
        self.try_execute(sql, parameters, repeat).map_err(Error::from)
    }

    fn try_execute(&mut self, sql: &str, parameters: &[SqlParameter], repeat: Repeat) -> Result<Executed, retry::Failed> {
        let go_on = self.continue_after_timeout && repeat == Repeat::IfNotRun && self.transaction.is_none();
        let body = self.body(sql, parameters, go_on)?;
        let answer = self.repeated(Operation::Execute, &body, repeat)?;
        Ok(executed(&answer.body)?)
    }

    fn body(&self, sql: &str, parameters: &[SqlParameter], continue_after_timeout: bool) -> Result<Vec<u8>, Error> {
        let transaction = self.transaction.as_ref().map(|open| open.id.as_str());
        execute(&self.target, &Execute { sql, parameters, transaction, continue_after_timeout })
    }

    /// Whether a statement may be sent again after its fate became unknown: one that reads, outside of a transaction.
    fn repeat(&self, statement: &Statement) -> Repeat {
        if statement.is_read() && self.transaction.is_none() { Repeat::Always } else { Repeat::IfNotRun }
    }
}

fn internal(message: &str) -> Error {
    Error::new(ErrorKind::Internal, message)
}
