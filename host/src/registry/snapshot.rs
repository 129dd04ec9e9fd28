//! What is configured at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use crate::config::{DatabaseConfig, SavedStatement, ServerConfig};
use crate::contract::ErrorKind;
use crate::database::Database;
use crate::dynamic::Rules;
use crate::error::CallError;

/// The most ids that an error lists: it goes into a model's context.
const MAX_LISTED: usize = 50;

/// The databases, saved statements and tools of one moment. Doesn't change.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) number: u64,
    pub(super) databases: BTreeMap<String, Arc<Database>>,
    pub(super) unavailable: BTreeMap<String, Unavailable>,
    pub(super) default: Option<String>,
    pub(super) statements: BTreeMap<String, SavedStatement>,
    pub(super) server: ServerConfig,
    pub(super) dynamic: Option<Arc<Rules>>,
}

/// A configured database that can't be opened yet: its driver or one of its files isn't there or isn't good.
#[derive(Debug, Clone)]
pub struct Unavailable {
    pub(super) config: DatabaseConfig,
    /// Why. Holds no secret.
    pub reason: String,
    /// Since when.
    pub since: SystemTime,
}

impl Unavailable {
    /// The driver's name, as configured.
    #[must_use]
    pub fn driver(&self) -> &str {
        &self.config.driver
    }

    /// The operator's description.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.config.description.as_deref()
    }

    /// What else the operator says of it.
    #[must_use]
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.config.labels
    }

    /// Whether all writes are refused.
    #[must_use]
    pub fn read_only(&self) -> bool {
        self.config.read_only()
    }
}

impl Snapshot {
    /// Larger in each snapshot than in the one before.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The databases that can be used, by id.
    pub fn databases(&self) -> impl Iterator<Item = &Arc<Database>> {
        self.databases.values()
    }

    /// The databases that can't be opened, by id.
    pub fn unavailable(&self) -> impl Iterator<Item = (&str, &Unavailable)> {
        self.unavailable.iter().map(|(id, entry)| (id.as_str(), entry))
    }

    /// Every configured database, whether it can be used or not, by id.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &DatabaseConfig)> {
        let open = self.databases.values().map(|database| (database.id(), database.config()));
        let mut all: Vec<_> = open.chain(self.unavailable.iter().map(|(id, entry)| (id.as_str(), &entry.config))).collect();
        all.sort_by_key(|(id, _)| *id);
        all.into_iter()
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

    /// The server's part of the configuration. What of it concerns the listener holds from the next start on.
    #[must_use]
    pub fn server(&self) -> &ServerConfig {
        &self.server
    }

    /// What databases callers may name themselves. None: none.
    pub(crate) fn dynamic(&self) -> Option<&Arc<Rules>> {
        self.dynamic.as_ref()
    }

    /// The database of that id; without one the default.
    ///
    /// # Errors
    /// The id is unknown, or there is no default: says which ids there are. Or the database can't be opened: says why.
    pub fn resolve(&self, id: Option<&str>) -> Result<Arc<Database>, CallError> {
        let Some(id) = id.or(self.default.as_deref()) else {
            return Err(CallError::new(ErrorKind::Undefined, "no database was named and there is no default")
                .hint(format!("pass database_id; there are: {}", self.ids())));
        };
        if let Some(database) = self.databases.get(id) {
            return Ok(database.clone());
        }
        if let Some(entry) = self.unavailable.get(id) {
            let since = humantime::format_rfc3339_seconds(entry.since);
            return Err(CallError::new(ErrorKind::Connection, format!("{id:?} is down since {since}: {}", entry.reason))
                .hint("the operator has to mend it; it is tried again by itself, so try again later")
                .retryable());
        }
        Err(CallError::new(ErrorKind::Undefined, format!("there is no database {id:?}"))
            .hint(format!("there are: {}", self.ids())))
    }

    fn ids(&self) -> String {
        let all = self.databases.len() + self.unavailable.len();
        let ids = self.databases.keys().chain(self.unavailable.keys()).map(String::as_str);
        let mut listed = ids.take(MAX_LISTED).collect::<Vec<_>>().join(", ");
        if all > MAX_LISTED {
            listed.push_str(&format!(" and {} more (list_databases)", all - MAX_LISTED));
        }
        listed
    }
}
