//! All databases' connections together have a limit, and none starves another of them.

use std::time::Duration;

use bulkhead_tests::postgres::{Server, wait_until};
use bulkhead_tests::{Config, Host};
use serde_json::json;

use super::TAKEN;

#[tokio::test]
async fn an_unused_connection_makes_room_for_another_databases() {
    let server = Server::from_environment();
    let role = server.role("room");
    let mut config = Config::new().set(&["connections"], json!({"max": 2}));
    let mut entry = server.entry(&role);
    entry["pool"] = json!({"max": 2, "acquire_timeout": "1s"});
    for id in ["a", "b", "c", "d"] {
        config = config.database(id, entry.clone());
    }
    let host = Host::start(config).await;
    let client = host.client().await;
    for round in 0..3 {
        for id in ["a", "b", "c", "d"] {
            assert_eq!(client.query(id, "SELECT 1").await.cell_text(), "1", "{round}, {id}");
            assert!(server.backends(&role) <= 3, "one may be on its way out");
        }
    }
    wait_until("two are left", TAKEN, || server.backends(&role) == 2).await;

    // All in use: the next is refused in its time and told why, and what runs isn't disturbed.
    let sleeping: Vec<_> = ["a", "b"]
        .map(|id| {
            let url = host.url();
            tokio::spawn(async move {
                let client = bulkhead_tests::Client::http(&url, bulkhead_tests::Era::Stateless).await;
                client.query(id, "SELECT 'slept' FROM pg_sleep(3)").await
            })
        })
        .into();
    wait_until("both run", TAKEN, || server.running(&role, "pg_sleep") == 2).await;
    let refused = client.query("c", "SELECT 1").await;
    let error = refused.error();
    assert!(error["message"].as_str().expect("words").contains("connections.max"), "{}", refused.raw());
    assert_eq!(error["retryable"], true);
    // One that waits gets the place of the first that ends.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(client.query("d", "SELECT 1").await.cell_text(), "1");
    for call in sleeping {
        assert_eq!(call.await.expect("the call").cell_text(), "slept");
    }
}

#[tokio::test]
async fn a_databases_own_limits() {
    let config = Config::new().hostile("main", json!({})).set(&["databases", "main", "limits"], json!({"max_cpu_time": "100ms"}));
    let config = config.hostile("spins", json!({"fault": "spin", "at": "query"}));
    let config = config.set(&["databases", "spins", "limits"], json!({"max_cpu_time": "100ms"}));
    let host = Host::start(config).await;
    let client = host.client().await;
    let stopped = client.query("spins", "SELECT 1").await;
    assert!(stopped.error()["message"].as_str().expect("words").contains("100 ms"), "{}", stopped.raw());
    assert_eq!(client.query("main", "SELECT /* count */ 1").await.rows().len(), 1);
}
