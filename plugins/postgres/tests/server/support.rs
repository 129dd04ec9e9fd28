//! Where the server is, sessions on it, and reading answers.

use crate::wire::{Native, Outside};
use bulkhead_driver::{Batch, Column, ColumnKind, Completion, ConnectOptions, Error, Parameter, QueryOptions, Value, Values};
use bulkhead_postgres::session::Session;
use serde_json::Value as Json;
use std::rc::Rc;

pub(crate) type Client = Session<Native>;

/// What `cargo xtask servers` says of the server.
pub(crate) fn server() -> Json {
    let text = std::env::var("BULKHEAD_TEST_PG")
        .expect("BULKHEAD_TEST_PG is not set: run `cargo xtask servers -- cargo test --release -p bulkhead-postgres`");
    serde_json::from_str(&text).expect("BULKHEAD_TEST_PG is JSON")
}

pub(crate) fn wire(user: &str) -> (Native, ConnectOptions) {
    let server = server();
    let user = &server["users"][user];
    let wire = Native {
        port: server["port"].as_u64().unwrap() as u16,
        password: user["password"].as_str().map(str::to_owned),
        outside: Rc::new(Outside::default()),
    };
    let options = ConnectOptions {
        catalog: server["database"].as_str().map(str::to_owned),
        user: user["name"].as_str().map(str::to_owned),
        application_name: "bulkhead test".into(),
        read_only: false,
        timeout_ms: 5_000,
        options: r#"{"settings": {"TimeZone": "UTC"}}"#.into(),
    };
    (wire, options)
}

/// The same through PgBouncer, in transaction mode.
pub(crate) fn through_pgbouncer() -> (Native, ConnectOptions) {
    let text = std::env::var("BULKHEAD_TEST_PGBOUNCER").expect("BULKHEAD_TEST_PGBOUNCER is not set");
    let bouncer: Json = serde_json::from_str(&text).expect("BULKHEAD_TEST_PGBOUNCER is JSON");
    let (wire, mut options) = wire("owner");
    options.options = r#"{"prepared_statements": false}"#.into();
    (Native { port: bouncer["port"].as_u64().unwrap() as u16, ..wire }, options)
}

/// A session as the database's owner, and what its wire sees.
pub(crate) fn connect() -> (Client, Rc<Outside>) {
    connect_with(|_| {})
}

pub(crate) fn connect_with(change: impl FnOnce(&mut ConnectOptions)) -> (Client, Rc<Outside>) {
    let (wire, mut options) = wire("owner");
    change(&mut options);
    let outside = wire.outside.clone();
    (Session::connect(wire, &options).unwrap(), outside)
}

pub(crate) fn options() -> QueryOptions {
    QueryOptions { read_only: false, timeout_ms: None, max_rows: None, batch_rows: 16_384, batch_bytes: 256 << 10 }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Option<String>>>,
    pub(crate) batches: usize,
    pub(crate) done: Completion,
}

impl Table {
    /// The one value there is.
    pub(crate) fn one(&self) -> Option<&str> {
        assert_eq!((self.rows.len(), self.columns.len()), (1, 1));
        self.rows[0][0].as_deref()
    }
}

pub(crate) fn run(client: &mut Client, sql: &str) -> Result<Table, Error> {
    run_with(client, sql, &[], options())
}

pub(crate) fn run_with(client: &mut Client, sql: &str, params: &[Parameter], options: QueryOptions) -> Result<Table, Error> {
    let answer = client.query(sql, params, &options)?;
    let mut table = Table { columns: answer.columns, rows: vec![], batches: 0, done: end() };
    let (mut batch, mut done) = (answer.batch, answer.done);
    loop {
        if let Some(batch) = batch {
            table.batches += 1;
            assert!(batch.rows <= options.batch_rows);
            table.rows.extend(rows(&batch, &table.columns));
        }
        if let Some(done) = done {
            table.done = done;
            return Ok(table);
        }
        let part = client.next_part(answer.run, options.batch_rows, options.batch_bytes)?;
        assert!(part.batch.is_some() || part.done.is_some(), "a cursor gave no rows and didn't end");
        (batch, done) = (part.batch, part.done);
    }
}

fn end() -> Completion {
    Completion { rows_affected: None, command_tag: None, notices: vec![], outputs: vec![], next: None }
}

pub(crate) fn rows(batch: &Batch, columns: &[Column]) -> Vec<Vec<Option<String>>> {
    assert_eq!(batch.columns.len(), columns.len());
    (0..batch.rows as usize).map(|row| (0..columns.len()).map(|column| cell(batch, columns, column, row)).collect()).collect()
}

fn cell(batch: &Batch, columns: &[Column], column: usize, row: usize) -> Option<String> {
    let data = &batch.columns[column];
    let bit = |bits: &[u8]| bits[row / 8] >> (row % 8) & 1 == 1;
    if data.validity.as_ref().is_some_and(|validity| !bit(validity)) {
        return None;
    }
    Some(match &data.values {
        Values::Booleans(bits) => bit(bits).to_string(),
        Values::Int64s(values) => values[row].to_string(),
        Values::Float64s(values) => values[row].to_string(),
        Values::Varying(varying) | Values::Mixed(varying) => {
            let bytes = &varying.data[varying.offsets[row] as usize..varying.offsets[row + 1] as usize];
            if columns[column].kind == ColumnKind::Bytes {
                bytes.iter().map(|byte| format!("{byte:02x}")).collect()
            } else {
                String::from_utf8(bytes.to_vec()).unwrap()
            }
        }
    })
}

pub(crate) fn param(value: Value) -> Parameter {
    Parameter { name: None, value, type_hint: None }
}

pub(crate) fn hinted(value: Value, hint: &str) -> Parameter {
    Parameter { name: None, value, type_hint: Some(hint.into()) }
}
