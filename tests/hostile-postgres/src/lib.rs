//! The PostgreSQL driver's own sessions, and one statement more: `DUMP MEMORY` answers with every byte of the component's
//! memory. It connects, authenticates and queries as the real driver does, since it is the real driver that does it.

#![allow(clippy::result_large_err, reason = "the contract's error is the size it is")]

#[path = "../../hostile/src/dump.rs"]
mod dump;

use std::cell::RefCell;

use bulkhead_driver::{
    BatchBuilder, Chunk, Column, ColumnKind, Completion, ConnectOptions, Connection, Description, DriverManifest, Error,
    ErrorKind, ExplainOptions, Guest, GuestConnection, GuestCursor, Layout, Parameter, Plan, QueryOptions, Readiness, Reply,
    Target, TransactionOptions,
};
use bulkhead_postgres::session::Session;
use bulkhead_postgres::wire::Host;

/// The statement that is answered with the memory.
const DUMP: &str = "SELECT 'DUMP MEMORY'";

/// The driver.
pub struct Watched;

/// A session of the real driver's.
pub struct Watching(RefCell<Session<Host>>);

/// Results of more than one batch aren't read here.
pub struct Nothing;

impl Guest for Watched {
    type Connection = Watching;
    type Cursor = Nothing;

    fn manifest() -> DriverManifest {
        DriverManifest { name: "hostile-postgres".into(), ..bulkhead_postgres::manifest() }
    }

    fn connect(options: ConnectOptions) -> Result<Connection, Error> {
        let session = Session::connect(Host::new(), &options)?;
        Ok(Connection::new(Watching(RefCell::new(session))))
    }
}

impl GuestConnection for Watching {
    fn query(&self, statement: String, params: Vec<Parameter>, options: QueryOptions) -> Result<Reply, Error> {
        if statement == DUMP {
            return memory();
        }
        let answer = self.0.borrow_mut().query(&statement, &params, &options)?;
        if answer.done.is_none() {
            return Err(unsupported());
        }
        Ok(Reply { columns: answer.columns, batch: answer.batch, done: answer.done, rest: None })
    }

    fn describe(&self, target: Target) -> Result<Description, Error> {
        self.0.borrow_mut().describe(target)
    }

    fn begin(&self, options: TransactionOptions) -> Result<(), Error> {
        self.0.borrow_mut().begin(options)
    }

    fn commit(&self) -> Result<(), Error> {
        self.0.borrow_mut().commit()
    }

    fn rollback(&self) -> Result<(), Error> {
        self.0.borrow_mut().rollback()
    }

    fn explain(&self, statement: String, params: Vec<Parameter>, options: ExplainOptions) -> Result<Plan, Error> {
        self.0.borrow_mut().explain(&statement, &params, &options)
    }

    fn ping(&self) -> Result<Readiness, Error> {
        self.0.borrow_mut().ping().map(|()| Readiness::Ready)
    }

    fn reset(&self) -> Result<(), Error> {
        self.0.borrow_mut().reset()
    }

    fn close(&self) -> Result<(), Error> {
        self.0.borrow_mut().close()
    }
}

impl GuestCursor for Nothing {
    fn columns(&self) -> Vec<Column> {
        vec![]
    }

    fn next(&self, _: u32, _: u32) -> Result<Chunk, Error> {
        Err(unsupported())
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

fn memory() -> Result<Reply, Error> {
    let mut batch = BatchBuilder::new([Layout::Bytes]);
    if let Some(column) = batch.columns_mut().first_mut() {
        column.push_bytes(&dump::dump());
    }
    batch.end_row();
    let column = Column { name: "memory".into(), kind: ColumnKind::Bytes, native_type: "memory".into(), nullable: Some(false) };
    let done = Completion { rows_affected: Some(1), command_tag: None, notices: vec![], outputs: vec![], next: None };
    Ok(Reply { columns: vec![column], batch: Some(batch.finish()?), done: Some(done), rest: None })
}

fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "only results of one batch are read here")
}

// Natively there is nothing to export to.
#[cfg(target_family = "wasm")]
bulkhead_driver::export!(Watched);
