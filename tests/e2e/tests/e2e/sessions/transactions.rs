//! Transactions that last from call to call.

use std::time::Duration;

use bulkhead_tests::postgres::wait_until;
use serde_json::{Value, json};

use super::Rig;

async fn rig(purpose: &str, keys: &[(&[&str], Value)]) -> Rig {
    let rig = Rig::start_with(purpose, keys).await;
    let _ = rig.client.call("query", json!({"sql": "CREATE TABLE t (n int)"})).await.ok();
    rig
}

async fn count(rig: &Rig) -> String {
    rig.cell(json!({"sql": "SELECT count(*) FROM t"})).await
}

#[tokio::test]
async fn committed_or_rolled_back() {
    let rig = rig("tx", &[]).await;
    for (end, kept) in [("rollback", "0"), ("commit", "1")] {
        let transaction = rig.begin(json!({})).await;
        let _ = rig.client.call("query", json!({"transaction": transaction, "sql": "INSERT INTO t VALUES (1)"})).await.ok();
        assert_eq!(rig.cell(json!({"transaction": transaction, "sql": "SELECT count(*) FROM t"})).await, "1");
        assert_eq!(count(&rig).await, "0", "nobody else sees it yet");
        let _ = rig.client.call(end, json!({"transaction": transaction})).await.ok();
        assert_eq!(count(&rig).await, kept, "{end}");
        for tool in ["commit", "rollback"] {
            assert!(rig.client.call(tool, json!({"transaction": transaction})).await.is_error(), "it ended: {tool}");
        }
    }
}

/// All calls are one connection's, and nothing else comes on it.
#[tokio::test]
async fn it_keeps_its_connection() {
    let rig = rig("tx_pin", &[]).await;
    let transaction = rig.begin(json!({})).await;
    let pid = || json!({"transaction": transaction, "sql": "SELECT pg_backend_pid()"});
    let first = rig.cell(pid()).await;
    for _ in 0..5 {
        assert_ne!(rig.cell(json!({"sql": "SELECT pg_backend_pid()"})).await, first);
        assert_eq!(rig.cell(pid()).await, first);
    }
}

#[tokio::test]
async fn isolation_and_read_only() {
    let rig = rig("tx_iso", &[]).await;
    for level in ["read-committed", "repeatable-read", "serializable"] {
        let transaction = rig.begin(json!({"isolation": level})).await;
        let said = rig.cell(json!({"transaction": transaction, "sql": "SHOW transaction_isolation"})).await;
        assert_eq!(said.replace(' ', "-"), level);
    }
    let unknown = rig.client.call("begin_transaction", json!({"isolation": "chaos"})).await;
    assert!(unknown.error().to_string().contains("serializable"), "{}", unknown.raw());
    let transaction = rig.begin(json!({"read_only": true})).await;
    let refused = rig.client.call("query", json!({"transaction": transaction, "sql": "INSERT INTO t VALUES (1)"})).await;
    assert!(refused.is_error());
    assert_eq!(count(&rig).await, "0");
}

#[tokio::test]
async fn a_failed_statement_leaves_only_the_rollback() {
    let rig = rig("tx_fail", &[]).await;
    let transaction = rig.begin(json!({})).await;
    let _ = rig.client.call("query", json!({"transaction": transaction, "sql": "INSERT INTO t VALUES (1)"})).await.ok();
    assert_eq!(
        rig.client.call("query", json!({"transaction": transaction, "sql": "SELECT 1/0"})).await.error()["sqlstate"],
        "22012"
    );
    let after = rig.client.call("query", json!({"transaction": transaction, "sql": "SELECT 1"})).await;
    assert_eq!(after.error()["sqlstate"], "25P02", "{}", after.raw());
    // A commit of what failed keeps nothing, and must not say that it did.
    let commit = rig.client.call("commit", json!({"transaction": transaction})).await;
    assert!(commit.is_error(), "{}", commit.raw());
    assert_eq!(count(&rig).await, "0");
    assert_eq!(rig.in_transaction(), 0);
}

#[tokio::test]
async fn forgotten_it_is_rolled_back_and_the_next_use_says_so() {
    let short: [(&[&str], _); 1] = [(&["server", "sessions", "transaction_idle_timeout"], json!("1s"))];
    let rig = rig("tx_idle", &short).await;
    let transaction = rig.begin(json!({})).await;
    let _ = rig.client.call("query", json!({"transaction": transaction, "sql": "INSERT INTO t VALUES (1)"})).await.ok();
    wait_until("it is rolled back", Duration::from_secs(10), || rig.in_transaction() == 0).await;
    for (tool, arguments) in
        [("query", json!({"transaction": transaction, "sql": "SELECT 1"})), ("commit", json!({"transaction": transaction}))]
    {
        let answer = rig.client.call(tool, arguments).await;
        let text = answer.error().to_string();
        assert!(text.contains("not used for 1s") && text.contains("rolled back") && text.contains("begin_transaction"), "{text}");
    }
    assert_eq!(count(&rig).await, "0");
}

