//! What is missing at the start keeps no other from working, and heals by itself.

use std::time::{Duration, Instant};

use bulkhead_tests::postgres::Server;
use bulkhead_tests::{Client, Config, Host};
use serde_json::{Value, json};

use super::{TAKEN, ids, lite, logged};

async fn entry(client: &Client, id: &str) -> Value {
    let answer = client.call("list_databases", json!({})).await.ok();
    let databases = answer.structured()["databases"].as_array().expect("databases").clone();
    databases.into_iter().find(|database| database["database_id"] == id).expect("it is listed")
}

#[tokio::test]
async fn a_missing_driver_certificate_and_folder() {
    let config = lite(Config::new(), "works");
    let (late, pem) = (config.folder().join("late"), config.folder().join("late.pem"));
    let config = config
        .database("folder", json!({"driver": "sqlite", "directory": late, "catalog": "a.db", "options": {"create": true}}))
        .database("driver", json!({"driver": "nosuch", "host": "127.0.0.1", "description": "For later."}))
        .database("name", json!({"driver": "../hostile", "host": "127.0.0.1"}))
        .hostile("certificate", json!({}))
        .set(&["databases", "certificate", "tls"], json!({"ca_file": pem}))
        .set(&["default_database"], json!("driver"));
    let host = Host::start(config).await;
    let client = host.client().await;
    assert_eq!(ids(&client).await, ["certificate", "driver", "folder", "name", "works"]);
    assert_eq!(client.query("works", "SELECT 1").await.cell_text(), "1");
    for (id, word) in [("folder", "late"), ("driver", "nosuch"), ("name", "not a driver's name"), ("certificate", "late.pem")] {
        let listed = entry(&client, id).await;
        assert_eq!(listed["state"], "down", "{listed}");
        let answer = client.query(id, "SELECT 1").await;
        let error = answer.error();
        let message = error["message"].as_str().expect("words");
        assert!(message.contains(word) && message.contains("since"), "{id}: {message}");
        assert_eq!(error["retryable"], true, "{id}");
    }
    assert_eq!(entry(&client, "driver").await["description"], "For later.");
    let health = client.call("health_check", json!({})).await;
    let down =
        health.structured()["databases"].as_array().expect("databases").iter().filter(|one| one["state"] == "down").count();
    assert_eq!(down, 4, "{}", health.raw());

    // The folder comes: nobody says so.
    std::fs::create_dir(&late).expect("a folder");
    let began = Instant::now();
    while client.query("folder", "SELECT 1").await.is_error() {
        assert!(began.elapsed() < TAKEN, "{}", host.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let ca = Server::from_environment().ca_file;
    std::fs::copy(ca, &pem).expect("a certificate");
    let began = Instant::now();
    while client.query("certificate", "SELECT /* count */ 1").await.is_error() {
        assert!(began.elapsed() < TAKEN, "{}", host.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(ids(&client).await, ["certificate", "driver", "folder", "name", "works"]);
}

#[tokio::test]
async fn a_certificate_that_is_replaced_is_read_anew() {
    let config = Config::new().hostile("main", json!({}));
    let pem = config.folder().join("ca.pem");
    std::fs::copy(Server::from_environment().ca_file, &pem).expect("a certificate");
    let host = Host::start(config.set(&["databases", "main", "tls"], json!({"ca_file": pem}))).await;
    let client = host.client().await;
    assert_eq!(client.query("main", "SELECT /* count */ 1").await.rows().len(), 1);
    let text = std::fs::read_to_string(&pem).expect("it");
    std::fs::write(&pem, format!("{text}\n{text}")).expect("it is replaced");
    logged(&host, "drained", 1).await;
    assert_eq!(client.query("main", "SELECT /* count */ 1").await.rows().len(), 1);
}

#[tokio::test]
async fn a_server_without_any_database_that_works() {
    let host = Host::start(Config::new().database("only", json!({"driver": "nosuch", "host": "127.0.0.1"}))).await;
    let client = host.client().await;
    assert_eq!(client.tools().await.len(), 12);
    let answer = client.call("query", json!({"sql": "SELECT 1"})).await;
    assert!(
        answer.error()["message"].as_str().expect("words").contains("nosuch"),
        "the only one is the default: {}",
        answer.raw()
    );
}
