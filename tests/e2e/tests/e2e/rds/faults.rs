//! A service that closes, babbles, stalls or lies: a clear error each, in time, and the next statement works.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Rig;

/// A write each: what may have run isn't sent again, so the caller sees the fault itself.
const WRITE: &str = "INSERT INTO t VALUES (1)";

async fn rig() -> Rig {
    let rig = Rig::start("faults").await;
    let _ = rig.client.query("rds", "CREATE TABLE t (n int)").await.ok();
    rig
}

async fn fails(rig: &Rig, fault: Value, kinds: &[&str]) -> String {
    rig.fault(fault.clone(), 1).await;
    let start = Instant::now();
    let answer = rig.client.query("rds", WRITE).await;
    let error = answer.error();
    assert!(kinds.iter().any(|kind| error["kind"] == *kind), "{fault}: {error}");
    assert!(start.elapsed() < Duration::from_secs(5), "{fault}: {:?}", start.elapsed());
    error.to_string()
}

/// The answer cut at every byte, of its head and of its body.
#[tokio::test]
async fn an_answer_that_is_cut_at_every_byte() {
    let rig = rig().await;
    let before = rig.host.resident_kib();
    // An answer to a write: 110 bytes of head, 50 of body. Only the last position is the whole of it.
    let mut cut = 0;
    for bytes in 0..1_000 {
        rig.fault(json!({"kind": "close_at", "bytes": bytes}), 1).await;
        let answer = rig.client.query("rds", WRITE).await;
        if !answer.is_error() {
            cut = bytes;
            break;
        }
        assert_eq!(answer.error()["kind"], "connection", "cut at {bytes}: {}", answer.error());
    }
    assert!((100..400).contains(&cut), "the answer has {cut} bytes");
    assert_eq!(rig.cell("SELECT 'next'").await, "next");
    let after = rig.host.resident_kib();
    assert!(after < before + 32 * 1024, "{before} KiB before, {after} after");
}

/// What reads is sent again: the caller sees nothing of it.
#[tokio::test]
async fn a_lost_answer_to_a_read_is_asked_for_again() {
    let rig = rig().await;
    for bytes in [0, 20, 150] {
        rig.fault(json!({"kind": "close_at", "bytes": bytes}), 1).await;
        assert_eq!(rig.cell("SELECT 'again'").await, "again");
    }
}

#[tokio::test]
async fn garbage() {
    let rig = rig().await;
    let json = |body: &str| format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let many_headers = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(5_000));
    let deep = format!("{{\"records\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for text in [
        "SSH-2.0-OpenSSH_9.2p1\r\n".to_owned(),
        "\u{0}\u{1}\u{ff}".repeat(1_000),
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n{}".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzzz\r\n".to_owned(),
        many_headers,
        json("not JSON"),
        json("[]"),
        json("{\"records\": 7}"),
        json("{\"records\": [[{\"longValue\": 1}]]}"),
        json("{\"records\": [[{\"longValue\": \"x\"}]], \"columnMetadata\": [{\"name\": \"a\", \"typeName\": \"int4\"}]}"),
        json(&deep),
    ] {
        let shown: String = text.chars().take(60).collect();
        rig.fault(json!({"kind": "garbage", "text": text}), 1).await;
        let start = Instant::now();
        let answer = rig.client.query("rds", WRITE).await;
        let kind = &answer.error()["kind"];
        assert!(*kind == "protocol" || *kind == "connection", "{shown:?}: {}", answer.error());
        assert!(start.elapsed() < Duration::from_secs(5), "{shown:?}");
    }
    assert_eq!(rig.cell("SELECT 'next'").await, "next");
}

#[tokio::test]
async fn lengths_that_lie() {
    let rig = rig().await;
    let _ = fails(&rig, json!({"kind": "length", "by": 1000}), &["connection"]).await;
    let _ = fails(&rig, json!({"kind": "length", "by": -3}), &["protocol", "connection"]).await;
    assert_eq!(rig.cell("SELECT 'next'").await, "next");
}

/// More than the host takes: it is stopped there, not in memory.
#[tokio::test]
async fn an_answer_without_end() {
    let rig = rig().await;
    let before = rig.host.resident_kib();
    let text = format!("HTTP/1.1 200 OK\r\ncontent-length: 33000000\r\n\r\n{}", " ".repeat(20_000_000));
    let told = fails(&rig, json!({"kind": "garbage", "text": text}), &["resources"]).await;
    assert!(told.contains("larger"), "{told}");
    let after = rig.host.resident_kib();
    assert!(after < before + 64 * 1024, "{before} KiB before, {after} after");
    assert_eq!(rig.cell("SELECT 'next'").await, "next");
}

#[tokio::test]
async fn a_service_that_stalls() {
    let rig = rig().await;
    rig.fault(json!({"kind": "stall"}), 1).await;
    let start = Instant::now();
    let answer = rig.client.call("query", json!({"database_id": "rds", "sql": WRITE, "timeout_ms": 500})).await;
    assert_eq!(answer.error()["kind"], "timeout", "{}", answer.error());
    assert!(answer.raw().to_string().contains("not known"), "what a write did can't be known: {}", answer.raw());
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(rig.cell("SELECT 'next'").await, "next");
}

/// A redirect isn't followed: the signed request would go to whom it wasn't meant for.
#[tokio::test]
async fn redirects_are_not_followed() {
    let rig = rig().await;
    let other = bulkhead_tests::rds::Fixture::start(&rig.server, &rig.role);
    let _ = fails(&rig, json!({"kind": "redirect", "to": format!("{}/Execute", other.endpoint())}), &["protocol", "connection"])
        .await;
    assert!(other.paths().await.is_empty(), "nothing came there");
}

#[tokio::test]
async fn nobody_listens() {
    let port = bulkhead_tests::free_port();
    let endpoint = json!(format!("https://localhost:{port}"));
    let rig = Rig::start_with("faults", &[(&["aws", "endpoint"], endpoint)]).await;
    let answer = rig.client.query("rds", "SELECT 1").await;
    assert_eq!(answer.error()["kind"], "connection", "{}", answer.error());
}

/// A certificate that the database's own authority didn't sign.
#[tokio::test]
async fn a_stranger_who_answers() {
    let server = bulkhead_tests::postgres::Server::from_environment();
    let rig = Rig::start_with("faults", &[(&["tls"], json!({"ca_file": server.ca_file}))]).await;
    let answer = rig.client.query("rds", "SELECT 1").await;
    assert_eq!(answer.error()["kind"], "connection", "{}", answer.error());
    assert!(answer.raw().to_string().contains("TLS"), "{}", answer.raw());
    assert!(rig.fixture.paths().await.is_empty(), "no request was sent");
}
