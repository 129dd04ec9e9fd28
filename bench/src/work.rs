//! One statement, many times, by the host and by a native client in turns.

use std::hint::black_box;
use std::sync::Arc;

use bulkhead::registry::{Database, Held, QueryResult, Statement};
use bulkhead::render::{self, RowShape};

use crate::cpu::{Cost, measure};

/// A statement, so many times on each of so many connections.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) sql: String,
    pub(crate) connections: usize,
    pub(crate) each: u32,
}

/// Ours and theirs, in turns: the cost of one operation in each round.
pub(crate) async fn rounds<A, B>(
    count: usize,
    work: &Work,
    ours: impl Fn(Work) -> A,
    theirs: impl Fn(Work) -> B,
) -> anyhow::Result<Vec<(Cost, Cost)>>
where
    A: Future<Output = anyhow::Result<()>> + Send + 'static,
    B: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let total = work.each * u32::try_from(work.connections)?;
    let mut rounds = Vec::new();
    // The first round warms both up: connections, prepared statements, memory.
    for round in 0..=count {
        let a = measure(together(work, &ours)).await?;
        let b = measure(together(work, &theirs)).await?;
        if round > 0 {
            rounds.push((a.each(total), b.each(total)));
        }
    }
    Ok(rounds)
}

async fn together<F>(work: &Work, run: impl Fn(Work) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let tasks: Vec<_> = (0..work.connections).map(|_| tokio::spawn(run(work.clone()))).collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// On a connection of its own, as a transaction has.
pub(crate) async fn held(database: Arc<Database>, work: Work) -> anyhow::Result<()> {
    let mut held = Held::open(database).await?;
    for _ in 0..work.each {
        render(&held.query(whole(&work.sql)).await?)?;
    }
    held.release().await;
    Ok(())
}

/// From the pool each time.
pub(crate) async fn pooled(database: Arc<Database>, work: Work) -> anyhow::Result<()> {
    for _ in 0..work.each {
        render(&database.query(whole(&work.sql)).await?)?;
    }
    Ok(())
}

fn whole(sql: &str) -> Statement {
    Statement {
        sql: sql.to_owned(),
        params: Vec::new(),
        read_only: false,
        consent: bulkhead::database::Consent::NONE,
        timeout: None,
        max_rows: u64::MAX,
        max_bytes: u64::MAX,
    }
}

fn render(result: &QueryResult) -> anyhow::Result<()> {
    let mut out = String::new();
    for set in &result.sets {
        anyhow::ensure!(set.truncated.is_none(), "the result was cut");
        render::rows(&mut out, set, RowShape::Array);
    }
    black_box(out);
    Ok(())
}
