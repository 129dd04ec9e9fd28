//! What the answers have in common.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::database::ResultSet;
use crate::mcp::answer;
use crate::render::{self, RowShape};

/// A result's rows as objects by column name, as one value.
pub(super) fn rows(set: &ResultSet) -> Value {
    let mut text = String::new();
    render::rows(&mut text, set, RowShape::Object);
    answer::written(text)
}

/// How many rows a statement returned, or changed.
pub(super) fn row_count(set: &ResultSet) -> u64 {
    let changed = set.completion.as_ref().and_then(|completion| completion.rows_affected);
    if set.columns.is_empty() { changed.unwrap_or(0) } else { set.rows }
}

/// Milliseconds, to the microsecond.
pub(super) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

/// The same since a moment.
pub(super) fn since(began: Instant) -> f64 {
    milliseconds(began.elapsed())
}

/// A time limit in milliseconds, as a client gives it. None, zero and less: no limit of the call's own.
pub(super) fn limit(milliseconds: Option<f64>) -> Option<Duration> {
    let seconds = milliseconds.filter(|milliseconds| *milliseconds > 0.0)? / 1_000.0;
    Duration::try_from_secs_f64(seconds).ok().filter(|limit| !limit.is_zero())
}

const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
/// From here on a larger unit is used, as PostgreSQL writes sizes.
const NEXT_UNIT: u64 = 10 * 1024;

/// A size for people: `8192 bytes`, `24 kB`.
pub(super) fn size(bytes: u64) -> String {
    if bytes < NEXT_UNIT {
        return format!("{bytes} bytes");
    }
    let mut amount = bytes;
    let mut shown = "";
    for unit in UNITS {
        amount = amount.saturating_add(512) / 1024;
        shown = unit;
        if amount < NEXT_UNIT {
            break;
        }
    }
    format!("{amount} {shown}")
}

/// Whether a name is like a pattern of SQL's: `%` for any characters, `_` for one.
pub(super) fn like(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // Which beginnings of the name are like the beginning of the pattern that has been read.
    let mut reached = vec![false; name.len() + 1];
    reached.first_mut().into_iter().for_each(|start| *start = true);
    for wanted in pattern {
        let mut next = vec![false; name.len() + 1];
        let mut any = false;
        for (at, place) in next.iter_mut().enumerate() {
            let here = reached.get(at).copied().unwrap_or(false);
            any |= here;
            let before = at.checked_sub(1).and_then(|before| Some((reached.get(before).copied()?, name.get(before)?)));
            *place = match (wanted, before) {
                ('%', _) => any,
                ('_', Some((true, _))) => true,
                (wanted, Some((true, character))) => wanted == *character,
                _ => false,
            };
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("", "", true),
            ("", "a", false),
            ("%", "", true),
            ("app%", "app_archive", true),
            ("app%", "my_app", false),
            ("%_h", "orders_h", true),
            ("%_h", "h", false),
            ("_é_", "aéb", true),
            ("a%b%c", "a-b-b-c", true),
            ("a%b%c", "acb", false),
        ] {
            assert_eq!(like(pattern, name), expected, "{pattern:?} {name:?}");
        }
    }

    #[test]
    fn sizes() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (8192, "8192 bytes"),
            (10_240, "10 kB"),
            (16_384, "16 kB"),
            (25 << 20, "25 MB"),
            (u64::MAX, "16777216 TB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn limits() {
        assert_eq!(limit(Some(1_500.0)), Some(Duration::from_millis(1_500)));
        for none in [None, Some(0.0), Some(-5.0), Some(f64::NAN), Some(f64::INFINITY)] {
            assert_eq!(limit(none), None, "{none:?}");
        }
    }
}