/// Used now and then, it lives: only idleness counts.
#[tokio::test]
async fn what_is_used_is_not_idle() {
    let short: [(&[&str], _); 1] = [(&["server", "sessions", "transaction_idle_timeout"], json!("3s"))];
    let rig = rig("tx_used", &short).await;
    let transaction = rig.begin(json!({})).await;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(600)).await;
        let _ = rig.client.call("query", json!({"transaction": transaction, "sql": "SELECT 1"})).await.ok();
    }
}

#[tokio::test]
async fn a_statement_cancelled_in_it_ends_it() {
    let rig = rig("tx_cancel", &[]).await;
    let transaction = rig.begin(json!({})).await;
    let slow = json!({"transaction": transaction, "sql": "SELECT pg_sleep(30)", "timeout_ms": 200});
    assert!(rig.client.call("query", slow).await.is_error());
    let after = rig.client.call("query", json!({"transaction": transaction, "sql": "SELECT 1"})).await;
    assert!(after.is_error(), "{}", after.raw());
    let _ = rig.client.call("rollback", json!({"transaction": transaction})).await;
    wait_until("it is over", Duration::from_secs(5), || rig.in_transaction() == 0).await;
}

#[tokio::test]
async fn too_many_are_refused() {
    let few: [(&[&str], _); 1] = [(&["server", "sessions", "max_transactions"], json!(2))];
    let rig = rig("tx_many", &few).await;
    let session = rig.session(json!({})).await;
    let mut open = Vec::new();
    for _ in 0..2 {
        open.push(rig.begin(json!({"session": session})).await);
    }
    let refused = rig.client.call("begin_transaction", json!({"session": session})).await;
    assert!(refused.error().to_string().contains("2 transactions"), "{}", refused.raw());
    let info = rig.client.call("session_info", json!({"session": session})).await.ok();
    assert_eq!(info.structured()["transactions"].as_array().map(Vec::len), Some(2), "{}", info.raw());
    // Another session has its own.
    let other = rig.session(json!({})).await;
    let _ = rig.begin(json!({"session": other})).await;
    let _ = rig.client.call("rollback", json!({"transaction": open[0]})).await.ok();
    let _ = rig.begin(json!({"session": session})).await;
    let _ = rig.client.call("close_session", json!({"session": session})).await.ok();
    wait_until("only the other's is left", Duration::from_secs(5), || rig.in_transaction() == 1).await;
}

#[tokio::test]
async fn a_transaction_has_its_own_place() {
    let rig = rig("tx_place", &[]).await;
    let transaction = rig.begin(json!({})).await;
    let both = rig.client.call("query", json!({"transaction": transaction, "database_id": "lite", "sql": "SELECT 1"})).await;
    assert!(both.error().to_string().contains("leave database_id"), "{}", both.raw());
}

/// SQLite's too: the same tools.
#[tokio::test]
async fn in_the_embedded_database() {
    let rig = rig("tx_lite", &[]).await;
    let _ = rig.client.query("lite", "CREATE TABLE t (n)").await.ok();
    for (end, kept) in [("rollback", "0"), ("commit", "1")] {
        let transaction = rig.begin(json!({"database_id": "lite"})).await;
        let _ = rig.client.call("query", json!({"transaction": transaction, "sql": "INSERT INTO t VALUES (1)"})).await.ok();
        let _ = rig.client.call(end, json!({"transaction": transaction})).await.ok();
        assert_eq!(rig.client.query("lite", "SELECT count(*) FROM t").await.cell_text(), kept, "{end}");
    }
}

#[tokio::test]
async fn explain_in_a_transaction_sees_what_it_made() {
    let rig = rig("tx_explain", &[]).await;
    let transaction = rig.begin(json!({})).await;
    let _ = rig.client.call("query", json!({"transaction": transaction, "sql": "CREATE TABLE mine (n int)"})).await.ok();
    let plan = rig.client.call("explain", json!({"transaction": transaction, "sql": "SELECT * FROM mine"})).await.ok();
    assert!(plan.text().contains("Seq Scan on mine"), "{}", plan.raw());
    assert!(plan.structured()["plan"].is_array() || plan.structured()["plan"].is_object(), "{}", plan.raw());
}
