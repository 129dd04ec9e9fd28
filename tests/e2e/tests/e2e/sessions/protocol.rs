//! The protocol's own sessions, in the versions that have them, and the one client on standard input.

use std::time::{Duration, Instant};

use bulkhead_tests::postgres::wait_until;
use bulkhead_tests::{Client, Config, Era};
use serde_json::{Value, json};

use super::{Rig, handle};

const SOON: Duration = Duration::from_secs(5);

async fn version(client: &Client) -> Value {
    let product = client.call("server_info", json!({})).await.ok();
    product.structured()["product"].clone()
}

#[tokio::test]
async fn use_database_changes_the_protocols_session() {
    let rig = Rig::start("protocol").await;
    let (one, two) = (rig.older().await, rig.older().await);
    assert_eq!(version(&one).await, "PostgreSQL");
    let _ = one.call("use_database", json!({"database_id": "lite"})).await.ok();
    assert_eq!(version(&one).await, "SQLite");
    assert_eq!(version(&two).await, "PostgreSQL", "another session is another");
    let info = one.call("session_info", json!({})).await.ok();
    assert_eq!(info.structured()["database_id"], "lite");
    // Those opened in it are listed in it alone.
    let opened = handle(&one, "open_session", json!({}), "session").await;
    assert_eq!(one.call("list_sessions", json!({})).await.ok().structured()["sessions"][0]["session"], json!(opened));
    assert_eq!(two.call("list_sessions", json!({})).await.ok().structured()["sessions"], json!([]));
}

#[tokio::test]
async fn leaving_rolls_back_and_gives_the_connection_back() {
    let rig = Rig::start("protocol_delete").await;
    let _ = rig.client.call("query", json!({"sql": "CREATE TABLE t (n int)"})).await.ok();
    let client = rig.older().await;
    let transaction = handle(&client, "begin_transaction", json!({}), "transaction").await;
    let _ = client.call("query", json!({"transaction": transaction, "sql": "INSERT INTO t VALUES (1)"})).await.ok();
    assert_eq!(rig.in_transaction(), 1);
    // The client's goodbye is the protocol's DELETE.
    client.close().await;
    wait_until("the transaction ends", SOON, || rig.in_transaction() == 0).await;
    assert_eq!(rig.cell(json!({"sql": "SELECT count(*) FROM t"})).await, "0");
    assert!(rig.client.call("commit", json!({"transaction": transaction})).await.is_error());
}

#[tokio::test]
async fn idleness_ends_the_protocols_session_too() {
    let short: [(&[&str], _); 1] = [(&["server", "sessions", "idle_timeout"], json!("1s"))];
    let rig = Rig::start_with("protocol_idle", &short).await;
    let client = rig.older().await;
    let _ = handle(&client, "begin_transaction", json!({}), "transaction").await;
    assert_eq!(rig.in_transaction(), 1);
    wait_until("the transaction ends", Duration::from_secs(10), || rig.in_transaction() == 0).await;
}

#[tokio::test]
async fn standard_input_is_one_session_in_both_eras() {
    for era in [Era::Stateless, Era::Sessions] {
        let rig = Rig::start("protocol_stdio").await;
        let config = Config::new();
        let folder = config.folder().join("files");
        std::fs::create_dir(&folder).expect("a folder");
        let config = config
            .set(&["server", "toolsets"], json!(["sessions", "transactions", "administration"]))
            .set(&["default_database"], json!("pg"))
            .database("pg", rig.server.entry(&rig.role))
            .sqlite("lite", &folder, "lite.db")
            .set(&["databases", "lite", "options"], json!({"create": true}));
        let client = Client::stdio(&config.write(), era).await;
        assert_eq!(version(&client).await, "PostgreSQL");
        let _ = client.call("use_database", json!({"database_id": "lite"})).await.ok();
        assert_eq!(version(&client).await, "SQLite", "{era:?}");
        let _ = handle(&client, "begin_transaction", json!({"database_id": "pg"}), "transaction").await;
        assert_eq!(rig.in_transaction(), 1);
        client.close().await;
        wait_until("the transaction ends", SOON, || rig.in_transaction() == 0).await;
    }
}

/// Who finds no place is told so and what to do, nobody loses theirs, and each that is given up can be taken.
#[tokio::test]
async fn there_are_only_so_many() {
    let two: [(&[&str], _); 1] = [(&["server", "sessions", "max_protocol_sessions"], json!(2))];
    let rig = Rig::start_with("protocol_full", &two).await;
    let (one, two) = (rig.older().await, rig.older().await);
    let knock = async || {
        let initialize = json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bare", "version": "1"}},
        });
        let request = reqwest::Client::new().post(rig.host.url()).header("accept", "application/json, text/event-stream");
        request.json(&initialize).send().await.expect("an answer")
    };
    for _ in 0..3 {
        let refused = knock().await;
        assert_eq!(refused.status(), reqwest::StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.headers().contains_key("retry-after"));
        let why = refused.text().await.expect("words");
        assert!(why.contains("2 sessions") && why.contains("try again later"), "{why}");
    }
    assert_eq!(version(&one).await, "PostgreSQL");
    // The newest protocol has no sessions to run out of.
    assert_eq!(version(&rig.client).await, "PostgreSQL");
    two.close().await;
    let began = Instant::now();
    while knock().await.status() != reqwest::StatusCode::OK {
        assert!(began.elapsed() < SOON, "no place becomes free");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(knock().await.status(), reqwest::StatusCode::SERVICE_UNAVAILABLE);
}
