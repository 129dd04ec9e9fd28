//! Traps in every function that a caller can reach, and what becomes of the instance.

use bulkhead_tests::neighbour::contained;
use bulkhead_tests::{Config, Host};
use serde_json::json;

use super::{told, told_of};

#[tokio::test]
async fn a_panic_in_query() {
    let ended = contained(json!({"fault": "panic"}), "query", json!({"sql": "SELECT 1"})).await;
    told_of(&ended.answer, &["trap", "panic", "unreachable"]);
}

#[tokio::test]
async fn unreachable_in_query() {
    let ended = contained(json!({"fault": "unreachable"}), "query", json!({"sql": "SELECT 1"})).await;
    told_of(&ended.answer, &["trap", "unreachable"]);
}

#[tokio::test]
async fn an_address_out_of_bounds() {
    let ended = contained(json!({"fault": "out-of-bounds"}), "query", json!({"sql": "SELECT 1"})).await;
    told_of(&ended.answer, &["trap", "out of bounds"]);
}

#[tokio::test]
async fn a_division_by_zero() {
    let ended = contained(json!({"fault": "divide-by-zero"}), "query", json!({"sql": "SELECT 1"})).await;
    told_of(&ended.answer, &["trap", "divide", "unreachable"]);
}

#[tokio::test]
async fn an_exit_in_query() {
    let ended = contained(json!({"fault": "exit"}), "query", json!({"sql": "SELECT 1"})).await;
    told_of(&ended.answer, &["exit", "trap"]);
}

#[tokio::test]
async fn endless_recursion() {
    let ended = contained(json!({"fault": "recurse"}), "query", json!({"sql": "SELECT 1"})).await;
    told_of(&ended.answer, &["trap", "stack", "memory"]);
}

#[tokio::test]
async fn a_trap_in_connect() {
    let ended = contained(json!({"fault": "panic", "at": "connect"}), "query", json!({"sql": "SELECT 1"})).await;
    told(&ended.answer);
}

#[tokio::test]
async fn a_trap_in_next() {
    let options = json!({"fault": "panic", "at": "next"});
    let ended = contained(options, "query", json!({"sql": "SELECT /* rows 100000 */ 1", "max_rows": 100_000})).await;
    told(&ended.answer);
}

#[tokio::test]
async fn a_trap_in_describe() {
    for (tool, arguments) in [("list_tables", json!({})), ("describe_table", json!({"table": "t"}))] {
        let ended = contained(json!({"fault": "panic", "at": "describe"}), tool, arguments).await;
        told(&ended.answer);
    }
}

/// The statement was answered before the trap: its caller gets the answer, and the next caller a fresh instance.
#[tokio::test]
async fn a_trap_after_the_answer_costs_the_instance_alone() {
    for at in ["reset", "ping"] {
        let config = Config::new().hostile("bad", json!({"fault": "panic", "at": at}));
        let mut host = Host::start(config).await;
        let client = host.client().await;
        for _ in 0..4 {
            // Cut after one row, so that the cursor has to be closed.
            let answer =
                client.call("query", json!({"database_id": "bad", "sql": "SELECT /* rows 100000 */ 1", "max_rows": 1})).await;
            assert_eq!(answer.rows().len(), 1, "{at}");
        }
        assert!(host.is_running());
    }
}

/// Results that were cut stay open; the second makes room for itself by closing the first, and nobody waits for that.
#[tokio::test]
async fn a_trap_in_closing_a_cursor() {
    let options = json!({"fault": "panic", "at": "cursor-close"});
    let asked = json!({"sql": "SELECT /* rows 100000 */ 1", "max_rows": 1});
    let ended = contained(options, "query", asked.clone()).await;
    let first = ended.answer.ok().structured()["cursor"].clone();
    let mut asked = asked;
    asked["database_id"] = json!("bad");
    let second = ended.client.call("query", asked).await.ok();
    assert!(second.structured()["cursor"].is_string(), "{}", second.raw());
    assert!(ended.client.call("fetch_rows", json!({"cursor": first})).await.is_error());
    assert_eq!(ended.client.query("bad", "SELECT 1").await.cell(), "SELECT 1");
}

#[tokio::test]
async fn a_trap_while_closing_does_not_keep_the_host_from_ending() {
    for at in ["close", "drop"] {
        for fault in ["panic", "spin"] {
            let config = Config::new().hostile("bad", json!({"fault": fault, "at": at}));
            let mut host = Host::start(config).await;
            let client = host.client().await;
            assert_eq!(client.query("bad", "SELECT 1").await.cell(), "SELECT 1");
            client.close().await;
            let (status, took) = host.stop().await;
            assert!(status.success(), "{at} {fault}: {status}\n{}", host.log());
            assert!(took.as_secs() < 10, "{at} {fault}: {took:?}");
        }
    }
}

#[tokio::test]
async fn a_trapped_instance_is_never_used_again() {
    let config = Config::new()
        .hostile("bad", json!({"fault": "panic", "only": "boom"}))
        .set(&["databases", "bad", "pool", "max"], json!(1));
    let host = Host::start(config).await;
    let client = host.client().await;
    assert_eq!(client.query("bad", "SELECT /* count */ 1").await.cell_text(), "1");
    assert_eq!(client.query("bad", "SELECT /* count */ 1").await.cell_text(), "2", "the pool keeps a healthy instance");
    told(&client.query("bad", "SELECT 'boom'").await);
    assert_eq!(client.query("bad", "SELECT /* count */ 1").await.cell_text(), "1", "a fresh instance");
}
