//! Who is let in, and who isn't: over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::config::{Config, Secret, SecretRef};

const TOKEN: &str = "test-token-0123456789abcdef";

/// One whose file nobody can read.
fn reloader(registry: &Arc<Registry>) -> Arc<Reloader> {
    let source = crate::reload::Source {
        load: Box::new(|_: &crate::config::Overlay| anyhow::bail!("there is no file")),
        files: Vec::new(),
        seen: crate::reload::Seen::default(),
    };
    let config = Config::parse("databases: {}").unwrap();
    Reloader::new(registry.clone(), config, crate::config::Overlay::default(), source)
}

async fn started() -> (SocketAddr, CancellationToken) {
    let text = "databases: {main: {driver: nothing, host: db.example.com}}";
    let registry = Registry::open(Config::parse(text).unwrap()).await.unwrap();
    let status = Status::new(registry.clone());
    status.serving();
    let config = AdminConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        token: SecretRef::Plain(Secret::new(TOKEN.to_owned())),
        allow_remote: false,
        changes_file: None,
        allowed_hosts: vec!["admin.example.com".to_owned()],
    };
    let guard = Arc::new(Guard::new(&config).unwrap());
    let listener = listen::bind(config.listen, &listen::Limits::ADMIN).unwrap();
    let address = listener.local_addr().unwrap();
    let closing = CancellationToken::new();
    let app = router(guard, Arc::new(Desk { reloader: reloader(&registry), registry }), &status);
    tokio::spawn(listen::accept(listener, app, closing.clone(), listen::Limits::ADMIN));
    (address, closing)
}

/// Sends a head and a body as they are; the answer's status and body.
async fn send(address: SocketAddr, head: &[&str], body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("{}\r\nconnection: close\r\n\r\n", head.join("\r\n"));
    stream.write_all(head.as_bytes()).await.unwrap();
    // Who is refused may find the door closed before all of it is sent.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.expect("an answer in time");
    let answer = String::from_utf8(answer).unwrap();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned())
}

fn bearer() -> String {
    format!("authorization: Bearer {TOKEN}")
}

const LIST: &str = "GET /admin/databases HTTP/1.1";
const HOST: &str = "host: 127.0.0.1:8001";

#[tokio::test]
async fn the_token_and_nothing_else_lets_in() {
    let (address, _closing) = started().await;
    let (status, body) = send(address, &[LIST, HOST, &bearer()], b"").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["databases"][0]["database_id"]), (200, &"main".into()), "{body}");
    assert_eq!(body["databases"][0]["state"], "down");
    let wrong = [
        "x-nothing: 1".to_owned(),
        "authorization: Bearer".to_owned(),
        "authorization: Bearer ".to_owned(),
        "authorization: Bearer wrong-token-0123456789".to_owned(),
        format!("authorization: Bearer {}", &TOKEN[..TOKEN.len() - 1]),
        format!("authorization: Bearer {TOKEN}x"),
        format!("authorization: Bearer  {TOKEN}"),
        format!("authorization: Basic {TOKEN}"),
        format!("authorization: {TOKEN}"),
        format!("authorization: Bearer {TOKEN}\r\nauthorization: Bearer {TOKEN}"),
    ];
    for header in &wrong {
        for path in ["/admin/databases", "/admin/databases/main/probe", "/metrics", "/admin/nothing", "/"] {
            let (status, body) = send(address, &[&format!("GET {path} HTTP/1.1"), HOST, header], b"").await;
            assert_eq!(status, 401, "{header} {path}: {body}");
            assert!(!body.contains(TOKEN) && !body.contains("main"), "{body}");
        }
    }
    for path in ["/healthz", "/readyz"] {
        let (status, body) = send(address, &[&format!("GET {path} HTTP/1.1"), "host: 10.1.2.3:8001"], b"").await;
        assert_eq!(status, 200, "{path}: {body}");
        assert!(!body.contains("main"), "{body}");
    }
}

