//! Running a script's statements in order on one connection, by default in one transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Piece;
use crate::contract::{ErrorKind, Features, Parameter, TransactionOptions};
use crate::database::{Consent, Database, Held, QueryResult, Statement};
use crate::error::CallError;

/// How a script is run.
#[derive(Debug, Clone, Copy)]
pub struct ScriptOptions {
    /// All or nothing. Else each statement stands for itself.
    pub transaction: bool,
    /// Refuse writes, even where the database allows them.
    pub read_only: bool,
    /// Whether a person agreed to the whole, where the database asks for that.
    pub consent: Consent,
    /// Whether those after a failed one are run; in a transaction they never are.
    pub go_on: bool,
    /// Of each statement. None: the database's limit.
    pub timeout: Option<Duration>,
    /// When the whole has to be over.
    pub deadline: Option<Instant>,
    /// The most rows of each statement's result.
    pub max_rows: u64,
    /// The most bytes of values of all results together.
    pub max_bytes: u64,
    /// How a caller has each statement stand for itself, for saying so.
    pub instead: &'static str,
}

/// One statement with the values of its parameters.
#[derive(Debug, Clone)]
pub struct Step {
    /// The statement.
    pub piece: Piece,
    /// The values.
    pub params: Vec<Parameter>,
}

/// What one statement came to.
#[derive(Debug)]
pub struct Outcome {
    /// The statement.
    pub piece: Piece,
    /// Its result.
    pub result: Result<QueryResult, CallError>,
    /// How long that took.
    pub elapsed: Duration,
}

/// What a script came to.
#[derive(Debug)]
pub struct Report {
    /// Those that were run, in order.
    pub outcomes: Vec<Outcome>,
    /// How many were not, after one that failed.
    pub not_run: usize,
    /// Without a transaction: true. Else whether its changes were kept.
    pub kept: bool,
    /// Why they weren't, where it was the commit that failed.
    pub commit: Option<CallError>,
}

/// Runs a script's statements. Dropping the future stops it and rolls its transaction back.
///
/// # Errors
/// Nothing was run: the database can't be written, has no transactions, or couldn't be reached; or the script has statements that
/// would end its transaction.
pub async fn run(database: Arc<Database>, steps: Vec<Step>, options: ScriptOptions) -> Result<Report, CallError> {
    if options.transaction {
        fits_a_transaction(&database, &steps, options.instead)?;
    }
    let mut held = Held::open(database.clone()).await?;
    if options.transaction {
        held.begin(TransactionOptions { isolation: None, read_only: options.read_only }).await?;
    }
    let mut report = Report { outcomes: Vec::with_capacity(steps.len()), not_run: 0, kept: !options.transaction, commit: None };
    let mut failed = false;
    let mut rest = options;
    for step in steps {
        if failed && (options.transaction || !options.go_on) || !held.usable() {
            report.not_run += 1;
            continue;
        }
        let began = Instant::now();
        let piece = step.piece.clone();
        let result = match time_left(&rest) {
            Ok(timeout) => held.query(step.statement(&rest, timeout)).await,
            Err(why) => Err(why.of(database.id())),
        };
        failed |= result.is_err();
        if let Ok(result) = &result {
            rest.max_bytes = rest.max_bytes.saturating_sub(result.bytes());
        }
        report.outcomes.push(Outcome { piece, result, elapsed: began.elapsed() });
    }
    if options.transaction && failed {
        if held.usable() {
            // What can't be rolled back is thrown away with its connection.
            let _ = held.rollback().await;
        }
    } else if options.transaction {
        match held.commit().await {
            Ok(()) => report.kept = true,
            Err(why) => report.commit = Some(why),
        }
    }
    held.release().await;
    Ok(report)
}

impl Step {
    /// It as it is run.
    #[must_use]
    pub fn statement(self, options: &ScriptOptions, timeout: Option<Duration>) -> Statement {
        Statement {
            sql: self.piece.sql,
            params: self.params,
            read_only: options.read_only,
            consent: options.consent,
            timeout,
            max_rows: options.max_rows,
            max_bytes: options.max_bytes,
        }
    }
}

/// How long the next statement may take.
///
/// # Errors
/// The time of the whole is over.
pub fn time_left(options: &ScriptOptions) -> Result<Option<Duration>, CallError> {
    let Some(deadline) = options.deadline else { return Ok(options.timeout) };
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(CallError::new(ErrorKind::Timeout, "the timeout of the whole was over before this statement began"));
    }
    Ok(Some(options.timeout.map_or(left, |timeout| timeout.min(left))))
}

fn fits_a_transaction(database: &Database, steps: &[Step], instead: &str) -> Result<(), CallError> {
    if !database.manifest().features.contains(Features::TRANSACTIONS) {
        let what = format!("the driver {:?} has no transactions", database.driver());
        return Err(CallError::new(ErrorKind::Unsupported, what).hint(instead).of(database.id()));
    }
    let Some((number, Step { piece, .. })) = (1..).zip(steps).find(|(_, step)| step.piece.controls_transaction) else {
        return Ok(());
    };
    let what =
        format!("statement {number} (line {}) would begin or end a transaction, and the script is one already", piece.line);
    Err(CallError::new(ErrorKind::InvalidValue, what)
        .hint(format!("leave BEGIN, COMMIT and ROLLBACK out: all or nothing is kept; or {instead}"))
        .of(database.id()))
}
