//! The SQLite driver in its sandbox against rusqlite on the same file.

use std::path::Path;
use std::sync::Arc;

use bulkhead::config::Config;
use bulkhead::contract::{Parameter, Value};
use bulkhead::registry::{Database, Registry, Statement};
use bulkhead::render::{self, RowShape};

use crate::cpu::measure;
use crate::report;

const ROWS: u32 = 100_000;
const ROUNDS: usize = 7;
const POINTS: u32 = 2_000;
const POINT: &str = "SELECT id, name, amount FROM customer WHERE id = ?";
const SCAN: &str = "SELECT id, name, amount FROM customer";
const SUM: &str = "SELECT count(*), sum(amount), max(name) FROM customer";

pub(crate) async fn run(drivers: &Path, json: bool) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("bench.db");
    make(&path)?;
    let config = serde_json::json!({
        "drivers": {"folder": drivers},
        "databases": {"main": {"driver": "sqlite", "directory": folder.path(), "catalog": "bench.db", "max_rows": 1_000_000, "max_bytes": 1_000_000_000}},
    });
    let registry = Registry::open(Config::parse(&config.to_string())?).await?;
    let ours = registry.resolve(None)?;
    let theirs = rusqlite::Connection::open(&path)?;
    for (what, sql, count, aim) in [
        ("point select", POINT, POINTS, Some(3.0)),
        ("scan of 100,000 rows", SCAN, 2, Some(2.0)),
        ("aggregate of 100,000 rows", SUM, 10, None),
    ] {
        let mut rounds = Vec::new();
        for round in 0..=ROUNDS {
            let a = measure(sandboxed(ours.clone(), sql, count)).await?;
            let b = measure(async { native(&theirs, sql, count) }).await?;
            if round > 0 {
                rounds.push((a.each(count), b.each(count)));
            }
        }
        report::comparison(&format!("SQLite: {what}"), aim, &rounds, json);
    }
    registry.shutdown().await;
    Ok(())
}

fn make(path: &Path) -> anyhow::Result<()> {
    let mut made = rusqlite::Connection::open(path)?;
    made.execute_batch("CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, amount REAL)")?;
    let batch = made.transaction()?;
    for id in 0..ROWS {
        batch.execute("INSERT INTO customer VALUES (?, ?, ?)", (id, format!("customer {id}"), f64::from(id) * 1.5))?;
    }
    batch.commit()?;
    Ok(())
}

async fn sandboxed(database: Arc<Database>, sql: &str, count: u32) -> anyhow::Result<usize> {
    let mut bytes = 0;
    for at in 0..count {
        let value = Value::Int64(i64::from(at * 7 % ROWS));
        let params = if sql.contains('?') { vec![Parameter { name: None, value, type_hint: None }] } else { Vec::new() };
        let statement = Statement {
            sql: sql.to_owned(),
            params,
            read_only: false,
            consent: bulkhead::database::Consent::NONE,
            timeout: None,
            max_rows: u64::MAX,
            max_bytes: u64::MAX,
        };
        let result = database.query(statement).await?;
        let mut out = String::new();
        for set in &result.sets {
            anyhow::ensure!(set.truncated.is_none() && set.rows > 0, "the result is not whole");
            render::rows(&mut out, set, RowShape::Array);
        }
        bytes += out.len();
    }
    Ok(bytes)
}

fn native(database: &rusqlite::Connection, sql: &str, count: u32) -> anyhow::Result<usize> {
    let mut bytes = 0;
    for at in 0..count {
        let mut statement = database.prepare_cached(sql)?;
        let columns = statement.column_count();
        let mut rows = if sql.contains('?') { statement.query([at * 7 % ROWS])? } else { statement.query([])? };
        let mut out = b"[".to_vec();
        while let Some(row) = rows.next()? {
            out.push(b'[');
            for column in 0..columns {
                match row.get_ref(column)? {
                    rusqlite::types::ValueRef::Null => out.extend_from_slice(b"null"),
                    rusqlite::types::ValueRef::Integer(value) => serde_json::to_writer(&mut out, &value)?,
                    rusqlite::types::ValueRef::Real(value) => serde_json::to_writer(&mut out, &value)?,
                    rusqlite::types::ValueRef::Text(value) => serde_json::to_writer(&mut out, std::str::from_utf8(value)?)?,
                    rusqlite::types::ValueRef::Blob(_) => {
                        anyhow::bail!("the benchmark has no blobs")
                    }
                }
                out.push(b',');
            }
            out.extend_from_slice(b"],");
        }
        bytes += out.len();
    }
    Ok(bytes)
}
