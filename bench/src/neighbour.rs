//! A neighbour's calls while four drivers spin on the same cores.

use std::path::Path;
use std::time::{Duration, Instant};

use bulkhead::config::Config;
use bulkhead::registry::{Registry, Statement};

use crate::report;

const SPINNERS: usize = 4;
const CALLS: usize = 500;
const AIM_MS: f64 = 10.0;

pub(crate) async fn run(drivers: &Path, hostile: &Path, json: bool) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    for (from, name) in [(drivers, "sqlite"), (hostile, "hostile")] {
        std::fs::copy(from.join(format!("{name}.wasm")), folder.path().join(format!("{name}.wasm")))?;
    }
    let config = serde_json::json!({
        "drivers": {"folder": folder.path()},
        "databases": {
            "neighbour": {"driver": "sqlite", "directory": folder.path(), "catalog": ":memory:"},
            "spinner": {"driver": "hostile", "host": "localhost", "port": 1, "tls": {"mode": "off"}, "options": {"fault": "spin", "at": "query"}},
        },
    });
    let registry = Registry::open(Config::parse(&config.to_string())?).await?;
    let statement = |sql: &str| Statement {
        sql: sql.to_owned(),
        params: Vec::new(),
        read_only: false,
        consent: bulkhead::database::Consent::NONE,
        timeout: None,
        max_rows: 10,
        max_bytes: 1_000,
    };
    let neighbour = registry.resolve(Some("neighbour"))?;
    neighbour.query(statement("SELECT 1")).await?;
    let spinner = registry.resolve(Some("spinner"))?;
    let spinning: Vec<_> = (0..SPINNERS)
        .map(|_| {
            let (spinner, statement) = (spinner.clone(), statement("SELECT 1"));
            tokio::spawn(async move { while spinner.query(statement.clone()).await.is_err() {} })
        })
        .collect();
    let mut calls = Vec::with_capacity(CALLS);
    // In a task of its own, as a server's calls are.
    let measured = tokio::spawn(async move {
        for _ in 0..CALLS {
            tokio::time::sleep(Duration::from_millis(3)).await;
            let began = Instant::now();
            neighbour
                .query(Statement {
                    sql: "SELECT 1".to_owned(),
                    params: Vec::new(),
                    read_only: false,
                    consent: bulkhead::database::Consent::NONE,
                    timeout: None,
                    max_rows: 10,
                    max_bytes: 1_000,
                })
                .await?;
            calls.push(began.elapsed().as_secs_f64() * 1e3);
        }
        Ok::<_, anyhow::Error>(calls)
    });
    let mut calls = measured.await??;
    spinning.iter().for_each(tokio::task::JoinHandle::abort);
    calls.sort_by(f64::total_cmp);
    let at = |share: usize| calls.get((calls.len() - 1) * share / 1_000).copied().unwrap_or(f64::NAN);
    for (what, share, aim) in [("median", 500, None), ("99th percentile", 990, None), ("worst", 1_000, Some(AIM_MS))] {
        report::figure(&format!("a neighbour's call while {SPINNERS} drivers spin, {what}"), at(share), "ms", aim, json);
    }
    registry.shutdown().await;
    Ok(())
}
