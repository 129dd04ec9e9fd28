//! Memory without end, and memory that tells what it shouldn't.

use bulkhead_tests::neighbour::contained;
use bulkhead_tests::{Config, HOSTILE_PASSWORD, Host};
use serde_json::json;

use super::{told, told_of};

/// What all the host's own memory and one driver's 64 MiB fit in.
const RESIDENT_KIB: u64 = 400 * 1024;

#[tokio::test]
async fn allocating_for_ever() {
    for (fault, at) in [("allocate", "query"), ("allocate-small", "query"), ("allocate", "connect")] {
        let ended = contained(json!({"fault": fault, "at": at}), "query", json!({"sql": "SELECT 1"})).await;
        told_of(&ended.answer, &["memory"]);
        assert!(ended.host.resident_kib() < RESIDENT_KIB, "{} KiB", ended.host.resident_kib());
    }
}

#[tokio::test]
async fn allocating_in_every_connection() {
    let config = Config::new().hostile("bad", json!({"fault": "allocate"})).set(&["databases", "bad", "pool", "max"], json!(8));
    let host = Host::start(config).await;
    let client = host.client().await;
    for _ in 0..16 {
        told(&client.query("bad", "SELECT 1").await);
    }
    assert!(host.resident_kib() < RESIDENT_KIB, "{} KiB", host.resident_kib());
}

#[tokio::test]
async fn asking_for_four_gigabytes_of_random_bytes() {
    let ended = contained(json!({"fault": "random-flood"}), "query", json!({"sql": "SELECT 1"})).await;
    told(&ended.answer);
    assert!(ended.host.resident_kib() < RESIDENT_KIB, "{} KiB", ended.host.resident_kib());
}

#[tokio::test]
async fn taking_every_handle() {
    for fault in ["handle-flood", "cursor-flood"] {
        let ended = contained(json!({"fault": fault}), "query", json!({"sql": "SELECT 1"})).await;
        told(&ended.answer);
        assert!(ended.host.resident_kib() < RESIDENT_KIB, "{} KiB", ended.host.resident_kib());
    }
}

/// What a driver keeps of one database's callers, it can't show to another's.
#[tokio::test]
async fn what_is_kept_stays_in_its_own_database() {
    let config =
        Config::new().hostile("bad", json!({"fault": "remember-callers"})).hostile("other", json!({"fault": "remember-callers"}));
    let host = Host::start(config).await;
    let client = host.client().await;
    for number in 0..8 {
        let _ = client.query("bad", &format!("SELECT 'ours {number}'")).await.ok();
    }
    for _ in 0..8 {
        let seen = client.query("other", "SELECT 'theirs'").await.cell_text();
        assert!(!seen.contains("ours"), "{seen}");
    }
}

/// Not the password in any message or log, however the driver was asked for it.
#[tokio::test]
async fn the_password_is_nowhere() {
    let config =
        Config::new().hostile("bad", json!({"fault": "panic"})).hostile("worse", json!({"fault": "spin", "at": "connect"}));
    let host = Host::start(config).await;
    let client = host.client().await;
    for database in ["bad", "worse"] {
        let answer = client.query(database, "SELECT 1").await;
        assert!(!answer.raw().to_string().contains(HOSTILE_PASSWORD));
    }
    assert!(!host.log().contains(HOSTILE_PASSWORD));
}
