//! Which database: the configured ones, opened lazily, and replaced while the process runs.
//!
//! A [`Snapshot`] is what is configured at one moment. A change is prepared beside it ([`Registry::prepare`]) and takes its place
//! whole ([`Prepared::adopt`]) or not at all. What an entry's change didn't touch is the same database in both, with its
//! connections; what is gone or changed drains: the calls that have it finish, the next ones see the new snapshot.

mod alike;
mod drain;
mod drivers;
mod prepare;
mod reap;
mod snapshot;
mod status;

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tokio::sync::{Mutex, watch};

use crate::config::Config;
use crate::error::CallError;

pub use crate::database::{Completion, Database, Held, QueryResult, ResultSet, Statement, Truncation};
pub use crate::pool::PoolStatus;
pub use prepare::{Changes, Prepared};
pub use snapshot::{Snapshot, Unavailable};
pub use status::Status;

pub(crate) use alike::{WrongEntries, some};
pub(crate) use drivers::places;

use drain::Draining;
use drivers::Drivers;
use status::Noted;

/// The databases of this process.
#[derive(Debug)]
pub struct Registry {
    current: RwLock<Arc<Snapshot>>,
    /// Where drivers come from. Held while a change is prepared and adopted, so that changes come one after the other.
    drivers: Mutex<Drivers>,
    changed: watch::Sender<u64>,
    draining: Draining,
    noted: Noted,
    reaper: OnceLock<tokio::task::AbortHandle>,
}

impl Registry {
    /// Loads the drivers that the configuration names and prepares every database, connecting to none. An entry whose driver or
    /// files are missing is there as [`Unavailable`].
    ///
    /// # Errors
    /// The sandbox can't be made; or an entry can never be used as it is written: says which.
    pub async fn open(config: Config) -> anyhow::Result<Arc<Registry>> {
        let mut drivers = Drivers::new(config.connections.max)?;
        let snapshot = Arc::new(prepare::snapshot(config, &mut drivers, None).await?);
        let (changed, _) = watch::channel(snapshot.number());
        let registry = Arc::new(Registry {
            current: RwLock::new(snapshot),
            drivers: Mutex::new(drivers),
            changed,
            draining: Draining::default(),
            noted: Noted::default(),
            reaper: OnceLock::new(),
        });
        let reaper = tokio::spawn(reap::run(Arc::downgrade(&registry))).abort_handle();
        registry.reaper.get_or_init(|| reaper);
        Ok(registry)
    }

    /// What is configured now.
    #[must_use]
    pub fn current(&self) -> Arc<Snapshot> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// As [`Snapshot::resolve`], in what is configured now.
    ///
    /// # Errors
    /// As there.
    pub fn resolve(&self, id: Option<&str>) -> Result<Arc<Database>, CallError> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).resolve(id)
    }

    /// Follows the changes: the current snapshot's number.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Stops running calls and closes every connection.
    pub async fn shutdown(&self) {
        self.stop_reaping();
        let mut databases: Vec<Arc<Database>> = self.current().databases().cloned().collect();
        databases.extend(self.draining.all());
        let closing = databases.into_iter().map(|database| tokio::spawn(async move { database.shutdown().await }));
        for task in closing.collect::<Vec<_>>() {
            let _ = task.await;
        }
    }

    fn stop_reaping(&self) {
        if let Some(reaper) = self.reaper.get() {
            reaper.abort();
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop_reaping();
    }
}
