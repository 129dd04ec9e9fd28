//! One database: what is done with it, on a connection of its pool.
//!
//! The order of every call: the policy, a connection, the driver, the limits, and the connection back into the pool, clean.
//! `run` is the one way to a connection.

mod breaker;
mod catalogs;
mod consent;
mod describe;
mod explain;
mod health;
mod held;
mod line;
mod open;
mod probe;
mod query;
mod run;

use std::sync::Arc;
use std::time::Duration;

pub use consent::Consent;
pub use explain::Explain;
pub use health::{Health, State, Trouble};
pub use held::Held;
pub use query::{Completion, QueryResult, ResultSet, Statement, Truncation};

pub(crate) use open::OpenError;
pub(crate) use query::ROWS_READ;

use crate::config::DatabaseConfig;
use crate::contract::{DriverManifest, ParameterStyle, Readiness};
use crate::driver::Driver;
use crate::error::CallError;
use crate::policy::{Judge, Policy};
use crate::pool::{Pool, PoolStatus};
use crate::stamp::Stamp;
use crate::state::Access;
use catalogs::Catalogs;
use line::Line;
use run::Active;

/// A configured database.
pub struct Database {
    id: Arc<str>,
    config: DatabaseConfig,
    judge: Judge,
    driver: Arc<Driver>,
    access: Arc<Access>,
    manifest: Arc<DriverManifest>,
    pool: Pool,
    active: Active,
    catalogs: Catalogs,
    line: Arc<Line>,
    /// The files that were read for it, as they were.
    files: Vec<Option<Stamp>>,
}

impl Database {
    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the operator says of it.
    pub(crate) fn config(&self) -> &DatabaseConfig {
        &self.config
    }

    /// The operator's description.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.config.description.as_deref()
    }

    /// The driver's name.
    #[must_use]
    pub fn driver(&self) -> &str {
        &self.manifest.name
    }

    /// What the driver says of itself.
    #[must_use]
    pub fn manifest(&self) -> &DriverManifest {
        &self.manifest
    }

    /// The catalog it connects to, where one is configured.
    #[must_use]
    pub fn catalog(&self) -> Option<&str> {
        self.config.catalog.as_deref()
    }

    /// The SQL dialect's name.
    #[must_use]
    pub fn dialect(&self) -> &str {
        &self.manifest.dialect
    }

    /// How parameters are written.
    #[must_use]
    pub fn parameter_style(&self) -> ParameterStyle {
        self.manifest.parameter_style
    }

    /// What may be done on it.
    #[must_use]
    pub fn policy(&self) -> &Arc<Policy> {
        self.judge.policy()
    }

    /// Whether all writes are refused.
    #[must_use]
    pub fn read_only(&self) -> bool {
        self.policy().read_only
    }

    /// Whether writes are put to a person first.
    #[must_use]
    pub fn confirm_writes(&self) -> bool {
        self.policy().confirm_writes
    }

    /// Whether a statement only reads, as far as its text tells.
    #[must_use]
    pub fn reads(&self, sql: &str) -> bool {
        self.judge.reads(sql)
    }

    /// The longest that a statement may run.
    #[must_use]
    pub fn statement_timeout(&self) -> Duration {
        self.policy().statement_timeout
    }

    /// The most rows and bytes of one answer.
    #[must_use]
    pub fn most(&self) -> (u64, u64) {
        (self.policy().max_rows, self.policy().max_bytes)
    }

    /// How long a call waits for a connection.
    #[must_use]
    pub fn acquire_timeout(&self) -> Duration {
        self.config.pool.acquire_timeout
    }

    /// How its pool stands.
    #[must_use]
    pub fn pool(&self) -> PoolStatus {
        self.pool.status()
    }

    /// One round trip to the server, connecting if need be.
    ///
    /// # Errors
    /// What the database, the driver or a limit said.
    pub async fn ping(&self) -> Result<Readiness, CallError> {
        self.run(None, |connection| Box::pin(connection.ping())).await
    }

    /// The same, although it may be known to be down, to see whether it still is. What it takes is one connection, which stays open.
    ///
    /// # Errors
    /// As for [`Database::ping`].
    pub async fn probe(&self) -> Result<Readiness, CallError> {
        let lease = self.line.lease(true).await?;
        let (lease, answer) = self.run_on(lease, None, |connection| Box::pin(connection.ping())).await;
        if let Some(lease) = lease {
            lease.give_back().await;
        }
        answer
    }

    /// Closes connections that have been unused for too long.
    pub(crate) async fn reap(&self) {
        self.pool.reap().await;
        for catalog in self.catalogs.open() {
            catalog.pool.reap().await;
        }
        for idle in self.catalogs.take_idle() {
            idle.close().await;
        }
    }

    /// Closes the connections that nobody uses now.
    pub(crate) async fn close_unused(&self) {
        self.pool.close_unused().await;
        for catalog in self.catalogs.open() {
            catalog.pool.close_unused().await;
        }
    }

    /// How many have it: calls, transactions and open results, here and in its other catalogs.
    pub(crate) fn holders(self: &Arc<Self>) -> usize {
        // Of each other catalog one is the list's and one is this look's.
        let catalogs = self.catalogs.open();
        let others: usize = catalogs.iter().map(|catalog| Arc::strong_count(catalog).saturating_sub(2)).sum();
        Arc::strong_count(self) + others
    }

    pub(crate) fn reap_every(&self) -> Duration {
        self.pool.reap_every()
    }

    /// Takes no more calls, stops those that run, and closes every connection.
    pub(crate) async fn shutdown(&self) {
        for catalog in self.catalogs.open() {
            catalog.close().await;
        }
        self.close().await;
    }

    async fn close(&self) {
        self.pool.close().await;
        self.active.stop_all().await;
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("id", &self.id).field("driver", &self.manifest.name).finish_non_exhaustive()
    }
}
