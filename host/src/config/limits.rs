//! What one database's driver may use of the machine.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration;

/// Limits of one connection of a database, in place of its driver's.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Linear memory, in MiB: 1 to 256.
    pub max_memory_mib: Option<u32>,
    /// CPU time of one call, 10ms to 10m. A call that waits for its server uses none.
    #[serde(with = "duration::optional")]
    #[schemars(with = "Option<duration::Text>")]
    pub max_cpu_time: Option<Duration>,
}

/// The least and most CPU time that can be meant.
const CPU_TIME: std::ops::RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(600);
/// As for a driver.
const MEMORY_MIB: std::ops::RangeInclusive<u32> = 1..=256;

impl LimitsConfig {
    /// What is wrong, by key.
    pub(super) fn check(&self) -> Option<(String, String)> {
        if self.max_memory_mib.is_some_and(|mib| !MEMORY_MIB.contains(&mib)) {
            return Some(("limits.max_memory_mib".to_owned(), "1 to 256".to_owned()));
        }
        if self.max_cpu_time.is_some_and(|time| !CPU_TIME.contains(&time)) {
            return Some(("limits.max_cpu_time".to_owned(), "10ms to 10m".to_owned()));
        }
        None
    }
}

/// Connections of all databases together.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionsConfig {
    /// The most that are open at once. Past it the one that was unused for longest makes room, and where all are in use a call waits
    /// as it does for its pool.
    pub max: usize,
}

impl Default for ConnectionsConfig {
    fn default() -> Self {
        // Some 150 MiB in all where each holds what connections usually hold.
        ConnectionsConfig { max: 1_000 }
    }
}
