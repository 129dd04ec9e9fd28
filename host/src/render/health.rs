//! How a database is, as JSON: the same wherever it is shown.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use crate::database::{Health, State, Trouble};
use crate::error::kind_name;
use crate::pool::PoolStatus;

/// The state, and what explains it: `since`, `next_try`, and the last error. An idle or healthy database's last error is over, and
/// left out unless `all` is asked for.
pub fn health(health: &Health, all: bool) -> Map<String, Value> {
    let mut document = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            document.insert(name.to_owned(), value);
        }
    };
    let shown = all || health.state >= State::Degraded;
    put("state", Some(health.state.name().into()));
    put("since", health.since.filter(|_| shown).map(|since| time(since).into()));
    put("next_try_ms", health.next_try.map(milliseconds));
    put("last_error", health.last_error.as_ref().filter(|_| shown).map(trouble));
    document
}

/// The counts of a pool.
#[must_use]
pub fn pool(pool: PoolStatus) -> Value {
    json!({"max": pool.max, "open": pool.open, "idle": pool.idle, "waiting": pool.waiting})
}

fn trouble(trouble: &Trouble) -> Value {
    json!({"kind": kind_name(trouble.kind), "message": trouble.message, "at": time(trouble.at)})
}

fn time(at: SystemTime) -> String {
    humantime::format_rfc3339_seconds(at).to_string()
}

fn milliseconds(wait: Duration) -> Value {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).into()
}
