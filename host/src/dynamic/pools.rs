//! The databases of connection strings that come with requests.
//!
//! Each is kept for the next request with the same string, by the string's keyed hash; the key is made when the process starts and
//! nowhere else. Whoever sends a string knows its password, so two callers with the same one may follow each other on a connection,
//! which is cleaned between them as all are; with different strings they never do. What isn't used is closed after a
//! while, or when its room is needed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ring::hmac;
use ring::rand::SystemRandom;
use tokio::time::Instant;

use super::attached::Attached;
use super::given::Given;
use super::rules::Rules;
use crate::config::{ATTACHED, DynamicConfig, Secret};
use crate::contract::ErrorKind;
use crate::database::Database;
use crate::error::CallError;

/// The databases, by their strings' hashes.
pub(crate) struct Pools {
    /// None: the system gave no random bytes, and there are no such databases.
    key: Option<hmac::Key>,
    open: Mutex<HashMap<Vec<u8>, Open>>,
}

struct Open {
    database: Arc<Database>,
    /// What it was allowed by.
    rules: Arc<DynamicConfig>,
    used: Instant,
}

impl Pools {
    /// None yet.
    pub(crate) fn new() -> Pools {
        Pools { key: hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok(), open: Mutex::default() }
    }

    /// The database of a connection string. Connects to nothing.
    ///
    /// # Errors
    /// The string isn't well-formed or the rules don't allow it; or as many are in use as there may be.
    pub(crate) fn attach(&self, rules: &Arc<Rules>, string: Secret) -> Result<Attached, CallError> {
        let Some(key) = &self.key else {
            return Err(CallError::new(ErrorKind::Internal, "the system gave no random bytes for a key"));
        };
        let hash = hmac::sign(key, string.expose().as_bytes()).as_ref().to_vec();
        let config = rules.config();
        if let Some(open) = self.lock().get_mut(&hash).filter(|open| Arc::ptr_eq(&open.rules, config)) {
            open.used = Instant::now();
            return Ok(Attached::new(open.database.clone()));
        }
        let database = rules.database(ATTACHED, Given::Text(string), None)?;
        let mut closing = Vec::new();
        let outcome = {
            let mut open = self.lock();
            // Another request with the same string may have come first.
            match open.get_mut(&hash) {
                Some(known) if Arc::ptr_eq(&known.rules, config) => {
                    known.used = Instant::now();
                    Ok(Attached::new(known.database.clone()))
                }
                _ => make_room(&mut open, config.max, &mut closing).map(|()| {
                    let entry = Open { database: database.clone(), rules: config.clone(), used: Instant::now() };
                    closing.extend(open.insert(hash, entry).map(|old| old.database));
                    Attached::new(database)
                }),
            }
        };
        for database in closing {
            tokio::spawn(async move { database.shutdown().await });
        }
        outcome
    }

    /// Takes out what has been idle for too long, or isn't allowed any more. Closes idle connections of the others.
    pub(crate) async fn sweep(&self, rules: Option<&Arc<DynamicConfig>>) -> Vec<Arc<Database>> {
        let (over, rest) = {
            let mut open = self.lock();
            let is_over = |entry: &Open| match rules {
                Some(rules) if Arc::ptr_eq(rules, &entry.rules) => entry.idle(rules.idle_timeout),
                _ => true,
            };
            let over: Vec<Vec<u8>> = open.iter().filter(|(_, entry)| is_over(entry)).map(|(hash, _)| hash.clone()).collect();
            let over: Vec<Arc<Database>> = over.iter().filter_map(|hash| open.remove(hash)).map(|entry| entry.database).collect();
            let rest: Vec<Arc<Database>> = open.values().map(|entry| entry.database.clone()).collect();
            (over, rest)
        };
        for database in rest {
            database.reap().await;
        }
        over
    }

    /// Takes out all.
    pub(crate) fn take(&self) -> Vec<Arc<Database>> {
        self.lock().drain().map(|(_, entry)| entry.database).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn idle(&self, longer_than: Duration) -> bool {
        self.database.holders() <= 1 && self.used.elapsed() >= longer_than
    }
}

/// Takes out the longest unused until there is room for one more.
fn make_room(open: &mut HashMap<Vec<u8>, Open>, most: usize, closing: &mut Vec<Arc<Database>>) -> Result<(), CallError> {
    while open.len() >= most {
        let unused = open.iter().filter(|(_, entry)| entry.idle(Duration::ZERO));
        let Some(oldest) = unused.min_by_key(|(_, entry)| entry.used).map(|(hash, _)| hash.clone()) else {
            let what = format!("{most} connection strings are in use already (dynamic.max)");
            return Err(CallError::new(ErrorKind::Resources, what).hint("try again a little later").retryable());
        };
        closing.extend(open.remove(&oldest).map(|entry| entry.database));
    }
    Ok(())
}
