//! Where the server is, sessions on it, and reading answers.

use crate::wire::{Native, Outside};
use bulkhead_driver::{Batch, Column, ColumnKind, Completion, ConnectOptions, Error, Parameter, QueryOptions, Value, Values};
use bulkhead_sqlserver::session::{Next, Session};
use bulkhead_sqlserver::wire::Credential;
use serde_json::Value as Json;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) type Client = Session<Native>;

/// What `cargo xtask servers` says of the server.
pub(crate) fn server() -> Json {
    let text = std::env::var("BULKHEAD_TEST_TDS")
        .expect("BULKHEAD_TEST_TDS is not set: run `cargo xtask servers -- cargo test --release -p bulkhead-sqlserver`");
    serde_json::from_str(&text).expect("BULKHEAD_TEST_TDS is JSON")
}

pub(crate) fn wire() -> (Native, ConnectOptions) {
    let server = server();
    let user = &server["users"]["owner"];
    let wire = Native {
        port: server["ports"]["none"].as_u64().unwrap() as u16,
        secret: (Credential::Password, user["password"].as_str().unwrap().to_owned()),
        outside: Rc::new(Outside::default()),
    };
    let options = ConnectOptions {
        catalog: server["database"].as_str().map(str::to_owned),
        user: user["name"].as_str().map(str::to_owned),
        application_name: "bulkhead test".into(),
        read_only: false,
        timeout_ms: 5_000,
        options: String::new(),
    };
    (wire, options)
}

/// A session as the database's owner, and what its wire sees.
pub(crate) fn connect() -> (Client, Rc<Outside>) {
    connect_with(|_| {})
}

pub(crate) fn connect_with(change: impl FnOnce(&mut ConnectOptions)) -> (Client, Rc<Outside>) {
    let (wire, mut options) = wire();
    change(&mut options);
    let outside = wire.outside.clone();
    let mut session = Session::connect(wire, &options).unwrap();
    // Some servers go on with their side of the login after they have said yes.
    session.ping().unwrap();
    (session, outside)
}

/// A name that no other test has.
pub(crate) fn fresh(what: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{what}_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
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
    let mut all = run_all(client, sql, params, options)?;
    assert_eq!(all.len(), 1, "more than one result set");
    Ok(all.remove(0))
}

/// Every result set.
pub(crate) fn run_all(client: &mut Client, sql: &str, params: &[Parameter], options: QueryOptions) -> Result<Vec<Table>, Error> {
    let answer = client.query(sql, params, &options)?;
    let mut all = Vec::new();
    let mut table = Table { columns: answer.columns, rows: vec![], batches: 0, done: end() };
    let (mut batch, mut done, mut next, mut run) = (answer.batch, answer.done, answer.next, answer.run);
    loop {
        if let Some(batch) = batch {
            table.batches += 1;
            assert!(batch.rows <= options.batch_rows);
            table.rows.extend(rows(&batch, &table.columns));
        }
        if let Some(done) = done {
            table.done = done;
            all.push(table);
            let Some(Next { run: following, columns }) = next else { return Ok(all) };
            run = following;
            table = Table { columns, rows: vec![], batches: 0, done: end() };
        }
        let part = client.next_part(run, options.batch_rows, options.batch_bytes)?;
        assert!(part.batch.is_some() || part.done.is_some(), "a cursor gave no rows and didn't end");
        (batch, done, next) = (part.batch, part.done, part.next);
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
