//! How long what callers have between calls waits for them.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration;

/// Sessions, transactions and open results.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SessionsConfig {
    /// A session that isn't used for this long ends: longer than a person thinks, shorter than a working day.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub idle_timeout: Duration,
    /// And however much it is used, after this.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub max_lifetime: Duration,
    /// A transaction that isn't used for this long is rolled back: it holds locks that others wait for.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub transaction_idle_timeout: Duration,
    /// A result that isn't read on for this long is closed: it holds a connection.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub cursor_idle_timeout: Duration,
    /// Connections that one session has in use at once: by calls that run, transactions and open results. Beyond that a call waits.
    pub max_connections: usize,
    /// Open transactions of one session.
    pub max_transactions: usize,
    /// Open results of one session; one more closes the oldest.
    pub max_cursors: usize,
    /// Sessions of the protocol's own at once, over HTTP: each holds two tasks, some channels and its last answer.
    pub max_protocol_sessions: usize,
}

impl Default for SessionsConfig {
    fn default() -> Self {
        SessionsConfig {
            idle_timeout: Duration::from_secs(30 * 60),
            max_lifetime: Duration::from_secs(24 * 60 * 60),
            transaction_idle_timeout: Duration::from_secs(60),
            cursor_idle_timeout: Duration::from_secs(60),
            // More than its transactions and results together, so that calls get on.
            max_connections: 16,
            max_transactions: 4,
            max_cursors: 4,
            max_protocol_sessions: 4_096,
        }
    }
}
