//! What an open connection holds while nothing is done on it.

use std::path::Path;

use bulkhead::registry::{Registry, Statement};

use crate::cpu::resident;
use crate::{Server, postgres, report};

const CONNECTIONS: usize = 64;
const AIM_MB: f64 = 0.3;

pub(crate) async fn run(server: &Server, drivers: &Path, json: bool) -> anyhow::Result<()> {
    let registry = Registry::open(postgres::config(server, drivers)?).await?;
    let database = registry.resolve(None)?;
    let sleep = |seconds: f64| Statement {
        sql: format!("SELECT pg_sleep({seconds})"),
        params: Vec::new(),
        read_only: false,
        consent: bulkhead::database::Consent::NONE,
        timeout: None,
        max_rows: 10,
        max_bytes: 1_000,
    };
    database.query(sleep(0.0)).await?;
    let before = resident()?;
    let open: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let database = database.clone();
            let statement = sleep(3.0);
            tokio::spawn(async move { database.query(statement).await })
        })
        .collect();
    for task in open {
        task.await??;
    }
    let held = database.pool().open - 1;
    anyhow::ensure!(held + 1 == CONNECTIONS, "{} connections are open, not {CONNECTIONS}", held + 1);
    let each = resident()?.saturating_sub(before) / u64::try_from(held)?;
    report::figure("an idle open connection, resident", f64::from(u32::try_from(each)?) / 1e6, "MB", Some(AIM_MB), json);
    registry.shutdown().await;
    Ok(())
}
