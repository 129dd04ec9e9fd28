//! A connection's state: the open database, its statements, and the result that is being read.
//!
//! Every call begins with [`Session::begin_call`]: the open result of the last one is closed, and SQLite's questions are
//! answered for this one from there on.

mod cache;
mod open;

use crate::environment::Environment;
use crate::error;
use crate::hooks::Hooks;
use crate::options::Options;
use crate::params;
use crate::query::Running;
use crate::rules::Mode;
use crate::sqlite::{Database, Failure, Statement, Step};
use crate::text::{self, Opening};
use bulkhead_driver::error::Result;
use bulkhead_driver::{ConnectOptions, Error, ErrorKind, Parameter};
use cache::Cache;
use std::rc::Rc;

pub(crate) use cache::Compiled;
pub(crate) use open::Catalog;

/// A connection.
pub(crate) struct Session {
    pub(crate) environment: Environment,
    pub(crate) settings: Settings,
    /// None: closed, or it couldn't be opened again.
    open: Option<Open>,
    pub(crate) running: Option<Running>,
    pub(crate) cursors: u64,
    /// The open transaction was begun read-only.
    pub(crate) transaction_read_only: bool,
}

/// What a connection was asked to be.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) catalog: Catalog,
    pub(crate) read_only: bool,
    pub(crate) options: Options,
}

/// An open database and what goes with it.
struct Open {
    // Statements go first: the database is closed when the last of them is gone.
    cache: Cache,
    database: Database,
    hooks: Rc<Hooks>,
    /// What PRAGMA query_only was set to last.
    query_only: bool,
}

impl Session {
    /// Connects.
    pub(crate) fn connect(environment: Environment, options: &ConnectOptions) -> Result<Self> {
        let settings = Settings {
            catalog: Catalog::choose(&environment, options.catalog.as_deref())?,
            read_only: options.read_only || environment.files.read_only(),
            options: Options::parse(&options.options)?,
        };
        let mut session = Self { environment, settings, open: None, running: None, cursors: 0, transaction_read_only: false };
        session.open()?;
        Ok(session)
    }

    /// Begins a call: whatever was being read is closed.
    pub(crate) fn begin_call(&mut self, mode: Mode) -> Result<()> {
        self.close_running();
        self.open_mut()?.hooks.begin(mode);
        if !self.database()?.in_transaction() {
            self.transaction_read_only = false;
        }
        Ok(())
    }

    /// The database.
    pub(crate) fn database(&self) -> Result<&Database> {
        Ok(&self.opened()?.database)
    }

    /// What SQLite's questions are answered with.
    pub(crate) fn hooks(&self) -> Result<&Rc<Hooks>> {
        Ok(&self.opened()?.hooks)
    }

    /// Makes SQLite itself refuse writes, or stop refusing them.
    pub(crate) fn set_query_only(&mut self, on: bool) -> Result<()> {
        if self.opened()?.query_only == on {
            return Ok(());
        }
        let mode = self.hooks()?.set_mode(Mode::Internal);
        let outcome = self.run(if on { "PRAGMA query_only = 1" } else { "PRAGMA query_only = 0" });
        self.hooks()?.set_mode(mode);
        outcome?;
        self.open_mut()?.query_only = on;
        Ok(())
    }

    /// A compiled statement for a text, from the cache if it is there. None: the text is empty.
    pub(crate) fn prepare(&mut self, text: &str, read_only: bool) -> std::result::Result<Option<Compiled>, Refused> {
        let open = self.open.as_mut().ok_or_else(closed)?;
        if let Some(compiled) = open.cache.take(text, read_only) {
            return Ok(Some(compiled));
        }
        let prepared = open.database.prepare(text)?;
        let Some(statement) = prepared.statement else { return Ok(None) };
        let rest = text.get(prepared.rest..).unwrap_or_default();
        if !text::is_blank(rest) {
            let at = prepared.rest + text::blank_length(rest);
            let error = Error::new(ErrorKind::Syntax, "more than one statement: a call runs one")
                .hint("send the statements one by one, in a transaction if they belong together");
            return Err(Refused::Said(text::position(text, at).into_iter().fold(error, Error::position)));
        }
        Ok(Some(Compiled { text: text.to_owned(), opening: Opening::of(text), read_only, statement }))
    }

