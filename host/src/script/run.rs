//! Running a script's statements in order on one connection, by default in one transaction.

use std::sync::Arc;
use std::time::Duration;

use super::Piece;
use crate::contract::{ErrorKind, Features, TransactionOptions};
use crate::database::{Consent, Database, Held, QueryResult, Statement};
use crate::error::CallError;

/// How a script is run.
#[derive(Debug, Clone, Copy)]
pub struct ScriptOptions {
    /// All or nothing. Else each statement stands for itself.
    pub transaction: bool,
    /// Whether a person agreed to the whole script, where the database asks for that.
    pub consent: Consent,
    /// Whether those after a failed one are run; in a transaction they never are.
    pub go_on: bool,
    /// Of each statement. None: the database's limit.
    pub timeout: Option<Duration>,
    /// The most rows of each statement's result.
    pub max_rows: u64,
    /// The most bytes of values of all results together.
    pub max_bytes: u64,
}

/// What one statement came to.
#[derive(Debug)]
pub struct Outcome {
    /// The statement.
    pub piece: Piece,
    /// Its result.
    pub result: Result<QueryResult, CallError>,
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
pub async fn run(database: Arc<Database>, pieces: Vec<Piece>, options: ScriptOptions) -> Result<Report, CallError> {
    if options.transaction {
        fits_a_transaction(&database, &pieces)?;
    }
    let mut held = Held::open(database.clone()).await?;
    if options.transaction {
        held.begin(TransactionOptions { isolation: None, read_only: false }).await?;
    }
    let mut report = Report { outcomes: Vec::with_capacity(pieces.len()), not_run: 0, kept: !options.transaction, commit: None };
    let mut failed = false;
    let mut bytes = options.max_bytes;
    for piece in pieces {
        if failed && (options.transaction || !options.go_on) || !held.usable() {
            report.not_run += 1;
            continue;
        }
        let statement = Statement {
            sql: piece.sql.clone(),
            params: Vec::new(),
            read_only: false,
            consent: options.consent,
            timeout: options.timeout,
            max_rows: options.max_rows,
            max_bytes: bytes,
        };
        let result = held.query(statement).await;
        failed |= result.is_err();
        if let Ok(result) = &result {
            let taken: usize = result.sets.iter().flat_map(|set| &set.batches).map(crate::batch::Batch::bytes).sum();
            bytes = bytes.saturating_sub(taken as u64);
        }
        report.outcomes.push(Outcome { piece, result });
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

fn fits_a_transaction(database: &Database, pieces: &[Piece]) -> Result<(), CallError> {
    if !database.manifest().features.contains(Features::TRANSACTIONS) {
        let what = format!("the driver {:?} has no transactions", database.driver());
        return Err(CallError::new(ErrorKind::Unsupported, what).hint("pass \"single_transaction\": false").of(database.id()));
    }
    let Some((number, piece)) = (1..).zip(pieces).find(|(_, piece)| piece.controls_transaction) else { return Ok(()) };
    let what =
        format!("statement {number} (line {}) would begin or end a transaction, and the script is one already", piece.line);
    Err(CallError::new(ErrorKind::InvalidValue, what)
        .hint("leave BEGIN, COMMIT and ROLLBACK out: all or nothing is kept; or pass \"single_transaction\": false")
        .of(database.id()))
}
