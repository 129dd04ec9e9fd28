//! Statements that stand for themselves, several at once, each on a connection of its own.

use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::database::{Database, QueryResult};
use crate::error::CallError;
use crate::script::{ScriptOptions, Step, time_left};

/// Runs the statements, `at_once` of them together, and gives what those that ran came to, in order. What is still allowed of bytes is
/// shared by those that run together.
pub(super) async fn run(
    database: &Database,
    steps: Vec<Step>,
    options: ScriptOptions,
    at_once: usize,
) -> Vec<(usize, Result<QueryResult, CallError>, Duration)> {
    let mut outcomes = Vec::with_capacity(steps.len());
    let mut bytes = options.max_bytes;
    let mut steps = steps.into_iter().enumerate();
    loop {
        let together: Vec<(usize, Step)> = steps.by_ref().take(at_once).collect();
        if together.is_empty() {
            return outcomes;
        }
        let share = bytes / u64::try_from(together.len()).unwrap_or(u64::MAX);
        let running = together.into_iter().map(async |(at, step)| {
            let began = Instant::now();
            let options = ScriptOptions { max_bytes: share, ..options };
            let result = match time_left(&options) {
                Ok(timeout) => database.query(step.statement(&options, timeout)).await,
                Err(why) => Err(why.of(database.id())),
            };
            (at, result, began.elapsed())
        });
        let ended = join_all(running).await;
        for (_, result, _) in &ended {
            bytes = bytes.saturating_sub(result.as_ref().map_or(0, QueryResult::bytes));
        }
        let failed = ended.iter().any(|(_, result, _)| result.is_err());
        outcomes.extend(ended);
        if failed && !options.go_on {
            return outcomes;
        }
    }
}