    /// Gives a statement back for the next time.
    pub(crate) fn keep(&mut self, mut compiled: Compiled) {
        compiled.statement.reset();
        compiled.statement.clear_bindings();
        if let Some(open) = self.open.as_mut() {
            open.cache.put(compiled);
        }
    }

    /// Runs a statement of the driver's own.
    pub(crate) fn run(&mut self, text: &str) -> Result<()> {
        let outcome = self.opened()?.database.execute(text);
        outcome.map_err(|failure| self.error(&failure, text))
    }

    /// Runs a query of the driver's own, row by row.
    pub(crate) fn rows(&mut self, text: &str, params: &[Parameter], mut each: impl FnMut(&Statement)) -> Result<()> {
        let failed = |session: &Self, refused: Refused| session.refusal(refused, text);
        let mut compiled = match self.prepare(text, false) {
            Ok(Some(compiled)) => compiled,
            Ok(None) => return Ok(()),
            Err(refused) => return Err(failed(self, refused)),
        };
        let mut outcome = params::bind(&mut compiled.statement, params).map_err(Refused::from);
        while outcome.is_ok() {
            match compiled.statement.step() {
                Ok(Step::Row) => each(&compiled.statement),
                Ok(Step::Done) => break,
                Err(failure) => outcome = Err(failure.into()),
            }
        }
        let outcome = outcome.map_err(|refused| failed(self, refused));
        self.keep(compiled);
        outcome
    }

    /// The contract's error for a failure.
    pub(crate) fn error(&self, failure: &Failure, statement: &str) -> Error {
        let Some(open) = &self.open else {
            return closed();
        };
        let error = error::translate(failure, statement, &open.hooks, open.database.take_file_failure());
        open::explain_log(self, failure, error)
    }

    /// The contract's error for a statement that wasn't run.
    pub(crate) fn refusal(&self, refused: Refused, statement: &str) -> Error {
        match refused {
            Refused::Said(error) => error,
            Refused::Failed(failure) => self.error(&failure, statement),
        }
    }

    /// Closes whatever is being read.
    pub(crate) fn close_running(&mut self) {
        if let Some(running) = self.running.take() {
            self.keep(running.into_compiled());
        }
    }

    /// Back to a clean session.
    pub(crate) fn reset(&mut self) -> Result<()> {
        self.begin_call(Mode::Internal)?;
        if self.database()?.in_transaction() {
            self.run("ROLLBACK")?;
        }
        self.transaction_read_only = false;
        // Settings, temporary objects and what is in memory go with the handle alone.
        if self.hooks()?.session_changed() || self.settings.catalog == Catalog::Memory {
            self.close();
            return self.open();
        }
        self.database()?.forget_last_insert();
        Ok(())
    }

    /// Closes the database; an open transaction is rolled back.
    pub(crate) fn close(&mut self) {
        self.close_running();
        self.open = None;
    }

    fn opened(&self) -> Result<&Open> {
        self.open.as_ref().ok_or_else(closed)
    }

    fn open_mut(&mut self) -> Result<&mut Open> {
        self.open.as_mut().ok_or_else(closed)
    }
}

/// Why a statement wasn't run.
pub(crate) enum Refused {
    /// By us.
    Said(Error),
    /// By SQLite.
    Failed(Failure),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Said(error)
    }
}

impl From<params::Refused> for Refused {
    fn from(refused: params::Refused) -> Self {
        match refused {
            params::Refused::Mismatch(error) => Self::Said(error),
            params::Refused::Failed(failure) => Self::Failed(failure),
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Connection, "the connection is closed").connection_lost()
}
