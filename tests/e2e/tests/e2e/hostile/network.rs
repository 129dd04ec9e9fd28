//! Streams to where the driver wasn't sent, more of them than there should be, and bytes in the clear.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bulkhead_tests::neighbour::contained_in;
use bulkhead_tests::{Config, HOSTILE_PASSWORD};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{told, told_of};

/// A server that counts who comes and keeps what they send; to whatever it gets it answers `S` once.
struct Trap {
    port: u16,
    connections: Arc<AtomicUsize>,
    received: Arc<std::sync::Mutex<Vec<u8>>>,
}

impl Trap {
    async fn set() -> Trap {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let connections = Arc::new(AtomicUsize::new(0));
        let received = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (counted, kept) = (connections.clone(), received.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let kept = kept.clone();
                tokio::spawn(async move {
                    let mut buffer = [0; 8192];
                    let mut first = true;
                    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                        kept.lock().expect("the bytes").extend_from_slice(&buffer[..count]);
                        if std::mem::take(&mut first) {
                            let _ = stream.write_all(b"S").await;
                        }
                    }
                });
            }
        });
        Trap { port, connections, received }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn received(&self) -> Vec<u8> {
        self.received.lock().expect("the bytes").clone()
    }
}

fn config(options: Value, port: u16, tls: &str) -> Config {
    Config::new()
        .hostile("bad", options)
        .set(&["databases", "bad", "port"], json!(port))
        .set(&["databases", "bad", "tls", "mode"], json!(tls))
}

#[tokio::test]
async fn dialling_what_it_was_not_given() {
    let own = Trap::set().await;
    let foreign = Trap::set().await;
    let targets = [
        format!("127.0.0.1:{}", foreign.port),
        format!("localhost:{}", foreign.port),
        format!("[::1]:{}", foreign.port),
        format!("[::ffff:127.0.0.1]:{}", foreign.port),
        "169.254.169.254:80".to_owned(),
        "example.com:80".to_owned(),
        String::new(),
        "\0".to_owned(),
        "x".repeat(100_000),
    ];
    for target in targets {
        let options = json!({"fault": "dial-unknown", "target": target});
        let ended = contained_in(config(options, own.port, "off"), "query", json!({"sql": "SELECT 1"})).await;
        told_of(&ended.answer, &["denied"]);
    }
    assert_eq!((own.connections(), foreign.connections()), (0, 0));
}

#[tokio::test]
async fn opening_streams_without_closing_any() {
    let own = Trap::set().await;
    let config = config(json!({"fault": "dial-flood"}), own.port, "off");
    let ended = contained_in(config, "query", json!({"sql": "SELECT 1"})).await;
    told_of(&ended.answer, &["streams"]);
    assert!(own.connections() <= 64, "{} streams", own.connections());
}

#[tokio::test]
async fn sending_in_the_clear_where_tls_is_required() {
    let own = Trap::set().await;
    let config = config(json!({"fault": "plaintext-over-tls"}), own.port, "verify-full");
    let ended = contained_in(config, "query", json!({"sql": "SELECT 1"})).await;
    told_of(&ended.answer, &["denied"]);
    assert!(own.received().len() < 4096, "{} bytes in the clear", own.received().len());
}

#[tokio::test]
async fn reading_four_gigabytes_at_once() {
    let own = Trap::set().await;
    let config = config(json!({"fault": "huge-read"}), own.port, "off");
    let ended = contained_in(config, "query", json!({"sql": "SELECT 1"})).await;
    assert_eq!(ended.answer.cell(), "1 bytes");
    assert!(ended.host.resident_kib() < 400 * 1024, "{} KiB", ended.host.resident_kib());
}

/// Every way that the contract has to use the password, used so that it could be had: refused, each for its reason.
#[tokio::test]
async fn stealing_the_password() {
    let own = Trap::set().await;
    let config = config(json!({"fault": "steal-password"}), own.port, "off");
    let ended = contained_in(config, "query", json!({"sql": "SELECT 1"})).await;
    let found = ended.answer.cell_text();
    let ways: Vec<&str> = found.lines().collect();
    assert_eq!(ways.len(), 4, "{found}");
    for way in ways {
        assert!(way.contains(": denied: ") || way.contains(": invalid: "), "{way}");
    }
    let received = own.received();
    assert!(!received.windows(HOSTILE_PASSWORD.len()).any(|window| window == HOSTILE_PASSWORD.as_bytes()));
}

#[tokio::test]
async fn a_server_that_nobody_listens_on_is_named() {
    let closed = bulkhead_tests::free_port();
    let config = config(json!({"fault": "huge-read"}), closed, "off");
    let ended = contained_in(config, "query", json!({"sql": "SELECT 1"})).await;
    assert!(told(&ended.answer).contains("unreachable"));
}
