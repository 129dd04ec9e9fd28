//! The caller goes, or the time is up: the server is told, and the connection is kept.

use std::time::{Duration, Instant};

use bulkhead_tests::postgres::wait_until;
use bulkhead_tests::{Client, Era};
use serde_json::json;

use super::Rig;

/// One connection: if it were lost, its successor would have another backend.
const ONE: (&[&str], serde_json::Value) = (&["pool", "max"], serde_json::Value::Null);

async fn rig() -> Rig {
    let (path, _) = ONE;
    Rig::start_with("cancel", &[(path, json!(1)), (&["statement_timeout"], json!("60s"))]).await
}

async fn sleeps(rig: &Rig) {
    wait_until("pg_sleep runs", Duration::from_secs(5), || rig.server.running(&rig.role, "pg_sleep") == 1).await;
}

/// The server has heard of it within a second.
async fn is_gone(rig: &Rig) {
    let start = Instant::now();
    while rig.server.running(&rig.role, "pg_sleep") > 0 {
        let activity = || {
            rig.server.query(&format!(
                "SELECT state, wait_event_type, wait_event, query FROM pg_stat_activity WHERE usename = '{}'",
                rig.role.name
            ))
        };
        assert!(start.elapsed() < Duration::from_secs(1), "pg_sleep is still there: {}\n{}", activity(), rig.host.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_client_that_cancels() {
    for era in [Era::Stateless, Era::Sessions] {
        let rig = rig().await;
        let client = Client::http(&rig.host.url(), era).await;
        let backend = rig.cell("SELECT pg_backend_pid()").await;
        let call = client.send("query", json!({"database_id": "pg", "sql": "SELECT pg_sleep(30)"})).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        sleeps(&rig).await;
        call.cancel(Some("changed my mind".into())).await.expect("cancelled");
        is_gone(&rig).await;
        assert_eq!(rig.cell("SELECT pg_backend_pid()").await, backend, "{era:?}: the pool still has its connection");
    }
}

#[tokio::test]
async fn a_client_that_hangs_up() {
    let rig = rig().await;
    let backend = rig.cell("SELECT pg_backend_pid()").await;
    let url = rig.host.url();
    // A bare HTTP client, of the stateless era, whose connection is closed in the middle.
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {
            "name": "query",
            "arguments": {"database_id": "pg", "sql": "SELECT pg_sleep(30)"},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "bare", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    });
    let call = tokio::spawn(
        reqwest::Client::new()
            .post(url)
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", "query")
            .json(&body)
            .send(),
    );
    sleeps(&rig).await;
    call.abort();
    is_gone(&rig).await;
    assert_eq!(rig.cell("SELECT pg_backend_pid()").await, backend, "the pool still has its connection");
}

#[tokio::test]
async fn a_client_on_stdio_that_cancels() {
    let server = bulkhead_tests::postgres::Server::from_environment();
    let role = server.role("cancel");
    let config =
        bulkhead_tests::Config::new().database("pg", server.entry(&role)).set(&["databases", "pg", "pool", "max"], json!(1));
    let client = Client::stdio(&config.write(), Era::Sessions).await;
    let backend = client.query("pg", "SELECT pg_backend_pid()").await.cell();
    let call = client.send("query", json!({"database_id": "pg", "sql": "SELECT pg_sleep(30)"})).await;
    wait_until("pg_sleep runs", Duration::from_secs(5), || server.running(&role, "pg_sleep") == 1).await;
    call.cancel(None).await.expect("cancelled");
    wait_until("pg_sleep is gone", Duration::from_secs(1), || server.running(&role, "pg_sleep") == 0).await;
    assert_eq!(client.query("pg", "SELECT pg_backend_pid()").await.cell(), backend);
}

#[tokio::test]
async fn the_statement_timeout() {
    let rig = rig().await;
    let backend = rig.cell("SELECT pg_backend_pid()").await;
    let start = Instant::now();
    let asked = json!({"database_id": "pg", "sql": "SELECT pg_sleep(30)", "timeout_ms": 300});
    let answer = rig.client.call("query", asked).await;
    assert_eq!(answer.error()["kind"], "timeout", "{}", answer.error());
    assert!(answer.raw().to_string().contains("300"), "it says which limit: {}", answer.raw());
    assert!(start.elapsed() < Duration::from_millis(2_500), "{:?}", start.elapsed());
    is_gone(&rig).await;
    assert_eq!(rig.cell("SELECT pg_backend_pid()").await, backend, "the pool still has its connection");
}

/// Cancelled while rows are on their way: what was in flight must not be taken for the next answer.
#[tokio::test]
async fn in_the_middle_of_a_large_result() {
    let rig = rig().await;
    let backend = rig.cell("SELECT pg_backend_pid()").await;
    for _ in 0..5 {
        let sql = "SELECT n, repeat('z', 100), pg_sleep(0.00001) FROM generate_series(1, 10000000) n /* pg_sleep */";
        let call = rig.client.send("query", json!({"database_id": "pg", "sql": sql, "max_rows": 100_000})).await;
        sleeps(&rig).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        call.cancel(None).await.expect("cancelled");
        is_gone(&rig).await;
        assert_eq!(rig.cell("SELECT 'my own'").await, "my own");
    }
    assert_eq!(rig.cell("SELECT pg_backend_pid()").await, backend);
}

/// A cancel that comes as the statement ends must not hit the next one.
#[tokio::test]
async fn a_late_cancel_hits_nobody_else() {
    let rig = rig().await;
    for milliseconds in 0..30 {
        let call = rig.client.send("query", json!({"database_id": "pg", "sql": "SELECT pg_sleep(0.01)"})).await;
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        call.cancel(None).await.expect("cancelled");
        let next = rig.client.query("pg", "SELECT pg_sleep(0.005), 'next'").await;
        assert!(!next.is_error(), "cancelled after {milliseconds} ms: {}", next.raw());
    }
}
