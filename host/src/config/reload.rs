//! When changes of the configuration are taken.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Taking changes while the server runs.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReloadConfig {
    /// Takes the changes of this file, of drivers and of certificates as they happen. Without it they are taken on SIGHUP.
    pub watch: bool,
}

impl Default for ReloadConfig {
    fn default() -> Self {
        ReloadConfig { watch: true }
    }
}
