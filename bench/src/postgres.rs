//! The PostgreSQL driver in its sandbox against tokio-postgres: the same statement, the same pool, the same JSON.

use std::path::Path;
use std::sync::Arc;

use bulkhead::config::Config;
use bulkhead::registry::{Database, Registry, Statement};
use bulkhead::render::{self, RowShape};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};

use crate::cpu::measure;
use crate::{Server, native, report};

/// Rows, operations of a round on one connection, the aim.
const SIZES: [(u32, u32, f64); 4] = [
    (1, 2_000, 1.0),
    (10, 2_000, 1.1),
    (1_000, 200, 0.8),
    (100_000, 3, 0.7),
];
const CONNECTIONS: [usize; 2] = [1, 16];

pub(crate) async fn run(server: &Server, drivers: &Path, json: bool) -> anyhow::Result<()> {
    let registry = Registry::open(config(server, drivers)?).await?;
    let ours = registry.resolve(None)?;
    let theirs = native_pool(server)?;
    for connections in CONNECTIONS {
        for (rows, operations, aim) in SIZES {
            let sql = statement(rows);
            let each = (operations / u32::try_from(connections)?).max(1);
            let total = each * u32::try_from(connections)?;
            let mut rounds = Vec::new();
            for round in 0..=server.rounds {
                let a = measure(together(connections, each, |count| {
                    sandboxed(ours.clone(), sql.clone(), count)
                }))
                .await?;
                let b = measure(together(connections, each, |count| {
                    unconfined(theirs.clone(), sql.clone(), count)
                }))
                .await?;
                // The first round warms both up: connections, prepared statements, memory.
                if round > 0 {
                    rounds.push((a.each(total), b.each(total)));
                }
            }
            report::comparison(
                &format!("{rows} rows, {connections} connections"),
                Some(aim),
                &rounds,
                json,
            );
        }
    }
    registry.shutdown().await;
    Ok(())
}

pub(crate) fn statement(rows: u32) -> String {
    if rows == 1 {
        return "SELECT 1 AS x".to_owned();
    }
    format!(
        "SELECT i AS id, 'customer ' || i AS name, i * 1.5::float8 AS amount, i % 2 = 0 AS active, \
         timestamp '2026-01-01 00:00:00' + i * interval '1 minute' AS created FROM generate_series(1, {rows}) AS i"
    )
}

pub(crate) fn config(server: &Server, drivers: &Path) -> anyhow::Result<Config> {
    let entry = serde_json::json!({
        "drivers": {"folder": drivers},
        "databases": {"main": {
            "driver": "postgres", "host": server.host, "port": server.port, "user": server.user, "password": server.password,
            "catalog": server.database, "tls": {"mode": "off"}, "pool": {"max": 64, "acquire_timeout": "30s"},
            "max_rows": 1_000_000, "max_bytes": 1_000_000_000,
        }},
    });
    Ok(Config::parse(&entry.to_string())?)
}

fn native_pool(server: &Server) -> anyhow::Result<Pool> {
    let mut config = tokio_postgres::Config::new();
    config
        .host(&server.host)
        .port(server.port)
        .user(&server.user)
        .password(&server.password)
        .dbname(&server.database);
    let recycling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    Ok(Pool::builder(Manager::from_config(
        config,
        tokio_postgres::NoTls,
        recycling,
    ))
    .max_size(64)
    .build()?)
}

async fn together<F: Future<Output = anyhow::Result<usize>> + Send + 'static>(
    connections: usize,
    each: u32,
    work: impl Fn(u32) -> F,
) -> anyhow::Result<usize> {
    let tasks: Vec<_> = (0..connections).map(|_| tokio::spawn(work(each))).collect();
    let mut bytes = 0;
    for task in tasks {
        bytes += task.await??;
    }
    Ok(bytes)
}

async fn sandboxed(database: Arc<Database>, sql: String, count: u32) -> anyhow::Result<usize> {
    let mut bytes = 0;
    for _ in 0..count {
        let statement = Statement {
            sql: sql.clone(),
            params: Vec::new(),
            read_only: false,
            timeout: None,
            max_rows: u64::MAX,
            max_bytes: u64::MAX,
        };
        let result = database.query(statement).await?;
        let mut out = String::new();
        for set in &result.sets {
            anyhow::ensure!(set.truncated.is_none(), "the result was cut");
            render::rows(&mut out, set, RowShape::Array);
        }
        bytes += out.len();
    }
    Ok(bytes)
}

async fn unconfined(pool: Pool, sql: String, count: u32) -> anyhow::Result<usize> {
    let mut bytes = 0;
    for _ in 0..count {
        let client = pool.get().await?;
        let statement = client.prepare_cached(&sql).await?;
        bytes += native::json(&client.query(&statement, &[]).await?)?.len();
    }
    Ok(bytes)
}
