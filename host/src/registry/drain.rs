//! The end of databases that are no longer configured: nothing new comes, what runs finishes, then their connections close.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::database::Database;

/// What still runs after this is stopped: longer than any statement's or open transaction's usual limit, shorter than a credential that
/// was taken back should be good for.
const MOST: Duration = Duration::from_secs(10 * 60);
/// How often it is looked for whether something still runs.
const LOOK: Duration = Duration::from_millis(50);

/// Those that drain.
#[derive(Debug, Default, Clone)]
pub(super) struct Draining(Arc<Mutex<Drained>>);

#[derive(Debug, Default)]
struct Drained {
    next: u64,
    databases: HashMap<u64, Arc<Database>>,
}

impl Draining {
    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<Database>> {
        self.lock().databases.values().cloned().collect()
    }

    /// Takes a database that nobody finds any more, and closes it when nobody has it any more.
    pub(super) fn drain(&self, database: Arc<Database>) {
        let number = {
            let mut drained = self.lock();
            drained.next += 1;
            let number = drained.next;
            drained.databases.insert(number, database);
            number
        };
        let draining = self.clone();
        tokio::spawn(async move {
            let began = Instant::now();
            let mut waited = false;
            loop {
                let Some(database) = draining.lock().databases.get(&number).cloned() else { return };
                database.close_unused().await;
                // This task's and the list's.
                if database.holders() <= 2 || began.elapsed() > MOST {
                    database.shutdown().await;
                    draining.lock().databases.remove(&number);
                    // A thousand that nobody used are no news.
                    if waited {
                        tracing::info!(database = database.id(), "drained");
                    } else {
                        tracing::debug!(database = database.id(), "drained");
                    }
                    return;
                }
                drop(database);
                waited = true;
                tokio::time::sleep(LOOK).await;
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, Drained> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
