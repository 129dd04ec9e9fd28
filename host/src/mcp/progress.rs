//! Telling a client that waits how far its call is, where it gave a token for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::Peer;
use tokio::time::Instant;

use crate::database::ROWS_READ;

/// How often it is told: often enough to be seen to move.
const INTERVAL: Duration = Duration::from_secs(1);

/// Does the work, and each second tells how many rows have come.
pub(super) async fn told<T>(peer: &Peer<RoleServer>, token: Option<ProgressToken>, work: impl Future<Output = T>) -> T {
    let Some(token) = token else { return work.await };
    let rows = Arc::new(AtomicU64::new(0));
    let work = ROWS_READ.scope(rows.clone(), work);
    tokio::pin!(work);
    let began = Instant::now();
    let mut ticks = tokio::time::interval_at(began + INTERVAL, INTERVAL);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = ticks.tick() => {
                let (rows, elapsed) = (rows.load(Ordering::Relaxed), began.elapsed());
                let told = ProgressNotificationParam::new(token.clone(), elapsed.as_secs_f64())
                    .with_message(format!("{rows} rows so far, {} s", elapsed.as_secs()));
                // A client that can't be told still gets its answer.
                let _ = peer.notify_progress(told).await;
            }
        }
    }
}
