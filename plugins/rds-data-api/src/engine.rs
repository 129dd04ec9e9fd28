//! The two engines behind the service, and where they differ for more than one module.

use serde::Deserialize;

/// What runs in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Aurora PostgreSQL.
    #[default]
    PostgreSql,
    /// Aurora MySQL.
    MySql,
}

impl Engine {
    /// Its name for people.
    #[must_use]
    pub fn product(self) -> &'static str {
        match self {
            Engine::PostgreSql => "PostgreSQL",
            Engine::MySql => "MySQL",
        }
    }
}
