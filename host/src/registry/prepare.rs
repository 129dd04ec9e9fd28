//! From a configuration to the snapshot that takes the current one's place.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::MutexGuard;

use super::Registry;
use super::alike::{Alike, WrongEntries};
use super::drivers::{self, Drivers};
use super::snapshot::{Snapshot, Unavailable};
use crate::config::Config;
use crate::database::{Database, OpenError};
use crate::driver::Driver;
use crate::dynamic::Rules;

/// A snapshot that can take the current one's place. As long as there is one, no other change is prepared.
pub struct Prepared<'a> {
    registry: &'a Registry,
    snapshot: Arc<Snapshot>,
    _drivers: MutexGuard<'a, Drivers>,
}

/// What a change changed, by id.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Databases that weren't there or couldn't be used.
    pub added: Vec<String>,
    /// Databases that are now others under the same id.
    pub changed: Vec<String>,
    /// Databases that are gone, or can't be used any more.
    pub removed: Vec<String>,
    /// Databases that can't be used now and could be before, or weren't there, or for another reason: and why.
    pub down: BTreeMap<String, String>,
}

impl Changes {
    /// Whether no database changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty() && self.down.is_empty()
    }
}

impl Registry {
    /// Prepares a change and leaves everything as it is: the drivers that are new are loaded, the databases that changed are opened,
    /// none is connected to.
    ///
    /// # Errors
    /// An entry can never be used as it is written: says which. A driver that can't be loaded isn't one: where it was loaded before, what
    /// was loaded stays.
    pub async fn prepare(&self, config: Config) -> anyhow::Result<Prepared<'_>> {
        let mut drivers = self.drivers.lock().await;
        let snapshot = snapshot(config, &mut drivers, Some(&self.current())).await?;
        Ok(Prepared { registry: self, snapshot: Arc::new(snapshot), _drivers: drivers })
    }
}

impl Prepared<'_> {
    /// What would be configured.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Whether it differs from another in nothing that anybody sees.
    pub(crate) fn is_like(&self, other: &Snapshot) -> bool {
        let reasons = |snapshot: &Snapshot| -> Vec<(String, String)> {
            snapshot.unavailable.iter().map(|(id, entry)| (id.clone(), entry.reason.clone())).collect()
        };
        changes(other, &self.snapshot).is_empty()
            && reasons(other) == reasons(&self.snapshot)
            && other.statements == self.snapshot.statements
            && other.server == self.snapshot.server
            && other.default == self.snapshot.default
            && other.dynamic.as_ref().map(|rules| rules.config()) == self.snapshot.dynamic.as_ref().map(|rules| rules.config())
    }

    /// Puts it in the current one's place. What is gone or changed drains.
    pub fn adopt(self) -> Changes {
        let old = std::mem::replace(
            &mut *self.registry.current.write().unwrap_or_else(std::sync::PoisonError::into_inner),
            self.snapshot.clone(),
        );
        let changes = changes(&old, &self.snapshot);
        for id in changes.changed.iter().chain(&changes.removed) {
            if let Some(database) = old.databases.get(id) {
                self.registry.draining.drain(database.clone());
            }
        }
        drop(old);
        self.registry.changed.send_replace(self.snapshot.number);
        changes
    }
}

fn changes(old: &Snapshot, new: &Snapshot) -> Changes {
    let mut changes = Changes::default();
    for (id, database) in &old.databases {
        match new.databases.get(id) {
            None => changes.removed.push(id.clone()),
            Some(other) if !Arc::ptr_eq(database, other) => changes.changed.push(id.clone()),
            Some(_) => {}
        }
    }
    let known = |id: &str, entry: &Unavailable| old.unavailable.get(id).is_some_and(|known| known.reason == entry.reason);
    let down = new.unavailable.iter().filter(|(id, entry)| !known(id, entry));
    changes.down.extend(down.map(|(id, entry)| (id.clone(), entry.reason.clone())));
    changes.added.extend(new.databases.keys().filter(|id| !old.databases.contains_key(*id)).cloned());
    changes
}

/// The snapshot of a configuration, with what is unchanged of the one before.
pub(super) async fn snapshot(config: Config, drivers: &mut Drivers, before: Option<&Snapshot>) -> anyhow::Result<Snapshot> {
    let loaded = drivers.load(&config).await;
    let dynamic = dynamic(&config, &loaded, before);
    let (mut databases, mut unavailable) = (BTreeMap::new(), BTreeMap::new());
    let (mut wrong, mut down) = (Alike::default(), Alike::default());
    let all = config.databases.keys().cloned().collect::<Vec<_>>();
    for (id, entry) in config.databases {
        let opened = match loaded.get(&entry.driver) {
            _ if entry.refused.is_some() => Err(OpenError::Missing(entry.refused.clone().unwrap_or_default())),
            Some(Ok(driver)) => match before.and_then(|before| before.databases.get(&id)) {
                Some(same) if same.is_of(&entry, driver) => Ok(same.clone()),
                _ => Database::open(&id, entry.clone(), driver).map(Arc::new),
            },
            Some(Err(why)) => Err(OpenError::Missing(why.clone())),
            None => Err(OpenError::Missing(format!("there is no driver {:?}", entry.driver))),
        };
        match opened {
            Ok(database) => drop(databases.insert(id, database)),
            Err(OpenError::Wrong(why)) => wrong.add(why, id),
            Err(OpenError::Missing(reason)) => {
                let known = before.and_then(|before| before.unavailable.get(&id)).filter(|known| known.reason == reason);
                let since = known.map_or_else(SystemTime::now, |known| known.since);
                if known.is_none() {
                    down.add(reason.clone(), id.clone());
                }
                unavailable.insert(id, Unavailable { config: entry, reason, since });
            }
        }
    }
    if !wrong.is_empty() {
        return Err(anyhow::Error::new(WrongEntries(wrong)));
    }
    for line in down.lines("") {
        tracing::warn!("down: {line}");
    }
    let only = if let [only] = all.as_slice() { Some(only.clone()) } else { None };
    Ok(Snapshot {
        number: before.map_or(0, |before| before.number + 1),
        databases,
        unavailable,
        default: config.default_database.or(only),
        statements: config.statements,
        server: config.server,
        dynamic,
    })
}

/// The rules of databases that callers name. Unchanged ones are the same as before.
fn dynamic(
    config: &Config,
    loaded: &BTreeMap<String, Result<Arc<Driver>, String>>,
    before: Option<&Snapshot>,
) -> Option<Arc<Rules>> {
    let rules = config.dynamic.as_ref()?;
    let known = before.and_then(|before| before.dynamic.as_ref()).map(|rules| rules.config()).filter(|known| ***known == *rules);
    let drivers = rules.drivers.iter().map(|name| {
        let missing = || Err(format!("there is no driver {name:?}"));
        let outcome = loaded.get(&drivers::dynamic_key(config, name)).cloned().unwrap_or_else(missing);
        if let Err(why) = &outcome {
            tracing::warn!(driver = %name, "no dynamic connections: {why}");
        }
        (name.clone(), outcome)
    });
    Some(Arc::new(Rules::new(known.cloned().unwrap_or_else(|| Arc::new(rules.clone())), drivers.collect())))
}
