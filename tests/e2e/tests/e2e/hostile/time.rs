//! Drivers that don't come back, by work or by waiting, whatever the host tells them.

use std::time::Duration;

use bulkhead_tests::neighbour::{contained, watch};
use bulkhead_tests::{Config, Host};
use serde_json::json;

use super::{told, told_of};

/// The statement timeout of these databases, the grace period and room for a busy machine.
const BY_THEN: Duration = Duration::from_secs(12);

#[tokio::test]
async fn spinning_in_query() {
    let ended = contained(json!({"fault": "spin"}), "query", json!({"sql": "SELECT 1"})).await;
    told_of(&ended.answer, &["time", "cpu", "interrupt"]);
    assert!(ended.elapsed < BY_THEN, "{:?}", ended.elapsed);
    assert!(ended.served > 50, "a neighbour was served only {} times", ended.served);
}

#[tokio::test]
async fn spinning_in_connect() {
    let ended = contained(json!({"fault": "spin", "at": "connect"}), "query", json!({"sql": "SELECT 1"})).await;
    told_of(&ended.answer, &["time", "cpu", "interrupt"]);
    assert!(ended.elapsed < BY_THEN, "{:?}", ended.elapsed);
    assert!(ended.served > 50, "a neighbour was served only {} times", ended.served);
}

#[tokio::test]
async fn spinning_in_next() {
    let options = json!({"fault": "spin", "at": "next"});
    let ended = contained(options, "query", json!({"sql": "SELECT /* rows 100000 */ 1", "max_rows": 100_000})).await;
    told_of(&ended.answer, &["time", "cpu", "interrupt"]);
    assert!(ended.elapsed < BY_THEN, "{:?}", ended.elapsed);
}

#[tokio::test]
async fn spinning_in_describe() {
    let ended = contained(json!({"fault": "spin", "at": "describe"}), "list_tables", json!({})).await;
    told_of(&ended.answer, &["time", "cpu", "interrupt"]);
    assert!(ended.elapsed < BY_THEN, "{:?}", ended.elapsed);
}

/// The call itself was answered; what spins is the cleaning up, which must hold nobody.
#[tokio::test]
async fn spinning_in_reset() {
    let config = Config::new()
        .hostile("bad", json!({"fault": "spin", "at": "reset"}))
        .set(&["databases", "bad", "pool", "max"], json!(1))
        .set(&["databases", "bad", "pool", "acquire_timeout"], json!("15s"))
        .hostile("good", json!({}));
    let host = Host::start(config).await;
    let client = host.client().await;
    let neighbour = watch(host.url());
    for _ in 0..2 {
        assert_eq!(client.query("bad", "SELECT 1").await.cell(), "SELECT 1");
    }
    assert!(neighbour.stop().await > 0);
}

/// Four at once, on two cores: the hardest case for a neighbour.
#[tokio::test]
async fn four_spinning_at_once() {
    let config = (0..4)
        .fold(Config::new(), |config, number| config.hostile(&format!("bad{number}"), json!({"fault": "spin"})))
        .hostile("good", json!({}));
    let host = Host::start(config).await;
    let client = host.client().await;
    assert_eq!(client.query("good", "SELECT 1").await.cell(), "SELECT 1");
    let neighbour = watch(host.url());
    let calls: Vec<_> = (0..4)
        .map(|number| {
            let url = host.url();
            tokio::spawn(async move {
                let client = bulkhead_tests::Client::http(&url, bulkhead_tests::Era::Stateless).await;
                client.query(&format!("bad{number}"), "SELECT 1").await
            })
        })
        .collect();
    for call in calls {
        told(&call.await.expect("an answer"));
    }
    let served = neighbour.stop().await;
    assert!(served > 50, "a neighbour was served only {served} times");
}

#[tokio::test]
async fn sleeping_through_the_timeout() {
    for fault in ["sleep", "sleep-by-clock"] {
        let ended = contained(json!({"fault": fault}), "query", json!({"sql": "SELECT 1"})).await;
        told_of(&ended.answer, &["time"]);
        assert!(ended.elapsed < BY_THEN, "{fault}: {:?}", ended.elapsed);
    }
}

/// A driver that hears of the timeout but answers as if nothing had been.
#[tokio::test]
async fn deaf_to_the_timeout() {
    let ended = contained(json!({"fault": "wait-deaf"}), "query", json!({"sql": "SELECT 1"})).await;
    assert!(ended.elapsed < BY_THEN, "{:?}", ended.elapsed);
}

/// The caller goes; the driver sleeps on. Its place in the pool is free again after the grace period.
#[tokio::test]
async fn sleeping_through_cancellation() {
    for fault in ["sleep", "sleep-by-clock", "spin"] {
        let config = Config::new()
            .hostile("bad", json!({"fault": fault, "only": "forever"}))
            .set(&["databases", "bad", "statement_timeout"], json!("10m"))
            .set(&["databases", "bad", "pool", "max"], json!(1))
            .set(&["databases", "bad", "pool", "acquire_timeout"], json!("20s"))
            .hostile("good", json!({}));
        let host = Host::start(config).await;
        let client = host.client().await;
        assert_eq!(client.query("bad", "SELECT /* count */ 1").await.cell_text(), "1");
        let call = client.send("query", json!({"database_id": "bad", "sql": "SELECT 'forever'"})).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        call.cancel(None).await.expect("cancelled");
        let start = std::time::Instant::now();
        assert_eq!(client.query("good", "SELECT 1").await.cell(), "SELECT 1");
        assert_eq!(client.query("bad", "SELECT /* count */ 1").await.cell_text(), "1", "{fault}: a fresh instance");
        assert!(start.elapsed() < BY_THEN, "{fault}: {:?}", start.elapsed());
    }
}
