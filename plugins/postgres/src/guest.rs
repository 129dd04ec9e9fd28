//! The contract's exports, over a session. A component has one caller at a time.

use crate::session::Session;
use crate::wire::Host;
use bulkhead_driver::error::Result;
use bulkhead_driver::{
    Chunk, Column, ConnectOptions, Connection, Cursor, Description, DriverManifest, Error, ErrorKind, ExplainOptions, Guest,
    GuestConnection, GuestCursor, Parameter, Plan, QueryOptions, Readiness, Reply, Target, TransactionOptions,
};
use std::cell::{RefCell, RefMut};
use std::rc::Rc;

/// The driver.
#[derive(Debug)]
pub struct Postgres;

/// A connection: its session, shared with the cursor that is open on it.
#[derive(Debug, Clone)]
pub struct Shared(Rc<RefCell<Session<Host>>>);

/// An open result.
#[derive(Debug)]
pub struct OpenResult {
    session: Shared,
    run: u64,
    columns: Vec<Column>,
}

impl Shared {
    fn session(&self) -> Result<RefMut<'_, Session<Host>>> {
        self.0.try_borrow_mut().map_err(|_| Error::new(ErrorKind::Internal, "the connection is in use by another call"))
    }
}

impl Guest for Postgres {
    type Connection = Shared;
    type Cursor = OpenResult;

    fn manifest() -> DriverManifest {
        crate::manifest()
    }

    fn connect(options: ConnectOptions) -> Result<Connection> {
        let session = Session::connect(Host::new(), &options)?;
        Ok(Connection::new(Shared(Rc::new(RefCell::new(session)))))
    }
}

impl GuestConnection for Shared {
    fn query(&self, statement: String, params: Vec<Parameter>, options: QueryOptions) -> Result<Reply> {
        let answer = self.session()?.query(&statement, &params, &options)?;
        let rest = match answer.done {
            Some(_) => None,
            None => {
                let columns = answer.columns.clone();
                Some(Cursor::new(OpenResult { session: self.clone(), run: answer.run, columns }))
            }
        };
        Ok(Reply { columns: answer.columns, batch: answer.batch, done: answer.done, rest })
    }

    fn describe(&self, target: Target) -> Result<Description> {
        self.session()?.describe(target)
    }

    fn begin(&self, options: TransactionOptions) -> Result<()> {
        self.session()?.begin(options)
    }

    fn commit(&self) -> Result<()> {
        self.session()?.commit()
    }

    fn rollback(&self) -> Result<()> {
        self.session()?.rollback()
    }

    fn explain(&self, statement: String, params: Vec<Parameter>, options: ExplainOptions) -> Result<Plan> {
        self.session()?.explain(&statement, &params, &options)
    }

    fn ping(&self) -> Result<Readiness> {
        self.session()?.ping().map(|()| Readiness::Ready)
    }

    fn reset(&self) -> Result<()> {
        self.session()?.reset()
    }

    fn close(&self) -> Result<()> {
        self.session()?.close()
    }
}

impl GuestCursor for OpenResult {
    fn columns(&self) -> Vec<Column> {
        self.columns.clone()
    }

    fn next(&self, max_rows: u32, max_bytes: u32) -> Result<Chunk> {
        let part = self.session.session()?.next_part(self.run, max_rows, max_bytes)?;
        Ok(Chunk { batch: part.batch, done: part.done })
    }

    fn close(&self) -> Result<()> {
        self.session.session()?.close_part(self.run)
    }
}

impl Drop for OpenResult {
    fn drop(&mut self) {
        // A cursor dropped unread is stopped as one that was closed; what goes wrong shows at the next call.
        if let Ok(mut session) = self.session.session() {
            let _ = session.close_part(self.run);
        }
    }
}
