//! Running a caller's statement: the first batch with `query`, the rest by `next`.
//!
//! A write is stopped four times on a read-only connection: SQLite asks the authorizer while it prepares; it is asked in turn
//! whether the statement is read-only; PRAGMA query_only is on while it runs; and the file is open for reading only, where
//! the whole connection is.

use crate::column::ResultColumn;
use crate::params;
use crate::rules::Mode;
use crate::session::{Compiled, Refused, Session};
use crate::sqlite::{Failure, Setting, Step};
use bulkhead_driver::error::Result;
use bulkhead_driver::{Batch, Column, Completion, Error, ErrorKind, Notice, Parameter, QueryOptions};

/// A statement that is being read.
pub(crate) struct Running {
    cursor: u64,
    compiled: Compiled,
    columns: Vec<ResultColumn>,
    /// A step that was made, and its row not yet taken.
    stepped: Option<Step>,
    rows_left: Option<u64>,
    changes_before: i64,
}

/// How much a batch may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portion {
    pub(crate) rows: u32,
    pub(crate) bytes: u32,
}

/// What `query` came to.
pub(crate) struct Answer {
    pub(crate) columns: Vec<Column>,
    pub(crate) batch: Option<Batch>,
    pub(crate) ending: Ending,
}

/// Whether a result goes on.
pub(crate) enum Ending {
    /// It is over.
    Done(Completion),
    /// It goes on, under this number.
    Rest(u64),
}

impl Running {
    /// Takes the statement out of it.
    pub(crate) fn into_compiled(self) -> Compiled {
        self.compiled
    }

    /// The columns, as they were announced.
    pub(crate) fn columns(&self) -> Vec<Column> {
        self.columns.iter().map(ResultColumn::announce).collect()
    }
}

impl Session {
    /// Runs one statement.
    pub(crate) fn query(&mut self, text: &str, params: &[Parameter], options: &QueryOptions) -> Result<Answer> {
        self.begin_call(Mode::Internal)?;
        let read_only = self.settings.read_only || options.read_only || self.transaction_read_only;
        self.set_query_only(read_only)?;
        let mut outcome = self.start(text, params, options, read_only);
        if self.reads_an_rtree_first(&outcome) {
            self.prepare_virtual_tables()?;
            outcome = self.start(text, params, options, read_only);
        }
        self.database()?.limit(Setting::Attached, 0);
        outcome.map_err(|refused| self.refusal(refused, text))
    }

    /// The next rows of the open result.
    pub(crate) fn next(&mut self, cursor: u64, portion: Portion) -> Result<(Option<Batch>, Option<Completion>)> {
        let Some(mut running) = self.running.take_if(|running| running.cursor == cursor) else {
            return Err(Error::new(ErrorKind::Internal, "the cursor is closed"));
        };
        self.hooks()?.begin(Mode::Caller { read_only: running.compiled.read_only, vacuum: false });
        match running.fill(portion) {
            Ok((batch, false)) => {
                self.running = Some(running);
                Ok((batch, None))
            }
            Ok((batch, true)) => Ok((batch, Some(self.complete(running)?))),
            Err(failure) => Err(self.error(&failure, &running.compiled.text)),
        }
    }

    /// Closes one cursor, if it is the open one.
    pub(crate) fn close_cursor(&mut self, cursor: u64) {
        if self.running.as_ref().is_some_and(|running| running.cursor == cursor) {
            self.close_running();
        }
    }

    fn start(
        &mut self,
        text: &str,
        params: &[Parameter],
        options: &QueryOptions,
        read_only: bool,
    ) -> std::result::Result<Answer, Refused> {
        self.hooks()?.begin(Mode::Caller { read_only, vacuum: false });
        let Some(mut compiled) = self.prepare(text, read_only)? else {
            return Err(Error::new(ErrorKind::Syntax, "there is no statement, only white space or comments").into());
        };
        self.admit_statement(&compiled)?;
        params::bind(&mut compiled.statement, params)?;
        let changes_before = self.database()?.total_changes();
        let first = compiled.statement.step()?;
        self.cursors += 1;
        let mut running = Running {
            cursor: self.cursors,
            // Only after the first step, which is when a changed schema is noticed.
            columns: ResultColumn::of(&mut compiled.statement),
            compiled,
            stepped: Some(first),
            rows_left: options.max_rows,
            changes_before,
        };
        let (batch, ended) = running.fill(Portion { rows: options.batch_rows, bytes: options.batch_bytes })?;
        let columns = running.columns();
        let ending = if ended {
            Ending::Done(self.complete(running)?)
        } else {
            let cursor = running.cursor;
            self.running = Some(running);
            Ending::Rest(cursor)
        };
        Ok(Answer { columns, batch, ending })
    }

