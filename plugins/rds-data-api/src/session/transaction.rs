//! Transactions: begun, committed and rolled back by requests of their own; a statement names the one it belongs to.

use super::retry::{Failed, Repeat};
use super::{Session, Transaction, internal};
use crate::engine::Engine;
use crate::protocol::{Exception, Failure, Operation, begin, finish, transaction_id};
use crate::service::{Service, Unanswered};
use bulkhead_driver::{Error, ErrorKind, Isolation, TransactionOptions};

/// MySQL's "transaction characteristics can't be changed while a transaction is in progress".
const IN_PROGRESS: &str = "25001";

impl<S: Service> Session<S> {
    /// Begins a transaction.
    ///
    /// # Errors
    /// One is open, or the service's.
    pub fn begin(&mut self, options: TransactionOptions) -> Result<(), Error> {
        self.leave()?;
        if self.transaction.is_some() {
            return Err(Error::new(ErrorKind::InvalidValue, "a transaction is open already").sqlstate("25001"));
        }
        let isolation = options.isolation.map(isolation).transpose()?;
        self.start(options.read_only, false)?;
        let prepared = match isolation {
            Some(level) => self.execute(&format!("SET TRANSACTION ISOLATION LEVEL {level}"), &[], Repeat::IfNotRun).map(drop),
            None => Ok(()),
        };
        let prepared = prepared.and_then(|()| if options.read_only { self.restrict(None) } else { Ok(()) });
        if prepared.is_err() {
            self.abandon();
        }
        prepared
    }

    /// Makes its changes permanent.
    ///
    /// # Errors
    /// None is open, or the service's: what became of the changes is then not known, unless the error is the database's.
    pub fn commit(&mut self) -> Result<(), Error> {
        self.leave()?;
        let transaction = self.transaction.take().ok_or_else(none_open)?;
        if transaction.read_only {
            // There is nothing to keep; and where the engine couldn't be told, this is what keeps it so.
            return self.roll_back(&transaction);
        }
        let body = finish(&self.target, &transaction.id)?;
        match self.repeated(Operation::Commit, &body, Repeat::IfNotRun) {
            Ok(_) => Ok(()),
            Err(failed) => {
                let lost = matches!(failed, Failed::Unanswered(Unanswered::Lost(_) | Unanswered::Interrupted(_)));
                let mut error = Error::from(failed);
                if lost {
                    error.retryable = false;
                    error.detail = Some("whether the transaction was committed is not known".to_owned());
                }
                Err(error)
            }
        }
    }

    /// Takes its changes back.
    ///
    /// # Errors
    /// None is open, or the service's.
    pub fn rollback(&mut self) -> Result<(), Error> {
        self.open = None;
        let transaction = self.transaction.take().ok_or_else(none_open)?;
        self.roll_back(&transaction)
    }

    /// Begins a transaction at the service.
    pub(super) fn start(&mut self, read_only: bool, own: bool) -> Result<(), Error> {
        let body = begin(&self.target)?;
        // One that was begun and not heard of ends by itself.
        let answer = self.repeated(Operation::Begin, &body, Repeat::Always)?;
        self.transaction = Some(Transaction { id: transaction_id(&answer.body)?, read_only, own });
        Ok(())
    }

    /// Makes the transaction just begun a read-only one, and gives PostgreSQL the time that its statements may take.
    pub(super) fn restrict(&mut self, timeout_ms: Option<u32>) -> Result<(), Error> {
        match (self.engine, timeout_ms) {
            (Engine::PostgreSql, Some(timeout)) => {
                // In one request, and as `SET TRANSACTION READ ONLY` does it.
                let sql = format!(
                    "SELECT pg_catalog.set_config('transaction_read_only', 'on', true), pg_catalog.set_config('statement_timeout', '{timeout}', true)"
                );
                self.execute(&sql, &[], Repeat::IfNotRun).map(drop)
            }
            (Engine::PostgreSql, None) => self.execute("SET TRANSACTION READ ONLY", &[], Repeat::IfNotRun).map(drop),
            (Engine::MySql, _) => match self.execute("SET TRANSACTION READ ONLY", &[], Repeat::IfNotRun) {
                Ok(_) => Ok(()),
                // The service has begun it in a way that settles this: it is rolled back whatever happens in it.
                Err(error) if error.sqlstate.as_deref() == Some(IN_PROGRESS) || error.message.contains("in progress") => Ok(()),
                Err(error) => Err(error),
            },
        }
    }

    /// Ends the transaction of one statement. It only read, so nothing is lost.
    pub(super) fn finish_own(&mut self) -> Result<(), Error> {
        match self.transaction.take_if(|open| open.own) {
            Some(transaction) => self.roll_back(&transaction),
            None => Ok(()),
        }
    }

    /// Ends the transaction after a failure, whose error is the one to be told.
    pub(super) fn abandon(&mut self) {
        if let Some(transaction) = self.transaction.take()
            && let Err(why) = self.roll_back(&transaction)
        {
            self.service.note(&format!("a transaction could not be rolled back: {}", why.message));
        }
    }

    pub(super) fn roll_back(&mut self, transaction: &Transaction) -> Result<(), Error> {
        let body = finish(&self.target, &transaction.id)?;
        let mut ended = self.repeated(Operation::Rollback, &body, Repeat::Always);
        // The word that the call should end comes once, to whatever is asked next: the second time it is sent.
        if ended.as_ref().is_err_and(Failed::is_interruption) {
            ended = self.repeated(Operation::Rollback, &body, Repeat::Always);
        }
        match ended {
            Ok(_) => Ok(()),
            // Gone is what it should be.
            Err(Failed::Service(Failure { exception: Exception::TransactionNotFound | Exception::NotFound, .. })) => Ok(()),
            Err(failed) => Err(Error::from(failed).connection_lost()),
        }
    }
}

fn isolation(level: Isolation) -> Result<&'static str, Error> {
    Ok(match level {
        Isolation::ReadUncommitted => "READ UNCOMMITTED",
        Isolation::ReadCommitted => "READ COMMITTED",
        Isolation::RepeatableRead => "REPEATABLE READ",
        Isolation::Serializable => "SERIALIZABLE",
        Isolation::Snapshot => {
            return Err(Error::new(ErrorKind::Unsupported, "there is no isolation level SNAPSHOT").hint("REPEATABLE READ is one"));
        }
    })
}

fn none_open() -> Error {
    internal("no transaction is open")
}
