//! A connection that stays with its holder: for a transaction, or for a result that is read in portions.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::query::{Collected, Portion, Rest, collect, collect_on};
use super::run::Work;
use super::{Database, QueryResult, Statement};
use crate::connection::Connection;
use crate::contract::{ErrorKind, TransactionOptions};
use crate::error::CallError;
use crate::limits::GRACE;
use crate::pool::Lease;

/// A held connection. Dropped, it is cleaned and given back: an open transaction is rolled back.
pub struct Held {
    pub(super) database: Arc<Database>,
    lease: Option<Lease>,
    /// Set while a read-only transaction is open.
    pub(super) read_only: bool,
    /// A result that was cut, open where it was cut.
    rest: Option<Rest>,
}

impl Database {
    /// Runs one statement, as [`Database::query`]. A result that was cut stays open on its connection, which comes with it.
    ///
    /// # Errors
    /// What the database, the driver, the policy or a limit said.
    pub async fn query_kept(self: &Arc<Self>, statement: Statement) -> Result<(QueryResult, Option<Held>), CallError> {
        let began = Instant::now();
        let (statement, limit) = self.permit_alone(statement)?;
        let (lease, collected) = self
            .run_keeping(
                Some(limit),
                move |connection| Box::pin(async move { collect(connection, &statement, limit, true).await }),
                |collected: &Collected| collected.rest.is_some(),
            )
            .await?;
        let held = match (lease, collected.rest) {
            (Some(lease), Some(rest)) => {
                Some(Held { database: self.clone(), lease: Some(lease), read_only: false, rest: Some(rest) })
            }
            _ => None,
        };
        Ok((self.counted(collected.sets, began), held))
    }
}

impl Held {
    /// Takes a connection of the database's pool.
    ///
    /// # Errors
    /// None came free in time, or connecting failed.
    pub async fn open(database: Arc<Database>) -> Result<Held, CallError> {
        let lease = database.lease().await?;
        Ok(Held { database, lease: Some(lease), read_only: false, rest: None })
    }

    /// The database it is a connection to.
    #[must_use]
    pub fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// Whether it can still be used. A call that was cut short, or a lost connection, ends it.
    #[must_use]
    pub fn usable(&self) -> bool {
        self.lease.is_some()
    }

    /// Whether a result is open on it, to be read on.
    #[must_use]
    pub fn has_rest(&self) -> bool {
        self.rest.is_some()
    }

    /// Runs one statement; closes a result that was open. Dropping the future stops the statement and ends the holding.
    ///
    /// # Errors
    /// What the database, the driver, the policy or a limit said; or that the connection is gone.
    pub async fn query(&mut self, statement: Statement) -> Result<QueryResult, CallError> {
        self.run(statement, false).await
    }

    /// The same; a result that was cut stays open, for [`Held::fetch`].
    ///
    /// # Errors
    /// As for [`Held::query`].
    pub async fn query_kept(&mut self, statement: Statement) -> Result<QueryResult, CallError> {
        self.run(statement, true).await
    }

    async fn run(&mut self, mut statement: Statement, keep: bool) -> Result<QueryResult, CallError> {
        let began = Instant::now();
        statement.read_only |= self.read_only;
        let (statement, limit) = self.database.permit(statement)?;
        let collected = self
            .work(Some(limit), move |connection| Box::pin(async move { collect(connection, &statement, limit, keep).await }))
            .await?;
        self.rest = collected.rest;
        Ok(self.database.counted(collected.sets, began))
    }

    /// Reads on in the open result.
    ///
    /// # Errors
    /// As for [`Held::query`]; or that no result is open.
    pub async fn fetch(&mut self, max_rows: u64, max_bytes: u64, timeout: Option<Duration>) -> Result<QueryResult, CallError> {
        let began = Instant::now();
        let rest = self.rest.take().ok_or_else(|| CallError::new(ErrorKind::Undefined, "no result is open here"))?;
        let (most_rows, most_bytes) = self.database.most();
        let portion = Portion { max_rows: max_rows.min(most_rows), max_bytes: max_bytes.min(most_bytes) };
        let collected =
            self.work(timeout, move |connection| Box::pin(async move { collect_on(connection, rest, portion).await })).await?;
        self.rest = collected.rest;
        Ok(self.database.counted(collected.sets, began))
    }

    /// Begins a transaction. On a read-only database it is read-only.
    ///
    /// # Errors
    /// What the database, the driver or a limit said; or that the connection is gone.
    pub async fn begin(&mut self, mut options: TransactionOptions) -> Result<(), CallError> {
        options.read_only |= self.database.read_only();
        self.work(None, move |connection| Box::pin(connection.start(options))).await?;
        self.read_only = options.read_only;
        Ok(())
    }

    /// Makes the transaction's changes permanent.
    ///
    /// # Errors
    /// As for [`Held::begin`].
    pub async fn commit(&mut self) -> Result<(), CallError> {
        self.read_only = false;
        self.work(None, |connection| Box::pin(connection.commit())).await
    }

    /// Takes the transaction's changes back.
    ///
    /// # Errors
    /// As for [`Held::begin`].
    pub async fn rollback(&mut self) -> Result<(), CallError> {
        self.read_only = false;
        self.work(None, |connection| Box::pin(connection.rollback())).await
    }

    /// Gives the connection back, clean.
    pub async fn release(mut self) {
        if let Some(lease) = self.lease.take() {
            put_back(lease, self.rest.take()).await;
        }
    }

    /// Closes the result that is open, if one is.
    ///
    /// # Errors
    /// As for [`Held::query`].
    pub async fn close_rest(&mut self) -> Result<(), CallError> {
        if self.rest.is_some() { self.work(None, |_| Box::pin(async { Ok(()) })).await } else { Ok(()) }
    }

    pub(super) async fn work<T: Send + 'static>(
        &mut self,
        timeout: Option<Duration>,
        work: impl for<'a> FnOnce(&'a mut Connection) -> Work<'a, T> + Send + 'static,
    ) -> Result<T, CallError> {
        let lease = self.lease.take().ok_or_else(over)?;
        let open = self.rest.take();
        let (lease, done) = self
            .database
            .run_on(lease, timeout, move |connection| {
                Box::pin(async move {
                    if let Some(open) = open {
                        open.close(connection).await?;
                    }
                    work(connection).await
                })
            })
            .await;
        self.lease = lease;
        done
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("database", &self.database).field("usable", &self.usable()).finish_non_exhaustive()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let (Some(lease), Ok(runtime)) = (self.lease.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(put_back(lease, self.rest.take()));
        }
    }
}

async fn put_back(mut lease: Lease, rest: Option<Rest>) {
    if let Some(rest) = rest {
        lease.begin(Arc::default());
        if !matches!(tokio::time::timeout(GRACE, rest.close(&mut lease)).await, Ok(Ok(()))) {
            lease.condemn();
        }
    }
    lease.give_back().await;
}

fn over() -> CallError {
    CallError::new(ErrorKind::Connection, "the held connection is gone: it was lost, or a call on it was cut short")
        .hint("what was not committed was rolled back; begin again")
}
