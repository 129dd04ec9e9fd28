//! Running one statement.
//!
//! A statement that the server knows goes as Bind and Execute; one that only the driver knows (since a reset) with Parse and
//! Describe before them, in the same message; a new one is first parsed and described, since how its columns are read depends
//! on their types. What goes before (the time limit, BEGIN READ ONLY) and after (COMMIT) travels in
//! the same messages.

use super::cursor::{Mode, Run};
use super::reset::{self, DISCARD};
use super::statements::{History, Known, Prepared};
use super::traces::{self, Traces};
use super::{Fault, Session, refuse};
use crate::protocol::frontend::{self, BindValue};
use crate::protocol::{ErrorFields, Message, TransactionStatus};
use crate::wire::Wire;
use bulkhead_driver::{Batch, Column, Completion, Error, ErrorKind, Parameter, QueryOptions, Value};
use std::rc::Rc;

/// What `query` answers: `done`, or a result that is open under `run`.
#[derive(Debug)]
pub struct Answer {
    /// The columns.
    pub columns: Vec<Column>,
    /// The first rows.
    pub batch: Option<Batch>,
    /// The end, if it was reached.
    pub done: Option<Completion>,
    /// The number of the open result, otherwise.
    pub run: u64,
}

impl<W: Wire> Session<W> {
    /// Runs a statement.
    ///
    /// # Errors
    /// The server's, or the connection's.
    pub fn query(&mut self, sql: &str, params: &[Parameter], options: &QueryOptions) -> Result<Answer, Error> {
        refuse::check(sql)?;
        self.call_owing(|session| session.run_statement(sql, params, options))
    }

    fn run_statement(&mut self, sql: &str, params: &[Parameter], options: &QueryOptions) -> Result<Answer, Fault> {
        let traces = self.statements.traces(sql).unwrap_or_else(|| traces::of(sql));
        if self.owes_reset {
            // What a hint or an array needs is asked of a clean session.
            if params.iter().any(needs_lookup) {
                self.pay_reset()?;
            } else {
                self.discarded();
            }
        }
        self.traces = self.traces.max(traces);
        let read_only = self.guard(options.read_only)?;
        let declared = self.declared(params)?;
        match self.execute(sql, params, &declared, read_only, options) {
            Err(Stale::Plan(fields, prepared)) => {
                // The tables may have changed since it was parsed; nothing of it has run, or nothing that counts.
                self.statements.remove(&prepared);
                if let Some(fields) = fields
                    && self.status != TransactionStatus::Idle
                    && !self.wrapped
                {
                    return Err(Fault::Server(fields));
                }
                self.recover(false)?;
                self.execute(sql, params, &declared, read_only, options).map_err(Stale::into_fault)?;
            }
            other => other.map_err(Stale::into_fault)?,
        }
        let columns = self.run.as_ref().map(Run::columns).unwrap_or_default();
        let part = self.fetch(options.batch_rows, options.batch_bytes)?;
        Ok(Answer { columns, batch: part.batch, done: part.done, run: self.runs })
    }

    /// How a statement is kept from writing, if it is.
    fn guard(&self, asked: bool) -> Result<Guard, Error> {
        match self.status {
            _ if !asked && !self.read_only => Ok(Guard::None),
            TransactionStatus::Idle => Ok(Guard::Transaction),
            // The server refuses everything but ROLLBACK.
            TransactionStatus::Failed => Ok(Guard::None),
            TransactionStatus::Open if self.transaction_read_only => Ok(Guard::Setting),
            TransactionStatus::Open => {
                Err(Error::new(ErrorKind::ReadOnly, "a read-only statement in a transaction that is not read-only")
                    .hint("begin the transaction read-only, or commit it first"))
            }
        }
    }

    /// Sends the statement, up to where its rows begin.
    fn execute(
        &mut self,
        sql: &str,
        params: &[Parameter],
        declared: &[u32],
        guard: Guard,
        options: &QueryOptions,
    ) -> Result<(), Stale> {
        let known = self.statements.find(sql, declared);
        let kept = known.is_some();
        // Values first: what can't be sent is refused before anything is.
        let (commands, mut prepared, values, history, revived) = match known {
            Some(Known { prepared, history, on_server }) => {
                let values = self.values(params, &prepared.parameters)?;
                let commands = self.before(guard, options);
                if !on_server {
                    self.send_parse(sql, declared, &prepared.name);
                }
                (commands, prepared, values, history, !on_server)
            }
            None => {
                let commands = self.before(guard, options);
                let prepared = self.prepare(sql, declared, commands)?;
                let values = self.values(params, &prepared.parameters)?;
                (0, prepared, values, History::default(), false)
            }
        };
        let mode = self.mode(&prepared, history, guard, options);
        self.bind_and_execute(&prepared, &values, mode, history, options);
        self.skip_commands(commands)?;
        if revived {
            prepared = self.revived(prepared, guard == Guard::Transaction)?;
        }
        loop {
            match self.next()? {
                Message::BindComplete => break,
                // The end of the time limit's own group.
                Message::Ready(_) => {}
                Message::Error(fields) if kept && is_stale(&fields) => {
                    return Err(Stale::Plan(Some(fields), prepared));
                }
                Message::Error(fields) => return Err(Fault::Server(fields).into()),
                _ => return Err(Self::unexpected().into()),
            }
        }
        self.runs += 1;
        self.run = Some(Run::new(self.runs, prepared, mode, options.max_rows));
        Ok(())
    }

