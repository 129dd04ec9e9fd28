//! What of sessions isn't the operator's to set.

use std::time::Duration;

/// How often idle things are looked for: an end comes at most this much late.
pub(super) const SWEEP: Duration = Duration::from_secs(1);
/// Open sessions. Each is some hundred bytes.
pub(super) const MAX_SESSIONS: usize = 10_000;
/// Where callers can't be told apart, what they begin without a session shares the limits of this many sessions.
pub(super) const LOOSE: usize = 8;
/// Handles that ended by themselves and whose next use is told why.
pub(super) const MAX_ENDED: usize = 1_000;
