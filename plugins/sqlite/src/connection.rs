//! The contract's exports, on a [`Session`].
//!
//! A connection and its cursors share one session. Calls come one at a time, so it is borrowed for the length of a call.

use crate::environment::Environment;
use crate::host;
use crate::manifest;
use crate::query::{Ending, Portion, Running};
use crate::session::Session;
use bulkhead_driver::error::Result;
use bulkhead_driver::{
    Chunk, Column, ConnectOptions, Connection, Cursor, Description, DriverManifest, Error, ErrorKind, ExplainOptions, Guest,
    GuestConnection, GuestCursor, Parameter, Plan, QueryOptions, Readiness, Reply, Target, TransactionOptions,
};
use std::cell::{RefCell, RefMut};
use std::rc::Rc;

/// The driver.
pub struct SqliteDriver;

/// A connection to one database.
pub struct SqliteConnection(Shared);

/// An open result.
pub struct SqliteCursor {
    session: Shared,
    number: u64,
}

#[derive(Clone)]
struct Shared(Rc<RefCell<Session>>);

impl Guest for SqliteDriver {
    type Connection = SqliteConnection;
    type Cursor = SqliteCursor;

    fn manifest() -> DriverManifest {
        manifest::manifest()
    }

    fn connect(options: ConnectOptions) -> Result<Connection> {
        Ok(Connection::new(SqliteConnection::open(host::environment(), &options)?))
    }
}

impl SqliteConnection {
    pub(crate) fn open(environment: Environment, options: &ConnectOptions) -> Result<Self> {
        Ok(Self(Shared(Rc::new(RefCell::new(Session::connect(environment, options)?)))))
    }
}

impl Shared {
    fn session(&self) -> Result<RefMut<'_, Session>> {
        self.0.try_borrow_mut().map_err(|_| Error::new(ErrorKind::Internal, "a call within a call"))
    }
}

impl GuestConnection for SqliteConnection {
    fn query(&self, statement: String, params: Vec<Parameter>, options: QueryOptions) -> Result<Reply> {
        let answer = self.0.session()?.query(&statement, &params, &options)?;
        let (done, rest) = match answer.ending {
            Ending::Done(completion) => (Some(completion), None),
            Ending::Rest(number) => (None, Some(Cursor::new(SqliteCursor { session: self.0.clone(), number }))),
        };
        Ok(Reply { columns: answer.columns, batch: answer.batch, done, rest })
    }

    fn describe(&self, target: Target) -> Result<Description> {
        self.0.session()?.describe(&target)
    }

    fn begin(&self, options: TransactionOptions) -> Result<()> {
        self.0.session()?.begin(options)
    }

    fn commit(&self) -> Result<()> {
        self.0.session()?.commit()
    }

    fn rollback(&self) -> Result<()> {
        self.0.session()?.rollback()
    }

    fn explain(&self, statement: String, params: Vec<Parameter>, options: ExplainOptions) -> Result<Plan> {
        self.0.session()?.explain(&statement, &params, &options)
    }

    fn ping(&self) -> Result<Readiness> {
        self.0.session()?.ping().map(|()| Readiness::Ready)
    }

    fn reset(&self) -> Result<()> {
        self.0.session()?.reset()
    }

    fn close(&self) -> Result<()> {
        self.0.session()?.close();
        Ok(())
    }
}

impl GuestCursor for SqliteCursor {
    fn columns(&self) -> Vec<Column> {
        let Ok(session) = self.session.session() else {
            return Vec::new();
        };
        session.running.as_ref().map(Running::columns).unwrap_or_default()
    }

    fn next(&self, max_rows: u32, max_bytes: u32) -> Result<Chunk> {
        let portion = Portion { rows: max_rows, bytes: max_bytes };
        let (batch, done) = self.session.session()?.next(self.number, portion)?;
        Ok(Chunk { batch, done })
    }

    fn close(&self) -> Result<()> {
        self.session.session()?.close_cursor(self.number);
        Ok(())
    }
}

impl Drop for SqliteCursor {
    fn drop(&mut self) {
        // A cursor that is let go without a word stops its statement all the same, and gives up its lock.
        if let Ok(mut session) = self.session.session() {
            session.close_cursor(self.number);
        }
    }
}
