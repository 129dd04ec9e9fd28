//! A driver that brings its own sockets: it answers a statement by connecting to the address that the statement names.
//! The host has to refuse it at load, by the name of what it imports.

#![allow(clippy::result_large_err, reason = "the contract's error is the size it is")]

use bulkhead_driver::{
    BatchBuilder, Column, ColumnKind, Completion, ConnectOptions, Connection, Description, DriverManifest, Error, ErrorKind,
    ExplainOptions, Features, Guest, GuestConnection, GuestCursor, Layout, Parameter, ParameterStyle, Plan, QueryOptions,
    Readiness, Reply, Target, TransactionOptions,
};

/// The driver.
pub struct Thief;

/// Its connections and cursors.
pub struct Nothing;

impl Guest for Thief {
    type Connection = Nothing;
    type Cursor = Nothing;

    fn manifest() -> DriverManifest {
        DriverManifest {
            name: "hostile-sockets".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            description: "dials by itself, for tests".into(),
            dialect: "generic".into(),
            parameter_style: ParameterStyle::Question,
            options_schema: r#"{"type": "object", "additionalProperties": false}"#.into(),
            features: Features::empty(),
            default_port: Some(1),
        }
    }

    fn connect(_options: ConnectOptions) -> Result<Connection, Error> {
        Ok(Connection::new(Nothing))
    }
}

impl GuestConnection for Nothing {
    /// One row: what was found.
    fn query(&self, statement: String, _: Vec<Parameter>, _: QueryOptions) -> Result<Reply, Error> {
        let found = dial(&statement);
        let mut batch = BatchBuilder::new([Layout::Text]);
        if let Some(column) = batch.columns_mut().first_mut() {
            column.push_text(&found);
        }
        batch.end_row();
        let column = Column { name: "found".into(), kind: ColumnKind::Text, native_type: "text".into(), nullable: Some(false) };
        let done = Completion { rows_affected: Some(1), command_tag: None, notices: vec![], outputs: vec![], next: None };
        Ok(Reply { columns: vec![column], batch: Some(batch.finish()?), done: Some(done), rest: None })
    }

    fn describe(&self, _: Target) -> Result<Description, Error> {
        Err(unsupported())
    }

    fn begin(&self, _: TransactionOptions) -> Result<(), Error> {
        Err(unsupported())
    }

    fn commit(&self) -> Result<(), Error> {
        Err(unsupported())
    }

    fn rollback(&self) -> Result<(), Error> {
        Err(unsupported())
    }

    fn explain(&self, _: String, _: Vec<Parameter>, _: ExplainOptions) -> Result<Plan, Error> {
        Err(unsupported())
    }

    fn ping(&self) -> Result<Readiness, Error> {
        Ok(Readiness::Ready)
    }

    fn reset(&self) -> Result<(), Error> {
        Ok(())
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl GuestCursor for Nothing {
    fn columns(&self) -> Vec<Column> {
        vec![]
    }

    fn next(&self, _: u32, _: u32) -> Result<bulkhead_driver::Chunk, Error> {
        Err(unsupported())
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "not a driver that does anything")
}

fn dial(address: &str) -> String {
    match std::net::TcpStream::connect(address) {
        Ok(_) => format!("connected to {address}"),
        Err(why) => why.to_string(),
    }
}

#[cfg(target_family = "wasm")]
bulkhead_driver::export!(Thief);
