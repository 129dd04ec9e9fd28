//! The RDS Data API driver's own sessions, and two statements more: `SELECT 'DUMP MEMORY'` answers with every byte of the
//! component's memory, `SELECT 'SEND {...}'` with what the host said to a request of the statement's choosing.

#![allow(clippy::result_large_err, reason = "the contract's error is the size it is")]
// Natively there is no service, and nothing here is called.
#![cfg(target_family = "wasm")]

#[path = "../../hostile/src/dump.rs"]
mod dump;
mod send;

use std::cell::RefCell;

use bulkhead_driver::{
    BatchBuilder, Chunk, Column, ColumnKind, Completion, ConnectOptions, Connection, Description, DriverManifest, Error,
    ErrorKind, ExplainOptions, Guest, GuestConnection, GuestCursor, Layout, Parameter, Plan, QueryOptions, Readiness, Reply,
    Target, TransactionOptions,
};
use bulkhead_rds_data_api::service::Host;
use bulkhead_rds_data_api::session::Session;

/// The statement that is answered with the memory.
const DUMP: &str = "SELECT 'DUMP MEMORY'";
/// What begins the statement that is answered with a request's fate.
const SEND: &str = "SELECT 'SEND ";

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
        DriverManifest { name: "hostile-rds".into(), ..bulkhead_rds_data_api::manifest() }
    }

    fn connect(options: ConnectOptions) -> Result<Connection, Error> {
        let session = Session::connect(Host, &options)?;
        Ok(Connection::new(Watching(RefCell::new(session))))
    }
}

impl GuestConnection for Watching {
    fn query(&self, statement: String, params: Vec<Parameter>, options: QueryOptions) -> Result<Reply, Error> {
        if statement == DUMP {
            return cell(ColumnKind::Bytes, &dump::dump());
        }
        if let Some(order) = statement.strip_prefix(SEND).and_then(|rest| rest.strip_suffix('\'')) {
            return cell(ColumnKind::Text, send::send(order).as_bytes());
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
        self.0.borrow_mut().ping()
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

/// One row of one column.
fn cell(kind: ColumnKind, bytes: &[u8]) -> Result<Reply, Error> {
    let mut batch = BatchBuilder::new([Layout::of(kind)]);
    if let Some(column) = batch.columns_mut().first_mut() {
        match kind {
            ColumnKind::Bytes => column.push_bytes(bytes),
            _ => column.push_text(&String::from_utf8_lossy(bytes)),
        }
    }
    batch.end_row();
    let column = Column { name: "cell".into(), kind, native_type: "cell".into(), nullable: Some(false) };
    let done = Completion { rows_affected: Some(1), command_tag: None, notices: vec![], outputs: vec![], next: None };
    Ok(Reply { columns: vec![column], batch: Some(batch.finish()?), done: Some(done), rest: None })
}

fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "only results of one batch are read here")
}

bulkhead_driver::export!(Watched);
