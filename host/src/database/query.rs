//! Running one statement and collecting its result within the limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{Consent, Database};
use crate::batch::Batch;
use crate::connection::{Connection, OpenCursor, Part};
use crate::contract::{self, Column, ErrorKind, Notice, Parameter, QueryOptions};
use crate::error::CallError;
use crate::limits::{BATCH_BYTES, BATCH_ROWS, MAX_RESULT_SETS};
use crate::metrics;
use crate::policy::{Request, Rule, Subject};

/// What to run and how much of it.
#[derive(Debug, Clone)]
pub struct Statement {
    /// One SQL statement.
    pub sql: String,
    /// Its parameters.
    pub params: Vec<Parameter>,
    /// Refuse writes, even where the database allows them.
    pub read_only: bool,
    /// Whether a person agreed, where the database asks for that. Without it only what reads is run.
    pub consent: Consent,
    /// None, or longer than the database's own: the database's.
    pub timeout: Option<Duration>,
    /// The most rows of each result set.
    pub max_rows: u64,
    /// The most bytes of values in all.
    pub max_bytes: u64,
}

/// What a statement answered.
#[derive(Debug)]
pub struct QueryResult {
    /// One for most statements; more from procedures of some databases.
    pub sets: Vec<ResultSet>,
    /// From the call to the last batch, waiting for a connection included.
    pub elapsed: Duration,
}

/// One result set.
#[derive(Debug)]
pub struct ResultSet {
    /// Empty: the statement returns no rows.
    pub columns: Vec<Column>,
    /// The rows.
    pub batches: Vec<Batch>,
    /// How many rows the batches hold.
    pub rows: u64,
    /// Set if there were more than the limits allow.
    pub truncated: Option<Truncation>,
    /// How it ended. None if it was cut.
    pub completion: Option<Completion>,
}

/// How a result set ended.
#[derive(Debug, Clone)]
pub struct Completion {
    /// Rows changed, or returned where the database says so.
    pub rows_affected: Option<u64>,
    /// `SELECT 3`.
    pub command_tag: Option<String>,
    /// What the server said beside the answer.
    pub notices: Vec<Notice>,
    /// Output parameters and return codes.
    pub outputs: Vec<Parameter>,
}

/// Which limit cut a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truncation {
    /// `max_rows`.
    Rows,
    /// `max_bytes`.
    Bytes,
}

impl QueryResult {
    /// The bytes of its values.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.sets.iter().flat_map(|set| &set.batches).map(|batch| batch.bytes() as u64).sum()
    }
}

impl Database {
    /// Runs one statement. Dropping the future stops it on the server.
    ///
    /// # Errors
    /// What the database, the driver, the policy or a limit said.
    pub async fn query(&self, statement: Statement) -> Result<QueryResult, CallError> {
        let began = Instant::now();
        let (statement, limit) = self.permit_alone(statement)?;
        let collected = self
            .run(Some(limit), move |connection| Box::pin(async move { collect(connection, &statement, limit, false).await }))
            .await?;
        Ok(self.counted(collected.sets, began))
    }

    /// An answer's parts together, counted.
    pub(super) fn counted(&self, sets: Vec<ResultSet>, began: Instant) -> QueryResult {
        let result = QueryResult { sets, elapsed: began.elapsed() };
        self.line.measured.gave(result.sets.iter().map(|set| set.rows).sum(), result.bytes());
        result
    }

    /// As [`Database::permit`], for a statement outside of any transaction: the server too is to refuse the writes that nobody
    /// agreed to, if its text hid them.
    pub(super) fn permit_alone(&self, statement: Statement) -> Result<(Statement, Duration), CallError> {
        let (mut statement, limit) = self.permit(statement)?;
        statement.read_only |= self.confirm_writes() && !statement.consent.is_given();
        Ok((statement, limit))
    }

    /// What of a statement this database allows: its limits cut to size, and the policy's word.
    pub(super) fn permit(&self, mut statement: Statement) -> Result<(Statement, Duration), CallError> {
        let (rows, bytes) = self.most();
        statement.read_only |= self.read_only();
        statement.max_rows = statement.max_rows.min(rows);
        statement.max_bytes = statement.max_bytes.min(bytes);
        self.decide(Subject::Statement(&statement.sql), statement.read_only, statement.consent)?;
        let most = self.statement_timeout();
        let limit = statement.timeout.map_or(most, |timeout| timeout.min(most));
        Ok((statement, limit))
    }
}

tokio::task_local! {
    /// Counts the rows that have come, where somebody wants to know on the way.
    pub(crate) static ROWS_READ: Arc<AtomicU64>;
}

impl Database {
    /// The one place where the policy is asked.
    ///
    /// # Errors
    /// What it said.
    pub fn decide(&self, subject: Subject<'_>, read_only: bool, consent: Consent) -> Result<(), CallError> {
        let request = Request { subject, read_only, agreed: consent.is_given() };
        let Err(refusal) = self.judge.decide(&request) else { return Ok(()) };
        if matches!(request.subject, Subject::Statement(_)) {
            metrics::concerns(&self.line.measured);
            self.line.measured.refused();
        }
        let kind = if refusal.rule() == Rule::ReadOnly { ErrorKind::ReadOnly } else { ErrorKind::Permission };
        Err(CallError::new(kind, refusal.to_string()).hint(refusal.hint()).of(self.id()))
    }
}

pub(super) fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// What was read of a statement's result, and what wasn't.
pub(super) struct Collected {
    pub(super) sets: Vec<ResultSet>,
    /// Set if the last of the sets was cut and is to be read on.
    pub(super) rest: Option<Rest>,
}

/// A result that is still to be read on.
pub(super) struct Rest {
    cursor: OpenCursor,
    /// Rows that came and were not asked for yet, and the end if it came with them.
    part: Part,
    columns: Vec<Column>,
}

