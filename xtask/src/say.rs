//! Progress for people, on stderr, so that a command's result can be piped.

use std::fmt::Display;
use std::io::IsTerminal;
use std::time::Instant;

/// Says what starts now: one line a step, `==> building postgres`.
pub(crate) fn step(what: impl Display) {
    if std::io::stderr().is_terminal() {
        eprintln!("\x1b[1;34m==>\x1b[0m {what}");
    } else {
        eprintln!("==> {what}");
    }
}

/// Says a detail of the step that runs.
pub(crate) fn note(what: impl Display) {
    eprintln!("    {what}");
}

/// A time span as people say it: `0.4 s`, `2 min 5 s`.
pub(crate) fn since(start: Instant) -> String {
    let elapsed = start.elapsed();
    if elapsed.as_secs() < 60 {
        format!("{:.1} s", elapsed.as_secs_f64())
    } else {
        format!("{} min {} s", elapsed.as_secs() / 60, elapsed.as_secs() % 60)
    }
}

/// A size as people say it: `471 KB`, `1.9 MB`.
pub(crate) fn size(bytes: u64) -> String {
    if bytes < 1_000_000 {
        format!("{} KB", bytes.div_ceil(1_000))
    } else {
        format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
    }
}
