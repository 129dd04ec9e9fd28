//! The PostgreSQL driver in its sandbox against tokio-postgres: the same statement, the same pool, the same JSON.

use std::hint::black_box;
use std::path::Path;

use bulkhead::config::Config;
use bulkhead::registry::Registry;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};

use crate::work::{Work, held, pooled, rounds};
use crate::{Server, native, report};

/// Rows, operations of a round on one connection, the aim.
const SIZES: [(u32, u32, f64); 4] = [(1, 2_000, 1.0), (10, 2_000, 1.1), (1_000, 200, 0.8), (100_000, 3, 0.7)];
const CONNECTIONS: [usize; 2] = [1, 16];

pub(crate) async fn run(server: &Server, drivers: &Path, json: bool) -> anyhow::Result<()> {
    let registry = Registry::open(config(server, drivers)?).await?;
    let ours = registry.resolve(None)?;
    for connections in CONNECTIONS {
        for (rows, operations, aim) in SIZES {
            let work = Work { sql: statement(rows), connections, each: (operations / u32::try_from(connections)?).max(1) };
            let native = native_pool(server, RecyclingMethod::Fast)?;
            let rounds =
                rounds(server.rounds, &work, |work| held(ours.clone(), work), |work| native_held(native.clone(), work)).await?;
            report::comparison(&format!("{rows} rows, {connections} held"), Some(aim), &rounds, json);
        }
    }
    // A pooled connection is cleaned after each statement, so the native pool cleans its own as well.
    for (rows, operations, _) in SIZES {
        let work = Work { sql: statement(rows), connections: 1, each: operations };
        let native = native_pool(server, RecyclingMethod::Clean)?;
        let rounds =
            rounds(server.rounds, &work, |work| pooled(ours.clone(), work), |work| native_pooled(native.clone(), work)).await?;
        report::comparison(&format!("{rows} rows, pooled and cleaned"), None, &rounds, json);
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

fn native_pool(server: &Server, recycling_method: RecyclingMethod) -> anyhow::Result<Pool> {
    let mut config = tokio_postgres::Config::new();
    config.host(&server.host).port(server.port).user(&server.user).password(&server.password).dbname(&server.database);
    let manager = Manager::from_config(config, tokio_postgres::NoTls, ManagerConfig { recycling_method });
    Ok(Pool::builder(manager).max_size(64).build()?)
}

async fn native_held(pool: Pool, work: Work) -> anyhow::Result<()> {
    let client = pool.get().await?;
    for _ in 0..work.each {
        let statement = client.prepare_cached(&work.sql).await?;
        black_box(native::json(&client.query(&statement, &[]).await?)?);
    }
    Ok(())
}

async fn native_pooled(pool: Pool, work: Work) -> anyhow::Result<()> {
    for _ in 0..work.each {
        let client = pool.get().await?;
        let statement = client.prepare_cached(&work.sql).await?;
        black_box(native::json(&client.query(&statement, &[]).await?)?);
    }
    Ok(())
}