impl Rest {
    /// Stops the result where it is.
    pub(super) async fn close(self, connection: &mut Connection) -> Result<(), CallError> {
        connection.close_cursor(self.cursor).await
    }
}

/// How much of a result is taken at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portion {
    pub(super) max_rows: u64,
    pub(super) max_bytes: u64,
}

/// Runs a statement and reads its result within the limits. With `keep` a cut result stays open.
pub(super) async fn collect(
    connection: &mut Connection,
    statement: &Statement,
    limit: Duration,
    keep: bool,
) -> Result<Collected, CallError> {
    let portion = Portion { max_rows: statement.max_rows, max_bytes: statement.max_bytes };
    let budget = Budget::new(portion);
    let options = QueryOptions {
        read_only: statement.read_only,
        timeout_ms: Some(milliseconds(limit)),
        // One more than is taken, to see that there is more. What is to be read on has no end beforehand.
        max_rows: (!keep).then(|| statement.max_rows.saturating_add(1)),
        batch_rows: budget.batch_rows(),
        batch_bytes: budget.batch_bytes(),
    };
    let (cursor, part) = connection.query(&statement.sql, &statement.params, options).await?;
    read(connection, cursor, part, portion, keep, None).await
}

/// Reads on where an earlier portion ended.
pub(super) async fn collect_on(connection: &mut Connection, rest: Rest, portion: Portion) -> Result<Collected, CallError> {
    read(connection, rest.cursor, rest.part, portion, true, Some(rest.columns)).await
}

async fn read(
    connection: &mut Connection,
    mut cursor: OpenCursor,
    mut part: Part,
    portion: Portion,
    keep: bool,
    mut columns: Option<Vec<Column>>,
) -> Result<Collected, CallError> {
    let mut budget = Budget::new(portion);
    let mut sets = Vec::with_capacity(1);
    loop {
        let mut set = ResultSet {
            columns: columns.take().unwrap_or_else(|| std::mem::take(&mut cursor.columns)),
            batches: Vec::new(),
            rows: 0,
            truncated: None,
            completion: None,
        };
        budget.rows = portion.max_rows;
        let next = loop {
            if let Some(batch) = part.batch.take() {
                let (cut, left) = budget.take(batch, &mut set, keep);
                (set.truncated, part.batch) = (cut, left);
            }
            if set.truncated.is_some() {
                break None;
            }
            if let Some(done) = part.done.take() {
                let (completion, next) = completed(done);
                set.completion = Some(completion);
                break next;
            }
            part = connection.next(&mut cursor, budget.batch_rows(), budget.batch_bytes()).await?;
        };
        if set.truncated.is_some() {
            let rest = if keep {
                let columns = set.columns.clone();
                Some(Rest { cursor, part, columns })
            } else {
                connection.close_cursor(cursor).await?;
                None
            };
            sets.push(set);
            return Ok(Collected { sets, rest });
        }
        sets.push(set);
        let Some(next) = next else { return Ok(Collected { sets, rest: None }) };
        cursor = connection.next_result(next).await?;
        if sets.len() >= MAX_RESULT_SETS {
            connection.close_cursor(cursor).await?;
            return Err(CallError::new(
                ErrorKind::Resources,
                format!("the statement gave more than {MAX_RESULT_SETS} result sets"),
            ));
        }
        part = connection.next(&mut cursor, budget.batch_rows(), budget.batch_bytes()).await?;
    }
}

fn completed(done: contract::Completion) -> (Completion, Option<wasmtime::component::ResourceAny>) {
    let contract::Completion { rows_affected, command_tag, notices, outputs, next } = done;
    (Completion { rows_affected, command_tag, notices, outputs }, next)
}

/// What may still be taken.
struct Budget {
    rows: u64,
    bytes: u64,
}

impl Budget {
    fn new(portion: Portion) -> Budget {
        Budget { rows: portion.max_rows, bytes: portion.max_bytes }
    }

    /// One more than may be taken, so that a result that just fits is told from one that is cut.
    fn batch_rows(&self) -> u32 {
        u32::try_from(self.rows).map_or(BATCH_ROWS, |rows| rows.saturating_add(1).min(BATCH_ROWS))
    }

    fn batch_bytes(&self) -> u32 {
        u32::try_from(self.bytes).map_or(BATCH_BYTES, |bytes| bytes.clamp(1, BATCH_BYTES))
    }

    /// Takes what fits of a batch, and says which limit cut it; with `keep` also what is left.
    fn take(&mut self, mut batch: Batch, set: &mut ResultSet, keep: bool) -> (Option<Truncation>, Option<Batch>) {
        let mut cut = None;
        let most = usize::try_from(self.rows).unwrap_or(usize::MAX);
        let mut taken = batch.rows();
        if taken > most {
            taken = most;
            cut = Some(Truncation::Rows);
        }
        let fit = batch.rows_within(self.bytes);
        if fit < taken {
            // The first row of all is given whatever its size: an answer without a row would never get further.
            let fit = if set.rows == 0 { fit.max(1) } else { fit };
            if fit < taken {
                taken = fit;
                cut = Some(Truncation::Bytes);
            }
        }
        let left = (keep && taken < batch.rows()).then(|| batch.after(taken));
        batch.truncate(taken);
        let rows = batch.rows() as u64;
        let _ = ROWS_READ.try_with(|read| read.fetch_add(rows, Ordering::Relaxed));
        self.rows -= rows.min(self.rows);
        self.bytes = self.bytes.saturating_sub(batch.bytes() as u64);
        set.rows += rows;
        if batch.rows() > 0 {
            set.batches.push(batch);
        }
        (cut, left)
    }
}
