//! A driver of a database in files that looks for more than its directory: by the standard library, and by the contract's
//! `files`. It answers a statement with what it got: `std PATH`, `escape PATH`, `exhaust PATH`.

#![allow(clippy::result_large_err, reason = "the contract's error is the size it is")]

mod granted;

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
            name: "hostile-files".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            description: "looks for files, for tests".into(),
            dialect: "generic".into(),
            parameter_style: ParameterStyle::Question,
            options_schema: r#"{"type": "object", "additionalProperties": false}"#.into(),
            features: Features::EMBEDDED,
            default_port: None,
        }
    }

    fn connect(_options: ConnectOptions) -> Result<Connection, Error> {
        Ok(Connection::new(Nothing))
    }
}

impl GuestConnection for Nothing {
    /// One row: what was found.
    fn query(&self, statement: String, _: Vec<Parameter>, _: QueryOptions) -> Result<Reply, Error> {
        // As SQL, so that the host's own reading of a statement lets it through.
        let words = statement.strip_prefix("SELECT '").and_then(|rest| rest.strip_suffix('\''));
        let found = match words.unwrap_or(&statement).split_once(' ') {
            Some(("std", path)) => loot(path),
            Some(("escape", path)) => granted::escape(path),
            Some(("exhaust", path)) => granted::exhaust(path),
            _ => return Err(unsupported()),
        };
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

/// What lies within reach, one to a line; nothing if the walls hold.
fn loot(target: &str) -> String {
    let read = std::fs::read(target).ok().map(|bytes| format!("read {} bytes", bytes.len()));
    let listed = ["/", ".", "..", "/etc", "/proc/self", "/tmp"]
        .into_iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .flatten()
        .map(|entry| format!("listed {}", entry.path().display()));
    let written = [target, "escape", "/tmp/bulkhead-escape", "../bulkhead-escape"]
        .into_iter()
        .filter(|path| std::fs::write(path, "escaped").is_ok())
        .map(|path| format!("wrote {path}"));
    read.into_iter().chain(listed).chain(written).collect::<Vec<_>>().join("\n")
}

#[cfg(target_family = "wasm")]
bulkhead_driver::export!(Thief);
