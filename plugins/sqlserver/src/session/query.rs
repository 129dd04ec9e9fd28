//! Running one statement.
//!
//! Without parameters it goes as a batch, so that what it sets and makes lasts as long as the session; with parameters by
//! sp_executesql; a call of a procedure and nothing else as that call, so that its return code and output parameters come back.
//! A read-only statement is looked at, and runs in a transaction that is rolled back.

use super::call::Call;
use super::cursor::{Next, Run};
use super::parameters::{self, Given};
use super::reset::Traces;
use super::{Fault, Session};
use crate::protocol::packet::Kind;
use crate::protocol::request::{self, Level};
use crate::tsql::{self, More};
use crate::wire::Wire;
use bulkhead_driver::{Batch, Column, Completion, Error, ErrorKind, Parameter, QueryOptions};

/// What `query` answers: `done`, or a result that is open under `run`.
#[derive(Debug)]
pub struct Answer {
    /// The columns.
    pub columns: Vec<Column>,
    /// The first rows.
    pub batch: Option<Batch>,
    /// The end, if it was reached.
    pub done: Option<Completion>,
    /// The next result set, if there is one and the end of this one was reached.
    pub next: Option<Next>,
    /// The number of the open result, otherwise.
    pub run: u64,
}

impl<W: Wire> Session<W> {
    /// Runs a statement.
    ///
    /// # Errors
    /// The server's, or the connection's.
    pub fn query(&mut self, sql: &str, params: &[Parameter], options: &QueryOptions) -> Result<Answer, Error> {
        if sql.contains('\0') {
            return Err(Error::new(ErrorKind::Syntax, "the statement contains a zero byte"));
        }
        let read_only = options.read_only || self.read_only;
        let given = parameters::given(params)?;
        let reads = tsql::reads_only(sql);
        if read_only {
            reads.clone().map_err(refused)?;
        }
        self.call(|session| {
            session.traces = session.traces.max(if reads.is_ok() { Traces::Reading } else { Traces::Any });
            if read_only {
                session.guard()?;
            }
            session.send(sql, &given);
            session.run = Some(session.first(options)?);
            let columns = session.run.as_mut().map(Run::take_columns).unwrap_or_default();
            let run = session.run.as_ref().map_or(0, |run| run.id);
            let part = session.fetch(options.batch_rows, options.batch_bytes)?;
            Ok(Answer { columns, batch: part.batch, done: part.done, next: part.next, run })
        })
    }

    /// Begins the transaction around a read-only statement.
    pub(super) fn guard(&mut self) -> Result<(), Fault> {
        if self.in_transaction() {
            return if self.transaction_read_only {
                Ok(())
            } else {
                let error = Error::new(ErrorKind::ReadOnly, "a read-only statement in a transaction that is not read-only");
                Err(error.hint("begin the transaction read-only, or commit it first").into())
            };
        }
        self.wrapped = true;
        self.link.request(Kind::Transaction, &request::begin(Level::Unchanged));
        self.drain()
    }

    /// Puts the request together.
    fn send(&mut self, sql: &str, given: &[Given<'_>]) {
        let transaction = self.transaction;
        if let Some(call) = Call::parse(sql, given) {
            self.calling = true;
            self.passed = call.names(given);
            let arguments = call.arguments(given);
            self.link.request(Kind::Rpc, &request::call(call.procedure, &arguments, transaction));
        } else if given.is_empty() {
            self.link.request(Kind::Batch, &request::batch(sql, transaction));
        } else {
            let (declarations, arguments) = parameters::declared(given);
            self.link.request(Kind::Rpc, &request::execute_sql(sql, &declarations, &arguments, transaction));
        }
    }
}

/// The driver's own look at a statement.
pub(super) fn refused(more: More) -> Error {
    match more {
        More::Word(word) => Error::new(ErrorKind::ReadOnly, format!("refused under read-only: {word} is not part of a read")),
        More::Unclear(why) => {
            Error::new(ErrorKind::ReadOnly, format!("refused under read-only, since it can't be checked: {why}"))
        }
    }
    .hint("send one SELECT")
}
