//! The SQL Server driver in its sandbox against tiberius: the same batch, the same JSON, on held connections.

use std::hint::black_box;
use std::io::Write;
use std::path::Path;

use bulkhead::config::Config;
use bulkhead::registry::Registry;
use tiberius::{AuthMethod, Client, ColumnType, EncryptionLevel, Row};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use crate::work::{Work, held, rounds};
use crate::{Server, report};

/// Rows, operations of a round on one connection, the aim.
const SIZES: [(u32, u32, f64); 3] = [(1, 2_000, 1.1), (10, 2_000, 1.1), (1_000, 200, 0.9)];
const CONNECTIONS: [usize; 2] = [1, 16];
/// Rows of an INSERT: the server takes a thousand at most.
const PORTION: u32 = 500;
const TABLE: &str = "bulkhead_bench";

pub(crate) async fn run(server: &Server, drivers: &Path, json: bool) -> anyhow::Result<()> {
    fill(&mut native(server).await?).await?;
    let registry = Registry::open(config(server, drivers)?).await?;
    let ours = registry.resolve(None)?;
    for connections in CONNECTIONS {
        for (rows, operations, aim) in SIZES {
            let work = Work { sql: statement(rows), connections, each: (operations / u32::try_from(connections)?).max(1) };
            let theirs = |work| native_held(server.clone(), work);
            let rounds = rounds(server.rounds, &work, |work| held(ours.clone(), work), theirs).await?;
            report::comparison(&format!("{rows} rows, {connections} held"), Some(aim), &rounds, json);
        }
    }
    registry.shutdown().await;
    native(server).await?.simple_query(format!("DROP TABLE {TABLE}")).await?.into_results().await?;
    Ok(())
}

fn statement(rows: u32) -> String {
    if rows == 1 {
        "SELECT 1 AS x".to_owned()
    } else {
        format!("SELECT id, name, amount, active, created FROM {TABLE} WHERE id <= {rows}")
    }
}

fn config(server: &Server, drivers: &Path) -> anyhow::Result<Config> {
    let entry = serde_json::json!({
        "drivers": {"folder": drivers},
        "databases": {"main": {
            "driver": "sqlserver", "host": server.host, "port": server.port, "user": server.user, "password": server.password,
            "catalog": server.database, "tls": {"mode": "off", "allow_plaintext_password": true},
            "pool": {"max": 64, "acquire_timeout": "30s"}, "max_rows": 1_000_000, "max_bytes": 1_000_000_000,
        }},
    });
    Ok(Config::parse(&entry.to_string())?)
}

async fn native(server: &Server) -> anyhow::Result<Client<Compat<TcpStream>>> {
    let mut config = tiberius::Config::new();
    config.host(&server.host);
    config.port(server.port);
    config.database(&server.database);
    config.authentication(AuthMethod::sql_server(&server.user, &server.password));
    config.encryption(EncryptionLevel::NotSupported);
    let socket = TcpStream::connect((server.host.as_str(), server.port)).await?;
    socket.set_nodelay(true)?;
    Ok(Client::connect(config, socket.compat_write()).await?)
}

async fn fill(client: &mut Client<Compat<TcpStream>>) -> anyhow::Result<()> {
    let most = SIZES.iter().map(|(rows, ..)| *rows).max().unwrap_or(1);
    let create = format!(
        "CREATE TABLE {TABLE} (id int NOT NULL PRIMARY KEY, name nvarchar(50), amount float, active bit, created datetime2(3))"
    );
    // A run that was ended early leaves it.
    client.simple_query(format!("DROP TABLE IF EXISTS {TABLE}")).await?.into_results().await?;
    client.simple_query(create).await?.into_results().await?;
    for start in (1..=most).step_by(usize::try_from(PORTION)?) {
        let rows: Vec<String> = (start..(start + PORTION).min(most + 1))
            .map(|id| format!("({id}, N'customer {id}', {}.5, {}, '2026-01-01T00:{:02}:00')", id, id % 2, id % 60))
            .collect();
        client.simple_query(format!("INSERT INTO {TABLE} VALUES {}", rows.join(", "))).await?.into_results().await?;
    }
    Ok(())
}

async fn native_held(server: Server, work: Work) -> anyhow::Result<()> {
    let mut client = native(&server).await?;
    for _ in 0..work.each {
        let rows = client.simple_query(&work.sql).await?.into_first_result().await?;
        anyhow::ensure!(!rows.is_empty(), "no rows");
        black_box(json(&rows)?);
    }
    client.close().await?;
    Ok(())
}

/// Rows as an array of arrays, straight into a buffer.
fn json(rows: &[Row]) -> anyhow::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(rows.len() * 64);
    out.push(b'[');
    for (at, row) in rows.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"[" } else { b",[" });
        for (column, about) in row.columns().iter().enumerate() {
            if column > 0 {
                out.push(b',');
            }
            value(&mut out, row, column, about.column_type())?;
        }
        out.push(b']');
    }
    out.push(b']');
    Ok(out)
}

fn value(out: &mut Vec<u8>, row: &Row, column: usize, kind: ColumnType) -> anyhow::Result<()> {
    match kind {
        ColumnType::Int4 | ColumnType::Intn => serde_json::to_writer(out, &row.try_get::<i32, _>(column)?)?,
        ColumnType::Float8 | ColumnType::Floatn => serde_json::to_writer(out, &row.try_get::<f64, _>(column)?)?,
        ColumnType::Bit | ColumnType::Bitn => serde_json::to_writer(out, &row.try_get::<bool, _>(column)?)?,
        ColumnType::NVarchar => serde_json::to_writer(out, &row.try_get::<&str, _>(column)?)?,
        ColumnType::Datetime2 => match row.try_get::<chrono::NaiveDateTime, _>(column)? {
            Some(time) => write!(out, "\"{time:?}\"")?,
            None => out.extend_from_slice(b"null"),
        },
        other => anyhow::bail!("the benchmark has no column of type {other:?}"),
    }
    Ok(())
}
