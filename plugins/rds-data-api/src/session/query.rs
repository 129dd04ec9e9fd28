//! Running a statement.
//!
//! Read-only: in a transaction of its own, made read-only before the statement and rolled back after it. Else the statement alone, which
//! the service commits. A query gets a LIMIT where the caller takes only so many rows and it has none; should the answer still be larger
//! than the service gives, PostgreSQL's is read through a cursor instead (`scroll`).

use super::scroll::Scroll;
use super::{Answer, Open, Part, Session};
use crate::engine::Engine;
use crate::params::{Bound, bind};
use crate::protocol::{Executed, Field};
use crate::service::Service;
use crate::statement::Statement;
use crate::values::Rows;
use bulkhead_driver::{Completion, Error, ErrorKind, Parameter, QueryOptions, Value};

impl<S: Service> Session<S> {
    /// Runs one statement.
    ///
    /// # Errors
    /// The database's, the service's or the driver's.
    pub fn query(&mut self, text: &str, params: &[Parameter], options: &QueryOptions) -> Result<Answer, Error> {
        self.leave()?;
        let statement = Statement::parse(self.engine, text)?;
        let bound = bind(&statement, params)?;
        self.allow(&statement, options.read_only)?;
        if options.read_only && self.transaction.is_none() {
            self.start(true, true)?;
            if let Err(error) = self.restrict(options.timeout_ms) {
                self.abandon();
                return Err(error);
            }
        }
        let answer = self.run(&statement, &bound, options);
        match &answer {
            Ok(answer) if answer.done.is_some() => self.finish_own()?,
            Err(_) if self.transaction.as_ref().is_some_and(|open| open.own) => self.abandon(),
            _ => {}
        }
        answer
    }

    fn run(&mut self, statement: &Statement, bound: &Bound, options: &QueryOptions) -> Result<Answer, Error> {
        self.runs = self.runs.wrapping_add(1);
        let sql = match options.max_rows {
            Some(most) if statement.takes_limit() => format!("{}\nLIMIT {most}", bound.sql),
            _ => bound.sql.clone(),
        };
        let repeat = self.repeat(statement);
        let (executed, scroll) = match self.try_execute(&sql, &bound.parameters, repeat) {
            Ok(executed) => (executed, None),
            Err(failed) if failed.is_too_large() && self.engine == Engine::PostgreSql && statement.takes_cursor() => {
                let (scroll, executed) = self.scroll(&sql, &bound.parameters, options)?;
                (executed, Some(scroll))
            }
            Err(failed) => {
                let interrupted = failed.is_interruption();
                let mut error = Error::from(failed);
                if interrupted && self.transaction.is_none() && !statement.is_read() {
                    error.detail = Some(
                        "what the statement had changed by then is not known: the service has no request to stop it".to_owned(),
                    );
                }
                return Err(self.after(error));
            }
        };
        self.answer(executed, scroll, options)
    }

    fn answer(&mut self, mut executed: Executed, scroll: Option<Scroll>, options: &QueryOptions) -> Result<Answer, Error> {
        let run = self.runs;
        let updated = executed.number_of_records_updated;
        let outputs = generated(executed.generated_fields.take());
        let Some(mut rows) = Rows::of(self.engine, executed) else {
            let rows_affected = updated.and_then(|count| u64::try_from(count).ok());
            let done = Completion { rows_affected, command_tag: None, notices: vec![], outputs, next: None };
            return Ok(Answer { run, columns: vec![], batch: None, done: Some(done) });
        };
        if let (None, Some(most)) = (&scroll, options.max_rows) {
            rows.truncate(most);
        }
        let columns = rows.columns.clone();
        self.open = Some(Open { run, rows, scroll });
        let part = self.part(options.batch_rows, options.batch_bytes)?;
        Ok(Answer { run, columns, batch: part.batch, done: part.done })
    }

    /// The next rows of an open result.
    ///
    /// # Errors
    /// Another call has closed it; or as for [`Session::query`].
    pub fn next_part(&mut self, run: u64, max_rows: u32, max_bytes: u32) -> Result<Part, Error> {
        if self.open.as_ref().is_none_or(|open| open.run != run) {
            return Err(Error::new(ErrorKind::InvalidValue, "the cursor is closed: another call was made on its connection"));
        }
        let part = self.part(max_rows, max_bytes);
        match &part {
            Ok(part) if part.done.is_some() => self.finish_own()?,
            Err(_) => self.leave()?,
            Ok(_) => {}
        }
        part
    }

    /// Closes an open result.
    ///
    /// # Errors
    /// Its transaction couldn't be ended.
    pub fn close_part(&mut self, run: u64) -> Result<(), Error> {
        if self.open.as_ref().is_some_and(|open| open.run == run) { self.leave() } else { Ok(()) }
    }

    /// Leaves what is open of the last statement.
    pub(super) fn leave(&mut self) -> Result<(), Error> {
        let open = self.open.take();
        if self.transaction.as_ref().is_some_and(|open| open.own) {
            return self.finish_own();
        }
        match open {
            Some(Open { scroll: Some(scroll), .. }) if !scroll.ended => self.close_scroll(),
            _ => Ok(()),
        }
    }

    fn part(&mut self, max_rows: u32, max_bytes: u32) -> Result<Part, Error> {
        let Some(mut open) = self.open.take() else {
            return Ok(Part { batch: None, done: Some(ended()) });
        };
        if open.rows.is_empty()
            && let Some(scroll) = &mut open.scroll
            && !scroll.ended
        {
            open.rows.refill(self.fetch(scroll)?);
        }
        let batch = open.rows.batch(max_rows, max_bytes)?;
        let more = !open.rows.is_empty() || open.scroll.as_ref().is_some_and(|scroll| !scroll.ended);
        if more {
            self.open = Some(open);
        }
        Ok(Part { batch, done: (!more).then(ended) })
    }

    /// A database's error leaves a transaction as it is; when its state isn't known, it is given up.
    pub(super) fn after(&mut self, error: Error) -> Error {
        let lost = matches!(error.kind, ErrorKind::Connection | ErrorKind::Protocol | ErrorKind::Cancelled | ErrorKind::Timeout);
        if lost && error.sqlstate.is_none() && self.transaction.as_ref().is_some_and(|open| !open.own) {
            self.abandon();
            return error.connection_lost();
        }
        error
    }
}

fn ended() -> Completion {
    Completion { rows_affected: None, command_tag: None, notices: vec![], outputs: vec![], next: None }
}

/// MySQL's generated keys.
fn generated(fields: Option<Vec<Field>>) -> Vec<Parameter> {
    let value = |field| match field {
        Field::Null | Field::Array(_) => Value::Null,
        Field::Boolean(value) => Value::Boolean(value),
        Field::Long(value) => Value::Int64(value),
        Field::Double(value) => Value::Float64(value),
        Field::Text(value) | Field::Blob(value) => Value::Text(value),
    };
    let named = |(at, field): (usize, Field)| Parameter {
        name: Some(format!("generated_{}", at + 1)),
        value: value(field),
        type_hint: None,
    };
    fields.unwrap_or_default().into_iter().enumerate().map(named).collect()
}
