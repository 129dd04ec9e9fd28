//! Memory: what a driver keeps of its callers, and all that it holds.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use bulkhead_driver::{Batch, ColumnData, ColumnKind, Reply, Values, Varying};

use crate::healthy::{column, whole_reply};

/// Every statement that this instance was given.
static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// How many statements this instance has been given.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Counts a statement: the answer tells a fresh instance from one that is used again.
pub(crate) fn count() -> u32 {
    COUNT.fetch_add(1, Ordering::Relaxed) + 1
}

/// Keeps the statement, and shows all that were kept before it.
pub(crate) fn remember(statement: &str) -> String {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = seen.join("\n");
    seen.push(statement.to_owned());
    before
}

/// The whole linear memory in one value of type bytes, after a column that says whether the login went through.
pub(crate) fn dump_reply(authenticated: bool) -> Reply {
    let columns = vec![column("authenticated", ColumnKind::Boolean), column("memory", ColumnKind::Bytes)];
    let data = bulkhead_watched::dump();
    let offsets = vec![0, u32::try_from(data.len()).unwrap_or(u32::MAX)];
    let batch = Batch {
        rows: 1,
        columns: vec![
            ColumnData { validity: None, values: Values::Booleans(vec![u8::from(authenticated)]) },
            ColumnData { validity: None, values: Values::Varying(Varying { offsets, data }) },
        ],
    };
    whole_reply(columns, Some(batch))
}
