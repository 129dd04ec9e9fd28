//! Who is let in: not a page on another site, not a name that was rebound to this address, not a request without an end.

use bulkhead_tests::{Config, Host};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

fn list_tools() -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/list",
        "params": {"_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "bare", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }},
    })
}

async fn knock(host: &Host, headers: &[(&str, &str)]) -> Response {
    let mut request = Client::new()
        .post(host.url())
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/list");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.json(&list_tools()).send().await.expect("an answer")
}

#[tokio::test]
async fn origins() {
    let config = Config::new().hostile("good", json!({})).set(&["server", "allowed_origins"], json!(["https://app.example.com"]));
    let host = Host::start(config).await;
    assert_eq!(knock(&host, &[]).await.status(), StatusCode::OK, "no browser");
    for origin in ["https://app.example.com", "http://localhost:3000", "http://127.0.0.1:8080"] {
        assert_eq!(knock(&host, &[("origin", origin)]).await.status(), StatusCode::OK, "{origin}");
    }
    for origin in [
        "https://evil.example",
        "http://app.example.com",
        "https://app.example.com.evil.example",
        "https://app.example.com:444",
        "https://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "null",
        "",
    ] {
        let answer = knock(&host, &[("origin", origin)]).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{origin:?}");
    }
}

/// DNS rebinding: the browser believes that this address is another site's.
#[tokio::test]
async fn hosts() {
    let config = Config::new().hostile("good", json!({})).set(&["server", "allowed_hosts"], json!(["db.example.com"]));
    let host = Host::start(config).await;
    let port = host.address().rsplit_once(':').expect("a port").1.to_owned();
    for name in [format!("localhost:{port}"), "db.example.com".into(), format!("127.0.0.1:{port}")] {
        assert_eq!(knock(&host, &[("host", &name)]).await.status(), StatusCode::OK, "{name}");
    }
    for name in ["evil.example", "localhost.evil.example", "db.example.com.evil.example", "169.254.169.254"] {
        let answer = knock(&host, &[("host", name)]).await;
        assert!(answer.status().is_client_error(), "{name}: {}", answer.status());
        assert_ne!(answer.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn what_is_no_call() {
    let mut host = Host::start(Config::new().hostile("good", json!({}))).await;
    let client = Client::new();
    let post = |body: Vec<u8>| {
        client
            .post(host.url())
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .body(body)
            .send()
    };
    let nested = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    for body in [b"{".to_vec(), b"[]".to_vec(), b"null".to_vec(), vec![0xFF; 100], nested] {
        let status = post(body).await.expect("an answer").status();
        assert!(status.is_client_error(), "{status}");
    }
    // Larger than any statement: refused, whether or not all of it was read first.
    if let Ok(answer) = post(vec![b' '; 64 << 20]).await {
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert_eq!(
        client.get(format!("http://{}/", host.address())).send().await.expect("an answer").status(),
        StatusCode::NOT_FOUND
    );
    assert!(host.is_running());
    assert_eq!(host.client().await.query("good", "SELECT 1").await.cell(), "SELECT 1");
}

/// It listens where it was told to, and nowhere else.
#[tokio::test]
async fn loopback_only() {
    let host = Host::start(Config::new().hostile("good", json!({}))).await;
    let port = host.address().rsplit_once(':').expect("a port").1.parse::<u16>().expect("a number");
    let sockets = std::fs::read_to_string(format!("/proc/{}/net/tcp", host.pid())).expect("its sockets");
    let listening: Vec<&str> = sockets
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let (local, state) = (fields.next()?, fields.nth(1)?);
            (state == "0A" && local.ends_with(&format!(":{port:04X}"))).then_some(local)
        })
        .collect();
    assert_eq!(listening, [format!("0100007F:{port:04X}")]);
}
