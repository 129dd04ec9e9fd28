//! Which database: the configured ones, opened lazily.

mod drivers;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;

use crate::config::{Config, SavedStatement};
use crate::contract::ErrorKind;
use crate::error::CallError;

pub use crate::database::{Completion, Database, Held, QueryResult, ResultSet, Statement, Truncation};
pub use crate::pool::PoolStatus;

/// The databases of this process.
#[derive(Debug)]
pub struct Registry {
    databases: BTreeMap<String, Arc<Database>>,
    default: Option<String>,
    statements: BTreeMap<String, SavedStatement>,
    reaper: tokio::task::JoinHandle<()>,
}

impl Registry {
    /// Loads the drivers that the configuration names and prepares every database, connecting to none.
    ///
    /// # Errors
    /// A driver that can't be loaded, an entry that can't be used: says which.
    pub async fn open(config: Config) -> anyhow::Result<Registry> {
        let drivers = drivers::load(&config).await?;
        let mut databases = BTreeMap::new();
        for (id, entry) in config.databases {
            let database =
                Database::open(&id, entry, &drivers).map_err(anyhow::Error::msg).with_context(|| format!("databases.{id}"))?;
            databases.insert(id, Arc::new(database));
        }
        let only = if databases.len() == 1 { databases.keys().next().cloned() } else { None };
        let reaper = tokio::spawn(reap(databases.values().map(Arc::downgrade).collect()));
        Ok(Registry { databases, default: config.default_database.or(only), statements: config.statements, reaper })
    }

    /// All databases, by id.
    pub fn databases(&self) -> impl Iterator<Item = &Arc<Database>> {
        self.databases.values()
    }

    /// The id of the default database, if there is one.
    #[must_use]
    pub fn default_database(&self) -> Option<&str> {
        self.default.as_deref()
    }

    /// The saved statements, by the names of their tools.
    #[must_use]
    pub fn statements(&self) -> &BTreeMap<String, SavedStatement> {
        &self.statements
    }

    /// The database of that id; without one the default.
    ///
    /// # Errors
    /// The id is unknown, or there is no default: says which ids there are.
    pub fn resolve(&self, id: Option<&str>) -> Result<Arc<Database>, CallError> {
        let ids = || self.databases.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let Some(id) = id.or(self.default.as_deref()) else {
            return Err(CallError::new(ErrorKind::Undefined, "no database was named and there is no default")
                .hint(format!("pass database_id; there are: {}", ids())));
        };
        self.databases.get(id).cloned().ok_or_else(|| {
            CallError::new(ErrorKind::Undefined, format!("there is no database {id:?}")).hint(format!("there are: {}", ids()))
        })
    }

    /// Stops running calls and closes every connection.
    pub async fn shutdown(&self) {
        self.reaper.abort();
        let closing = self.databases.values().cloned().map(|database| tokio::spawn(async move { database.shutdown().await }));
        for task in closing.collect::<Vec<_>>() {
            let _ = task.await;
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.reaper.abort();
    }
}

/// Closes idle connections, as often as the most impatient database wants it.
async fn reap(databases: Vec<std::sync::Weak<Database>>) {
    let every = databases.iter().filter_map(|database| Some(database.upgrade()?.reap_every())).min();
    let Some(every) = every else { return };
    loop {
        tokio::time::sleep(every).await;
        for database in databases.iter().filter_map(std::sync::Weak::upgrade) {
            database.reap().await;
        }
    }
}
