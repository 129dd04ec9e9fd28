//! Connections: opened when they are needed, kept, waited for, closed when they aren't used.

use std::time::{Duration, Instant};

use bulkhead_tests::postgres::wait_until;
use serde_json::json;

use super::Rig;

#[tokio::test]
async fn none_is_opened_before_it_is_needed() {
    let rig = Rig::start("pool").await;
    let _ = rig.client.tools().await;
    let _ = rig.client.call("list_databases", json!({})).await.ok();
    assert_eq!(rig.server.backends(&rig.role), 0);
    let _ = rig.cell("SELECT 1").await;
    assert_eq!(rig.server.backends(&rig.role), 1);
    for _ in 0..5 {
        let _ = rig.cell("SELECT 1").await;
    }
    assert_eq!(rig.server.backends(&rig.role), 1, "and it is used again");
}

#[tokio::test]
async fn an_idle_one_is_closed() {
    let rig = Rig::start_with("pool", &[(&["pool", "idle_timeout"], json!("300ms"))]).await;
    let _ = rig.cell("SELECT 1").await;
    assert_eq!(rig.server.backends(&rig.role), 1);
    wait_until("the idle connection is closed", Duration::from_secs(5), || rig.server.backends(&rig.role) == 0).await;
    let _ = rig.cell("SELECT 1").await;
}

#[tokio::test]
async fn as_many_as_the_minimum_stay() {
    let keys: &[(&[&str], _)] = &[(&["pool", "idle_timeout"], json!("200ms")), (&["pool", "min"], json!(1))];
    let rig = Rig::start_with("pool", keys).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let sleep = json!({"database_id": "pg", "sql": "SELECT pg_sleep(0.5)"});
        held.push(rig.client.send("query", sleep).await);
    }
    wait_until("three are open", Duration::from_secs(5), || rig.server.running(&rig.role, "pg_sleep") == 3).await;
    for call in held {
        call.await_response().await.expect("answered");
    }
    wait_until("all but one are closed", Duration::from_secs(5), || rig.server.backends(&rig.role) == 1).await;
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(rig.server.backends(&rig.role), 1);
}

#[tokio::test]
async fn an_old_one_is_replaced() {
    let rig = Rig::start_with("pool", &[(&["pool", "max_lifetime"], json!("300ms"))]).await;
    let first = rig.cell("SELECT pg_backend_pid()").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_ne!(rig.cell("SELECT pg_backend_pid()").await, first);
}

#[tokio::test]
async fn waiting_in_vain_says_for_what_and_how_long() {
    let keys: &[(&[&str], _)] = &[(&["pool", "max"], json!(2)), (&["pool", "acquire_timeout"], json!("250ms"))];
    let rig = Rig::start_with("pool", keys).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(rig.client.send("query", json!({"database_id": "pg", "sql": "SELECT pg_sleep(5)"})).await);
    }
    wait_until("both are in use", Duration::from_secs(5), || rig.server.running(&rig.role, "pg_sleep") == 2).await;
    let start = Instant::now();
    let answer = rig.client.query("pg", "SELECT 1").await;
    let waited = start.elapsed();
    let text = answer.error().to_string();
    assert!(text.contains("pg"), "the database: {text}");
    assert!(text.contains('2'), "the pool's size: {text}");
    assert!(text.contains("ms"), "how long it waited: {text}");
    assert!(waited >= Duration::from_millis(240) && waited < Duration::from_millis(1_500), "{waited:?}");
    for call in held {
        call.cancel(None).await.expect("cancelled");
    }
    assert_eq!(rig.cell("SELECT 'free again'").await, "free again");
}

#[tokio::test]
async fn a_server_that_is_away_is_named_and_costs_the_others_nothing() {
    let keys: &[(&[&str], _)] = &[(&["port"], json!(bulkhead_tests::free_port()))];
    let rig = Rig::start_with("pool", keys).await;
    let answer = rig.client.query("pg", "SELECT 1").await;
    assert_eq!(answer.error()["kind"], "connection", "{}", answer.error());
    assert!(answer.raw().to_string().contains("pg"));
}
