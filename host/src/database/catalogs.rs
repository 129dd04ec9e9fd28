//! Other catalogs on a database's server: each a database of its own, with a pool of its own, opened when it is first asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Database;
use crate::contract::{ErrorKind, Features};
use crate::error::CallError;

/// A catalog unused for this long is closed with all its connections; the configured one stays.
const IDLE: Duration = Duration::from_secs(5 * 60);
/// The longest name of a catalog: twice what PostgreSQL allows, and SQL Server's limit.
const MAX_NAME: usize = 128;
/// In a configuration: every catalog on the server.
const ANY: &str = "*";

/// The open ones, by name.
#[derive(Default)]
pub(super) struct Catalogs(Mutex<HashMap<String, Open>>);

struct Open {
    database: Arc<Database>,
    used: Instant,
}

impl Catalogs {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn open(&self) -> Vec<Arc<Database>> {
        self.lock().values().map(|open| open.database.clone()).collect()
    }

    /// Forgets what nobody has used for a while and gives it, to be closed.
    pub(super) fn take_idle(&self) -> Vec<Arc<Database>> {
        let mut open = self.lock();
        let idle = |open: &Open| open.used.elapsed() > IDLE && Arc::strong_count(&open.database) == 1;
        let names: Vec<String> = open.iter().filter(|(_, entry)| idle(entry)).map(|(name, _)| name.clone()).collect();
        names.iter().filter_map(|name| open.remove(name)).map(|entry| entry.database).collect()
    }
}

impl Database {
    /// This database, or another catalog on its server where the configuration lists it.
    ///
    /// # Errors
    /// The name can't be one, or isn't listed, or the server has no catalogs.
    pub fn in_catalog(self: &Arc<Self>, name: Option<&str>) -> Result<Arc<Database>, CallError> {
        let Some(name) = name.filter(|name| Some(*name) != self.catalog()) else { return Ok(self.clone()) };
        self.allow_catalog(name).map_err(|why| why.of(&self.id))?;
        let mut open = self.catalogs.lock();
        if let Some(entry) = open.get_mut(name) {
            entry.used = Instant::now();
            return Ok(entry.database.clone());
        }
        let mut config = self.config.clone();
        config.catalog = Some(name.to_owned());
        let database = Database::assemble(self.id.clone(), config, self.driver.clone(), self.access.clone(), self.files.clone())
            .map_err(|why| CallError::new(ErrorKind::Internal, why).of(&self.id))?;
        let database = Arc::new(database);
        open.insert(name.to_owned(), Open { database: database.clone(), used: Instant::now() });
        Ok(database)
    }

    /// The catalogs that may be named, beside the configured one. `*`: all.
    #[must_use]
    pub fn allowed_catalogs(&self) -> &[String] {
        &self.policy().catalogs
    }

    /// Whether a call may name this catalog.
    #[must_use]
    pub fn allows_catalog(&self, name: &str) -> bool {
        Some(name) == self.catalog() || self.allow_catalog(name).is_ok()
    }

    fn allow_catalog(&self, name: &str) -> Result<(), CallError> {
        let embedded = self.manifest.features.contains(Features::EMBEDDED);
        if !self.manifest.features.contains(Features::CATALOGS) && !embedded {
            let what = format!("the driver {:?} has no catalogs beside the configured one", self.manifest.name);
            return Err(CallError::new(ErrorKind::Unsupported, what).hint("leave `database` out"));
        }
        let characters = name.chars().count();
        let file = !embedded || !(name.starts_with('.') || name.contains(['/', '\\', ':', '?']));
        if characters == 0 || characters > MAX_NAME || name.chars().any(char::is_control) || !file {
            return Err(CallError::new(ErrorKind::InvalidValue, format!("{name:?} can't be the name of a catalog"))
                .hint(format!("1 to {MAX_NAME} characters, without control characters")));
        }
        if self.policy().catalogs.iter().any(|allowed| allowed == name || allowed == ANY) {
            return Ok(());
        }
        let mut listed: Vec<&str> = self.catalog().into_iter().chain(self.policy().catalogs.iter().map(String::as_str)).collect();
        listed.dedup();
        let hint = match listed.as_slice() {
            [] => "leave `database` out".to_owned(),
            listed => format!("there are: {}", listed.join(", ")),
        };
        Err(CallError::new(ErrorKind::Permission, format!("the catalog {name:?} is not among those that may be used here"))
            .hint(format!("{hint}; the operator lists them under `catalogs`")))
    }
}
