//! Counts tests from what the runner prints, while people watch it.

use std::io::{BufRead, BufReader, IsTerminal};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use crate::guard::Guarded;

/// Tests that passed and failed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) passed: u64,
    pub(super) failed: u64,
}

impl Count {
    /// Runs a test command, shows what it says and adds what it counted.
    pub(super) fn run(&mut self, command: &mut Command) -> Result<()> {
        if std::io::stderr().is_terminal() {
            command.env("CARGO_TERM_COLOR", "always");
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Guarded::spawn(command, Signal::SIGTERM)?;
        let (stdout, stderr) = child.outputs().context("a test command without outputs")?;
        let other = thread::spawn(move || follow(stderr));
        let mut count = follow(stdout);
        match other.join() {
            Ok(more) => count.add(&more),
            Err(_) => bail!("cannot follow a test command"),
        }
        self.add(&count);
        let status = child.wait()?;
        if !status.success() {
            bail!("{} failed ({status})", count.failed);
        }
        Ok(())
    }

    fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

fn follow(output: impl std::io::Read) -> Count {
    let mut count = Count::default();
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    // Bytes, not text: a test may print anything.
    while output.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line);
        eprint!("{text}");
        count.add(&counted(&text));
        line.clear();
    }
    count
}

/// What a summary line says: libtest's `test result: ok. 3 passed; 1 failed; …` or nextest's
/// `Summary [ 1.2s] 4 tests run: 3 passed (1 slow), 1 failed, 0 skipped`. Other lines count nothing.
fn counted(line: &str) -> Count {
    let line = plain(line);
    let nextest = line.trim_start().starts_with("Summary [") && line.contains(" run: ");
    // Not what nextest shows of a failed test's own output, which is further in: the test would count twice.
    if !nextest && !line.starts_with("test result:") {
        return Count::default();
    }
    let number = |word: &str| {
        let words: Vec<&str> = line.split([' ', ';', ',', ':']).filter(|part| !part.is_empty()).collect();
        let at = words.windows(2).find_map(|pair| match pair {
            [number, found] if *found == word => number.parse().ok(),
            _ => None,
        });
        at.unwrap_or(0)
    };
    // nextest says `1 timed out` beside the failed.
    Count { passed: number("passed"), failed: number("failed") + number("timed") }
}

/// Without the terminal's colours.
fn plain(line: &str) -> String {
    let mut parts = line.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or(part, |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_counted() {
        let cases = [
            ("test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out", 12, 0),
            ("test result: \x1b[31mFAILED\x1b[m. 3 passed; 2 failed; 0 ignored", 3, 2),
            ("     Summary [   0.005s] 5 tests run: 3 passed (1 slow), 2 failed, 7 skipped\n", 3, 2),
            (
                "\x1b[32;1m     Summary\x1b[0m [ 2.1s] \x1b[1m4\x1b[0m tests run: \x1b[1m2\x1b[0m passed, 1 failed, 1 timed out, 0 skipped",
                2,
                2,
            ),
            ("12 passed; 3 failed", 0, 0),
            ("    test result: FAILED. 0 passed; 1 failed; 0 ignored", 0, 0),
        ];
        for (line, passed, failed) in cases {
            assert_eq!(counted(line), Count { passed, failed }, "{line}");
        }
    }
}
