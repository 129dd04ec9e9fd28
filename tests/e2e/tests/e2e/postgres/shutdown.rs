//! Ending: running calls are stopped, and the server keeps no backend of ours.

use std::time::Duration;

use bulkhead_tests::postgres::{Server, wait_until};
use bulkhead_tests::{Client, Config, Era};
use serde_json::json;

use super::Rig;

#[tokio::test]
async fn no_backend_is_left() {
    let mut rig = Rig::start("shutdown").await;
    let _ = rig.cell("SELECT 1").await;
    let running = rig.client.send("query", json!({"database_id": "pg", "sql": "SELECT pg_sleep(60)"})).await;
    wait_until("pg_sleep runs", Duration::from_secs(5), || rig.server.running(&rig.role, "pg_sleep") == 1).await;
    let (status, took) = rig.host.stop().await;
    assert!(status.success(), "{status}\n{}", rig.host.log());
    assert!(took < Duration::from_secs(10), "{took:?}");
    wait_until("no backend is left", Duration::from_secs(1), || rig.server.backends(&rig.role) == 0).await;
    drop(running);
}

/// A call that ends within the grace period is answered.
#[tokio::test]
async fn a_short_call_is_still_answered() {
    let mut rig = Rig::start("shutdown").await;
    let _ = rig.cell("SELECT 1").await;
    let call = rig.client.send("query", json!({"database_id": "pg", "sql": "SELECT 'done', pg_sleep(1)"})).await;
    wait_until("pg_sleep runs", Duration::from_secs(5), || rig.server.running(&rig.role, "pg_sleep") == 1).await;
    let answer = tokio::spawn(call.await_response());
    let (status, _) = rig.host.stop().await;
    assert!(status.success(), "{status}");
    let text = serde_json::to_string(&answer.await.expect("the task").expect("an answer")).expect("JSON");
    assert!(text.contains("done"), "{text}");
}

/// On stdio the end of the input is the end.
#[tokio::test]
async fn stdio_ends_with_its_input() {
    let server = Server::from_environment();
    let role = server.role("shutdown");
    let config = Config::new().database("pg", server.entry(&role));
    let client = Client::stdio(&config.write(), Era::Sessions).await;
    assert_eq!(client.query("pg", "SELECT 1").await.cell(), json!(1));
    assert_eq!(server.backends(&role), 1);
    client.close().await;
    wait_until("no backend is left", Duration::from_secs(5), || server.backends(&role) == 0).await;
}
