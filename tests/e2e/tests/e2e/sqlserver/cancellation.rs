//! The caller goes, or the time is up: the server is told by an attention, and the connection is kept.

use std::time::{Duration, Instant};

use bulkhead_tests::postgres::wait_until;
use serde_json::json;

use super::Rig;

/// The server's account of a session that no successor shares.
const SESSION: &str = "SELECT session_id FROM sys.dm_exec_sessions WHERE session_id = @@SPID";

async fn rig() -> Rig {
    Rig::start_with("cancel", &[(&["pool", "max"], json!(1)), (&["statement_timeout"], json!("60s"))]).await
}

async fn runs(rig: &Rig, text: &str) {
    wait_until("it runs", Duration::from_secs(5), || rig.server.running(&rig.login, text) == 1).await;
}

/// The server has heard of it within a second, and nobody had to log in again.
async fn is_gone(rig: &Rig, text: &str) {
    wait_until("it ended", Duration::from_secs(1), || rig.server.running(&rig.login, text) == 0).await;
}

#[tokio::test]
async fn a_client_that_cancels() {
    let rig = rig().await;
    let session = rig.cell(SESSION).await;
    for round in 1..=3 {
        let call = rig.client.send("query", json!({"database_id": "ms", "sql": "WAITFOR DELAY '00:00:30'"})).await;
        runs(&rig, "WAITFOR").await;
        call.cancel(Some("changed my mind".into())).await.expect("cancelled");
        is_gone(&rig, "WAITFOR").await;
        assert_eq!(rig.cell(SESSION).await, session, "the pool still has its connection");
        assert_eq!(rig.server.sessions(&rig.login, "attentions"), [json!(round)]);
    }
}

#[tokio::test]
async fn the_statement_timeout() {
    let rig = rig().await;
    let session = rig.cell(SESSION).await;
    let start = Instant::now();
    let asked = json!({"database_id": "ms", "sql": "WAITFOR DELAY '00:00:30'", "timeout_ms": 300});
    let answer = rig.client.call("query", asked).await;
    assert_eq!(answer.error()["kind"], "timeout", "{}", answer.error());
    assert!(start.elapsed() < Duration::from_millis(2_500), "{:?}", start.elapsed());
    is_gone(&rig, "WAITFOR").await;
    assert_eq!(rig.cell(SESSION).await, session, "the pool still has its connection");
}

/// A cancel that comes as the statement ends must not hit the next one.
#[tokio::test]
async fn a_late_cancel_hits_nobody_else() {
    let rig = rig().await;
    for milliseconds in 0..20 {
        let call = rig.client.send("query", json!({"database_id": "ms", "sql": "WAITFOR DELAY '00:00:00.010'"})).await;
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        call.cancel(None).await.expect("cancelled");
        let next = rig.client.query("ms", "SELECT 'next'").await;
        assert!(!next.is_error(), "cancelled after {milliseconds} ms: {}", next.raw());
    }
}