    /// The last look at a statement before it runs.
    fn admit_statement(&mut self, compiled: &Compiled) -> Result<()> {
        let Compiled { opening, read_only, statement, .. } = compiled;
        // What a pragma may do is for the authorizer: SQLite counts some that only tell something as writing.
        if *read_only && !statement.is_read_only() && opening.verb != "PRAGMA" {
            let message = format!("{} would change the database: the connection is read-only", opening.tag);
            return Err(Error::new(ErrorKind::ReadOnly, message));
        }
        if opening.verb == "VACUUM" && !read_only {
            // It attaches a temporary database by itself.
            self.hooks()?.set_mode(Mode::Caller { read_only: false, vacuum: true });
            self.database()?.limit(Setting::Attached, 1);
        }
        Ok(())
    }

    fn complete(&mut self, running: Running) -> Result<Completion> {
        let database = self.database()?;
        let opening = &running.compiled.opening;
        let rows_affected = if database.total_changes() == running.changes_before {
            opening.changes_rows().then_some(0)
        } else {
            Some(database.changes())
        };
        let notices = running.columns.iter().filter_map(ResultColumn::name_if_not_utf8).map(not_utf8).collect();
        let command_tag = match rows_affected {
            _ if opening.tag.is_empty() => None,
            Some(rows) => Some(format!("{} {rows}", opening.tag)),
            None => Some(opening.tag.clone()),
        };
        self.keep(running.into_compiled());
        Ok(Completion { rows_affected, command_tag, notices, outputs: Vec::new(), next: None })
    }

    /// An R-tree prepares its writes when it is first looked at, within the caller's own statement; these are refused to a
    /// reader like any others.
    fn reads_an_rtree_first(&self, outcome: &std::result::Result<Answer, Refused>) -> bool {
        matches!(outcome, Err(Refused::Failed(_))) && self.hooks().is_ok_and(|hooks| hooks.refused_perhaps_shadow())
    }

    /// Looks at every virtual table on our own behalf, so that what they prepare is prepared.
    fn prepare_virtual_tables(&mut self) -> Result<()> {
        self.hooks()?.begin(Mode::Internal);
        let mut names = Vec::new();
        self.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage = 0", &[], |row| {
            names.push(String::from_utf8_lossy(row.text(0)).replace('"', "\"\""));
        })?;
        for name in names {
            // One that can't be read is the caller's to hear of, if that is what was asked for.
            let _ = self.database()?.prepare(&format!("SELECT * FROM \"{name}\" LIMIT 0"));
        }
        Ok(())
    }
}

impl Running {
    /// Collects rows until a limit. The bool: the result is over.
    fn fill(&mut self, portion: Portion) -> std::result::Result<(Option<Batch>, bool), Failure> {
        let most_bytes = usize::try_from(portion.bytes).unwrap_or(usize::MAX);
        let (mut rows, mut bytes) = (0_u32, 0_usize);
        let ended = loop {
            if self.rows_left == Some(0) {
                break true;
            }
            // One step past a full batch, so that the last batch is known to be the last.
            let step = match self.stepped.take() {
                Some(step) => step,
                None => self.compiled.statement.step()?,
            };
            if step == Step::Done {
                break true;
            }
            if rows >= portion.rows {
                self.stepped = Some(step);
                break false;
            }
            for column in &mut self.columns {
                bytes += column.push(&self.compiled.statement);
            }
            if bytes > most_bytes && rows > 0 {
                self.columns.iter_mut().for_each(ResultColumn::pop);
                self.stepped = Some(step);
                break false;
            }
            rows += 1;
            if let Some(left) = self.rows_left.as_mut() {
                *left -= 1;
            }
        };
        self.columns.iter_mut().for_each(ResultColumn::settle);
        let batch = (rows > 0).then(|| Batch { rows, columns: self.columns.iter_mut().map(ResultColumn::finish).collect() });
        Ok((batch, ended))
    }
}

fn not_utf8(column: &str) -> Notice {
    Notice {
        severity: "WARNING".to_owned(),
        code: None,
        message: format!("column {column:?} holds text that is not valid UTF-8; it is given as bytes"),
        detail: None,
        hint: None,
    }
}