    /// What goes before the statement. Answers how many commands that is.
    fn before(&mut self, guard: Guard, options: &QueryOptions) -> u32 {
        let mut commands = 0;
        if std::mem::take(&mut self.owes_reset) {
            frontend::command(self.link.out(), DISCARD);
            self.discarding = true;
            commands += 1;
        }
        // Not within a transaction, which could take it back; not behind PgBouncer, where it would meet others.
        if let Some(limit) = options.timeout_ms
            && self.status == TransactionStatus::Idle
            && self.options.prepared_statements
            && self.statement_timeout != Some(limit)
        {
            frontend::command(self.link.out(), &format!("SET statement_timeout = {limit}"));
            // A group of its own where the statement may be one that has to be alone in its group (VACUUM). Otherwise an
            // error takes it back; `settle` knows.
            if self.traces != Traces::Reading {
                self.link.sync();
            }
            self.statement_timeout = Some(limit);
            commands += 1;
        }
        // Unnamed, parsed each time: a name could be made to mean something else by the caller.
        match guard {
            Guard::None => {}
            Guard::Transaction => {
                frontend::command(self.link.out(), "BEGIN READ ONLY");
                self.wrapped = true;
                commands += 1;
            }
            // Whatever the transaction has become since `begin`: this can always be said.
            Guard::Setting => {
                frontend::command(self.link.out(), "SET TRANSACTION READ ONLY");
                commands += 1;
            }
        }
        commands
    }

    /// Reads to the end of so many commands.
    pub(super) fn skip_commands(&mut self, mut commands: u32) -> Result<(), Fault> {
        while commands > 0 {
            match self.next()? {
                Message::CommandComplete(_) => {
                    commands -= 1;
                    self.discarding = false;
                }
                Message::ParseComplete | Message::BindComplete | Message::Ready(_) => {}
                Message::Error(fields) if self.discarding => return Err(reset::not_clean(fields)),
                Message::Error(fields) => return Err(Fault::Server(fields)),
                _ => return Err(Self::unexpected()),
            }
        }
        Ok(())
    }

    /// Whether all of it is asked for at once.
    fn mode(&self, prepared: &Prepared, history: History, guard: Guard, options: &QueryOptions) -> Mode {
        let fits = options.max_rows.is_some_and(|most| most <= options.batch_rows.into());
        if prepared.columns.is_empty() || history.small || fits {
            Mode::Whole
        } else if matches!(guard, Guard::Transaction) || self.status == TransactionStatus::Open {
            Mode::Transaction
        } else {
            Mode::Portal
        }
    }

    /// Writes Bind, Execute and what ends them.
    fn bind_and_execute(
        &mut self,
        prepared: &Prepared,
        values: &[BindValue<'_>],
        mode: Mode,
        history: History,
        options: &QueryOptions,
    ) {
        let rows = match mode {
            // A limit that doesn't fit the message is none that a result reaches.
            Mode::Whole => options.max_rows.map_or(0, |most| u32::try_from(most.max(1)).unwrap_or(0)),
            _ => history.portion(options.batch_rows, options.batch_bytes, options.max_rows),
        };
        let out = self.link.out();
        frontend::bind(out, &prepared.name, values, &prepared.formats);
        frontend::execute(out, rows);
        match mode {
            Mode::Whole => {
                if self.wrapped {
                    frontend::command(self.link.out(), "COMMIT");
                }
                self.link.sync();
            }
            Mode::Transaction => self.link.sync(),
            Mode::Portal => frontend::flush(self.link.out()),
        }
    }
}

/// Whether the server has to be asked something before it can be sent.
fn needs_lookup(param: &Parameter) -> bool {
    param.type_hint.is_some() || matches!(param.value, Value::Json(_))
}

/// How the database itself is made to refuse writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    None,
    /// A read-only transaction around the statement.
    Transaction,
    /// The open transaction is told once more that it is read-only.
    Setting,
}

/// A fault, or a kept statement that no longer fits.
pub(super) enum Stale {
    /// Which, and what the server said, if it did.
    Plan(Option<ErrorFields>, Rc<Prepared>),
    Fault(Fault),
}

impl Stale {
    fn into_fault(self) -> Fault {
        match self {
            Self::Plan(Some(fields), _) => Fault::Server(fields),
            Self::Plan(None, _) => {
                Fault::Other(Error::new(ErrorKind::Internal, "the statement's columns changed twice while it was being sent"))
            }
            Self::Fault(fault) => fault,
        }
    }
}

impl<F: Into<Fault>> From<F> for Stale {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

/// What a statement can meet before it runs when what it was parsed against has changed: the plan's result (0A000), its name
/// (26000), its names and operators (42), the types of its parameters (22), or the number of its columns (08P01).
fn is_stale(fields: &ErrorFields) -> bool {
    matches!(fields.code.get(..2), Some("08" | "0A" | "26" | "42" | "22"))
}
