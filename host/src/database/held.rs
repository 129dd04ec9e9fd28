//! A connection that stays with its holder: for a transaction, or for a caller whose statements build on each other.

use std::sync::Arc;
use std::time::Instant;

use super::query::collect;
use super::run::Work;
use super::{Database, QueryResult, Statement};
use crate::connection::Connection;
use crate::contract::{ErrorKind, TransactionOptions};
use crate::error::CallError;
use crate::pool::Lease;

/// A held connection. Dropped, it is cleaned and given back: an open transaction is rolled back.
#[derive(Debug)]
pub struct Held {
    database: Arc<Database>,
    lease: Option<Lease>,
    /// Set while a read-only transaction is open.
    read_only: bool,
}

impl Held {
    /// Takes a connection of the database's pool.
    ///
    /// # Errors
    /// None came free in time, or connecting failed.
    pub async fn open(database: Arc<Database>) -> Result<Held, CallError> {
        let lease = database.pool.get().await.map_err(|why| why.of(&database.id))?;
        Ok(Held { database, lease: Some(lease), read_only: false })
    }

    /// Whether it can still be used. A call that was cut short, or a lost connection, ends it.
    #[must_use]
    pub fn usable(&self) -> bool {
        self.lease.is_some()
    }

    /// Runs one statement. Dropping the future stops the statement and ends the holding.
    ///
    /// # Errors
    /// What the database, the driver, the policy or a limit said; or that the connection is gone.
    pub async fn query(&mut self, mut statement: Statement) -> Result<QueryResult, CallError> {
        let began = Instant::now();
        statement.read_only |= self.read_only;
        let (statement, limit) = self.database.permit(statement)?;
        let lease = self.lease.take().ok_or_else(over)?;
        let (lease, sets) = self
            .database
            .run_on(lease, Some(limit), move |connection| Box::pin(async move { collect(connection, &statement, limit).await }))
            .await;
        self.lease = lease;
        Ok(QueryResult { sets: sets?, elapsed: began.elapsed() })
    }

    /// Begins a transaction. On a read-only database it is read-only.
    ///
    /// # Errors
    /// What the database, the driver or a limit said; or that the connection is gone.
    pub async fn begin(&mut self, mut options: TransactionOptions) -> Result<(), CallError> {
        options.read_only |= self.database.read_only();
        self.step(move |connection| Box::pin(connection.start(options))).await?;
        self.read_only = options.read_only;
        Ok(())
    }

    /// Makes the transaction's changes permanent.
    ///
    /// # Errors
    /// As for [`Held::begin`].
    pub async fn commit(&mut self) -> Result<(), CallError> {
        self.read_only = false;
        self.step(|connection| Box::pin(connection.commit())).await
    }

    /// Takes the transaction's changes back.
    ///
    /// # Errors
    /// As for [`Held::begin`].
    pub async fn rollback(&mut self) -> Result<(), CallError> {
        self.read_only = false;
        self.step(|connection| Box::pin(connection.rollback())).await
    }

    /// Gives the connection back, clean.
    pub async fn release(mut self) {
        if let Some(lease) = self.lease.take() {
            lease.give_back().await;
        }
    }

    async fn step(
        &mut self,
        work: impl for<'a> FnOnce(&'a mut Connection) -> Work<'a, ()> + Send + 'static,
    ) -> Result<(), CallError> {
        let lease = self.lease.take().ok_or_else(over)?;
        let (lease, done) = self.database.run_on(lease, None, work).await;
        self.lease = lease;
        done
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let (Some(lease), Ok(runtime)) = (self.lease.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(lease.give_back());
        }
    }
}

fn over() -> CallError {
    CallError::new(ErrorKind::Connection, "the held connection is gone: it was lost, or a call on it was cut short")
        .hint("what was not committed was rolled back; begin again")
}
