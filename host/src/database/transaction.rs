//! A transaction: a connection that stays with its holder until it ends.

use std::sync::Arc;
use std::time::Instant;

use super::query::collect;
use super::{Database, QueryResult, Statement};
use crate::contract::{ErrorKind, TransactionOptions};
use crate::error::CallError;
use crate::pool::Lease;

/// An open transaction. Dropped, it is rolled back.
#[derive(Debug)]
pub struct Transaction {
    database: Arc<Database>,
    lease: Option<Lease>,
    read_only: bool,
}

impl Transaction {
    /// Begins one, on a connection of its own. On a read-only database it is read-only.
    ///
    /// # Errors
    /// What the database, the driver or a limit said.
    pub async fn begin(
        database: Arc<Database>,
        mut options: TransactionOptions,
    ) -> Result<Transaction, CallError> {
        options.read_only |= database.read_only();
        let lease = database
            .pool
            .get()
            .await
            .map_err(|why| why.of(&database.id))?;
        let (lease, begun) = database
            .run_on(lease, None, move |connection| {
                Box::pin(async move { connection.start(options).await })
            })
            .await;
        match begun {
            Ok(()) => Ok(Transaction {
                database,
                lease,
                read_only: options.read_only,
            }),
            Err(why) => {
                if let Some(lease) = lease {
                    lease.give_back().await;
                }
                Err(why)
            }
        }
    }

    /// Runs one statement in it. Dropping the future stops the statement and ends the transaction.
    ///
    /// # Errors
    /// What the database, the driver, the policy or a limit said; or that the transaction is over.
    pub async fn query(&mut self, mut statement: Statement) -> Result<QueryResult, CallError> {
        let began = Instant::now();
        statement.read_only |= self.read_only;
        let (statement, limit) = self.database.permit(statement)?;
        let lease = self.lease.take().ok_or_else(over)?;
        let (lease, sets) = self
            .database
            .run_on(lease, Some(limit), move |connection| {
                Box::pin(async move { collect(connection, &statement, limit).await })
            })
            .await;
        self.lease = lease;
        Ok(QueryResult {
            sets: sets?,
            elapsed: began.elapsed(),
        })
    }

    /// Whether it can still be used.
    #[must_use]
    pub fn open(&self) -> bool {
        self.lease.is_some()
    }

    /// Makes its changes permanent.
    ///
    /// # Errors
    /// What the database, the driver or a limit said; or that the transaction is over.
    pub async fn commit(self) -> Result<(), CallError> {
        self.end(|connection| Box::pin(connection.commit())).await
    }

    /// Takes its changes back.
    ///
    /// # Errors
    /// As for [`Transaction::commit`].
    pub async fn rollback(self) -> Result<(), CallError> {
        self.end(|connection| Box::pin(connection.rollback())).await
    }

    async fn end(
        mut self,
        how: impl for<'a> FnOnce(&'a mut crate::connection::Connection) -> super::run::Work<'a, ()>
        + Send
        + 'static,
    ) -> Result<(), CallError> {
        let lease = self.lease.take().ok_or_else(over)?;
        let (lease, ended) = self.database.run_on(lease, None, how).await;
        if let Some(lease) = lease {
            lease.give_back().await;
        }
        ended
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let (Some(lease), Ok(runtime)) =
            (self.lease.take(), tokio::runtime::Handle::try_current())
        {
            // Cleaning the connection takes the transaction back.
            runtime.spawn(lease.give_back());
        }
    }
}

fn over() -> CallError {
    CallError::new(
        ErrorKind::Connection,
        "the transaction is over: its connection was lost, or a call in it was cut short",
    )
    .hint("its changes were rolled back; begin another")
}