#[tokio::test]
async fn pages_and_other_hosts_are_refused_even_with_the_token() {
    let (address, _closing) = started().await;
    let bearer = bearer();
    for (headers, allowed) in [
        (vec![HOST], true),
        (vec!["host: localhost"], true),
        (vec!["host: [::1]:8001"], true),
        (vec!["host: ADMIN.example.com"], true),
        (vec!["host: evil.example"], false),
        (vec!["host: localhost.evil.example:8001"], false),
        (vec!["host: 127.0.0.1:8001", "host: evil.example"], false),
        (vec![], false),
        (vec![HOST, "origin: http://127.0.0.1:8001"], false),
        (vec![HOST, "origin: https://evil.example"], false),
        (vec![HOST, "origin: null"], false),
    ] {
        let (status, body) = send(address, &[&[LIST][..], &headers, &[&bearer]].concat(), b"").await;
        assert_eq!(status, if allowed { 200 } else { 403 }, "{headers:?}: {body}");
    }
    let (status, _) = send(address, &["GET http://evil.example/admin/databases HTTP/1.1", HOST, &bearer], b"").await;
    assert_eq!(status, 403);
}

#[tokio::test]
async fn errors_are_json() {
    let (address, _closing) = started().await;
    for (line, expected) in [
        ("GET /admin/nothing HTTP/1.1", 404),
        ("GET /admin/databases/nobody HTTP/1.1", 404),
        ("GET /admin/databases/%ff HTTP/1.1", 400),
        ("POST /admin/databases/nobody/probe HTTP/1.1", 404),
        ("DELETE /admin/databases HTTP/1.1", 405),
        ("GET /admin/databases/main/probe HTTP/1.1", 405),
    ] {
        let (status, body) = send(address, &[line, HOST, &bearer()], b"").await;
        assert_eq!(status, expected, "{line}: {body}");
        let body: Value = serde_json::from_str(&body).unwrap_or_else(|why| panic!("{line}: {why}: {body}"));
        assert!(body["error"]["message"].is_string(), "{body}");
    }
    let (status, body) = send(address, &["GET /admin/databases/main HTTP/1.1", HOST, &bearer()], b"").await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn large_bodies_are_not_kept() {
    let (address, _closing) = started().await;
    let line = "POST /admin/databases/main/probe HTTP/1.1";
    let large = vec![b'x'; 8 * 1024 * 1024];
    let length = format!("content-length: {}", large.len());
    let (status, _) = send(address, &[line, HOST, &bearer(), &length], &large).await;
    assert_eq!(status, 413);
    // Of who isn't let in not even that much is read.
    let endless = "content-length: 1000000000000";
    let (status, _) = send(address, &[line, HOST, endless], b"x").await;
    assert_eq!(status, 401);
    // A head without end is no request.
    let long = format!("x-long: {}", "x".repeat(200 * 1024));
    let (status, _) = send(address, &[LIST, HOST, &bearer(), &long], b"").await;
    assert!([431, 400, 0].contains(&status), "{status}");
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let (address, _closing) = started().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /admin/databases HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ").await.unwrap();
    let began = std::time::Instant::now();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.expect("cut off");
    assert!(began.elapsed() >= Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn neither_another_address_nor_a_short_token_is_started_with() {
    let registry = Registry::open(Config::parse("databases: {}").unwrap()).await.unwrap();
    let status = Status::new(registry.clone());
    let config = |listen: &str, token: &str| AdminConfig {
        listen: listen.parse().unwrap(),
        token: SecretRef::Plain(Secret::new(token.to_owned())),
        allow_remote: false,
        allowed_hosts: Vec::new(),
        changes_file: None,
    };
    for (listen, token, word) in
        [("0.0.0.0:0", TOKEN, "loopback"), ("127.0.0.1:0", "short", "admin.token"), ("127.0.0.1:0", "", "admin.token")]
    {
        let why = Admin::start(&config(listen, token), registry.clone(), reloader(&registry), &status).await.unwrap_err();
        assert!(format!("{why:#}").contains(word), "{why:#}");
    }
    let admin = Admin::start(&config("127.0.0.1:0", TOKEN), registry.clone(), reloader(&registry), &status).await.unwrap();
    admin.stop().await;
}
