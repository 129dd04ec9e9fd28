//! What databases callers may name, with the drivers for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::given::{Given, invalid};
use crate::config::{DynamicConfig, TlsMode};
use crate::contract::ErrorKind;
use crate::database::{Database, OpenError};
use crate::driver::Driver;
use crate::error::CallError;
use crate::transport::Allowed;

/// The rules of one configuration.
pub(crate) struct Rules {
    config: Arc<DynamicConfig>,
    allowed: Arc<Allowed>,
    /// By name; or why they can't be used.
    drivers: BTreeMap<String, Result<Arc<Driver>, String>>,
}

impl Rules {
    /// The rules of a configuration's section.
    pub(crate) fn new(config: Arc<DynamicConfig>, drivers: BTreeMap<String, Result<Arc<Driver>, String>>) -> Rules {
        let allowed = Arc::new(Allowed::new(config.hosts.clone(), config.ports.clone()));
        Rules { config, allowed, drivers }
    }

    /// The section.
    pub(crate) fn config(&self) -> &Arc<DynamicConfig> {
        &self.config
    }

    /// The database that a caller named. Connects to nothing.
    ///
    /// # Errors
    /// What was given isn't well-formed, or the rules don't allow it: says which.
    pub(crate) fn database(&self, id: &str, given: Given, description: Option<String>) -> Result<Arc<Database>, CallError> {
        let default_tls = self.config.tls_modes.first().copied().unwrap_or(TlsMode::VerifyFull);
        let given = given.entry(default_tls)?;
        let driver = self.driver(&given.driver)?.clone();
        let mut entry = self.entry(given, &driver)?;
        entry.description = description;
        let opened = Database::open_among(id, entry, &driver, Some(self.allowed.clone()));
        opened.map(Arc::new).map_err(|why| match why {
            OpenError::Wrong(why) => invalid(why),
            OpenError::Missing(why) => {
                // It is about the operator's files.
                tracing::warn!(driver = %driver.name, "a dynamic connection: {why}");
                CallError::new(ErrorKind::Connection, "a file that the operator set for dynamic connections can't be used")
            }
        })
    }

    pub(super) fn allowed(&self) -> &Allowed {
        &self.allowed
    }

    fn driver(&self, name: &str) -> Result<&Arc<Driver>, CallError> {
        match self.drivers.get(name) {
            Some(Ok(driver)) => Ok(driver),
            Some(Err(why)) => {
                tracing::warn!(driver = %name, "no dynamic connection: {why}");
                Err(CallError::new(ErrorKind::Connection, format!("the driver {name:?} can't be loaded now")).retryable())
            }
            None => {
                let listed: Vec<&str> = self.config.drivers.iter().map(String::as_str).collect();
                let what = "the driver is not among those that may be used (dynamic.drivers)";
                Err(CallError::new(ErrorKind::Permission, what).hint(format!("there are: {}", listed.join(", "))))
            }
        }
    }
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").field("config", &self.config).finish_non_exhaustive()
    }
}
