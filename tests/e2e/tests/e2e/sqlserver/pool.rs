//! Connections: opened when they are needed, kept, waited for, closed when they aren't used.

use std::time::{Duration, Instant};

use bulkhead_tests::postgres::wait_until;
use serde_json::json;

use super::Rig;

fn open(rig: &Rig) -> usize {
    rig.server.sessions(&rig.login, "session_id").len()
}

#[tokio::test]
async fn none_is_opened_before_it_is_needed() {
    let rig = Rig::start("pool").await;
    let _ = rig.client.tools().await;
    let _ = rig.client.call("list_databases", json!({})).await.ok();
    assert_eq!(open(&rig), 0);
    for _ in 0..5 {
        let _ = rig.cell("SELECT 1").await;
        assert_eq!(open(&rig), 1, "and it is used again");
    }
}

#[tokio::test]
async fn an_idle_one_is_closed() {
    let rig = Rig::start_with("pool", &[(&["pool", "idle_timeout"], json!("300ms"))]).await;
    let _ = rig.cell("SELECT 1").await;
    assert_eq!(open(&rig), 1);
    wait_until("the idle connection is closed", Duration::from_secs(5), || open(&rig) == 0).await;
    let _ = rig.cell("SELECT 1").await;
}

#[tokio::test]
async fn an_old_one_is_replaced() {
    let rig = Rig::start_with("pool", &[(&["pool", "max_lifetime"], json!("300ms"))]).await;
    let since = "SELECT CONVERT(varchar(30), login_time, 126) FROM sys.dm_exec_sessions WHERE session_id = @@SPID";
    let first = rig.cell(since).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_ne!(rig.cell(since).await, first);
}

#[tokio::test]
async fn waiting_in_vain_says_for_what_and_how_long() {
    let keys: &[(&[&str], _)] = &[(&["pool", "max"], json!(2)), (&["pool", "acquire_timeout"], json!("250ms"))];
    let rig = Rig::start_with("pool", keys).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(rig.client.send("query", json!({"database_id": "ms", "sql": "WAITFOR DELAY '00:00:05'"})).await);
    }
    wait_until("both are in use", Duration::from_secs(5), || rig.server.running(&rig.login, "WAITFOR") == 2).await;
    let start = Instant::now();
    let answer = rig.client.query("ms", "SELECT 1").await;
    let waited = start.elapsed();
    let text = answer.error().to_string();
    assert!(text.contains("ms") && text.contains('2'), "the database, the pool's size: {text}");
    assert!(waited >= Duration::from_millis(240) && waited < Duration::from_millis(1_500), "{waited:?}");
    for call in held {
        call.cancel(None).await.expect("cancelled");
    }
    assert_eq!(rig.cell("SELECT 'free again'").await, "free again");
}
