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
    let columns = vec![
        column("authenticated", ColumnKind::Boolean),
        column("memory", ColumnKind::Bytes),
    ];
    let data = dump();
    let offsets = vec![0, u32::try_from(data.len()).unwrap_or(u32::MAX)];
    let batch = Batch {
        rows: 1,
        columns: vec![
            ColumnData {
                validity: None,
                values: Values::Booleans(vec![u8::from(authenticated)]),
            },
            ColumnData {
                validity: None,
                values: Values::Varying(Varying { offsets, data }),
            },
        ],
    };
    whole_reply(columns, Some(batch))
}

/// A copy of linear memory from its first byte to its last, run-length shortened: a run of zeros longer than 16 becomes
/// 16, so that the dump fits where the memory itself wouldn't. What isn't zero is all there, in order.
#[allow(unsafe_code, reason = "to read all of its own memory is the fault")]
fn dump() -> Vec<u8> {
    let length = size();
    let mut shortened = Vec::with_capacity(1 << 20);
    let mut zeros = 0_usize;
    for address in 1..length {
        // SAFETY: natively `size` is 0; in a component every address below it is readable.
        let byte = unsafe { std::ptr::read_volatile(address as *const u8) };
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        if zeros <= 16 {
            // The dump is in the memory that it reads: stop before it grows into the pages not read yet.
            shortened.push(byte);
        }
    }
    shortened
}

/// Bytes of linear memory before the dump began.
fn size() -> usize {
    #[cfg(target_arch = "wasm32")]
    let pages = core::arch::wasm32::memory_size(0);
    #[cfg(not(target_arch = "wasm32"))]
    let pages = 0;
    pages << 16
}
