//! HTTP+SSE, the transport of 2024-11-05: real clients of that era, and where it ends.

use std::time::Duration;

use bulkhead_tests::postgres::wait_until;
use bulkhead_tests::{Config, Host, node, python};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use super::both;
use super::clients::saw;

const SOON: Duration = Duration::from_secs(5);

/// A client of the tests' own: an open stream, and what came on it that hasn't been looked at.
struct Stream {
    http: Client,
    base: String,
    messages: String,
    stream: Response,
    waiting: String,
}

impl Stream {
    async fn open(host: &Host) -> Stream {
        let base = format!("http://{}", host.address());
        let http = Client::new();
        let stream = http.get(format!("{base}/sse")).header("accept", "text/event-stream").send().await.expect("an answer");
        assert_eq!(stream.status(), StatusCode::OK);
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        let mut opened = Stream { http, base, messages: String::new(), stream, waiting: String::new() };
        let (event, address) = opened.event().await;
        assert_eq!(event, "endpoint");
        assert!(address.starts_with("/messages?sessionId="), "{address}");
        opened.messages = address;
        let version =
            json!({"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "bare", "version": "1"}});
        let answer = opened.ask("initialize", version).await;
        assert_eq!(answer["result"]["protocolVersion"], "2024-11-05", "{answer}");
        let began = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
        assert_eq!(opened.post(began).await.status(), StatusCode::ACCEPTED);
        opened
    }

    /// The next event: its name and its data.
    async fn event(&mut self) -> (String, String) {
        loop {
            if let Some((event, rest)) = self.waiting.split_once("\n\n") {
                let field =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
                let found = (field("event:"), field("data:"));
                self.waiting = rest.to_owned();
                if !found.1.is_empty() {
                    return found;
                }
                continue;
            }
            let chunk = tokio::time::timeout(SOON, self.stream.chunk()).await.expect("an event in time").expect("the stream");
            self.waiting.push_str(std::str::from_utf8(&chunk.expect("not the end")).expect("UTF-8"));
        }
    }

    async fn post(&self, body: impl Into<reqwest::Body>) -> Response {
        let post = self.http.post(format!("{}{}", self.base, self.messages)).header("content-type", "application/json");
        post.body(body).send().await.expect("an answer")
    }

    /// A request, and the answer that comes on the stream.
    async fn ask(&mut self, method: &str, params: Value) -> Value {
        let body = json!({"jsonrpc": "2.0", "id": method, "method": method, "params": params}).to_string();
        assert_eq!(self.post(body).await.status(), StatusCode::ACCEPTED);
        let (event, data) = self.event().await;
        assert_eq!(event, "message");
        let answer: Value = serde_json::from_str(&data).expect("JSON");
        assert_eq!(answer["id"], method, "{answer}");
        answer
    }

    async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({"name": tool, "arguments": arguments})).await["result"].clone()
    }
}

fn with_sse(config: Config) -> Config {
    config.set(&["server", "sse"], json!(true))
}

#[tokio::test]
async fn clients_of_that_era() {
    let host = Host::start(with_sse(both().config)).await;
    let url = format!("http://{}/sse", host.address());
    saw(&python::run("client.py", &["sse", &url, "legacy", "pg", "lite"]).await);
    saw(&node::run("client.mjs", &["sdk", "sse", &url, "legacy", "pg", "lite"]).await);
}

#[tokio::test]
async fn only_where_it_is_configured() {
    let host = Host::start(Config::new().hostile("good", json!({}))).await;
    for path in ["sse", "messages?sessionId=x"] {
        let answer = Client::new().get(format!("http://{}/{path}", host.address())).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

/// The same doors as the endpoint's.
#[tokio::test]
async fn who_is_let_in() {
    let config = with_sse(Config::new().hostile("good", json!({})));
    let host = Host::start(config.set(&["server", "allowed_origins"], json!(["https://app.example.com"]))).await;
    let stream = Stream::open(&host).await;
    let (get, post) = (format!("http://{}/sse", host.address()), format!("http://{}{}", host.address(), stream.messages));
    for (name, value, allowed) in [
        ("origin", "https://app.example.com", true),
        ("origin", "http://localhost:3000", true),
        ("origin", "https://evil.example", false),
        ("origin", "null", false),
        ("host", "localhost:1", true),
        ("host", "evil.example", false),
    ] {
        let opened = Client::new().get(&get).header(name, value).send().await.expect("an answer");
        assert_eq!(opened.status() == StatusCode::OK, allowed, "{name}: {value}: {}", opened.status());
        let began = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
        let posted = Client::new().post(&post).header(name, value).body(began).send().await.expect("an answer");
        assert_eq!(posted.status() == StatusCode::ACCEPTED, allowed, "{name}: {value}: {}", posted.status());
    }
}

#[tokio::test]
async fn bad_messages_are_refused_and_the_next_one_counts() {
    let host = Host::start(with_sse(Config::new().hostile("good", json!({})))).await;
    let mut stream = Stream::open(&host).await;
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    for (body, status) in [
        (b"{".to_vec(), StatusCode::BAD_REQUEST),
        (b"null".to_vec(), StatusCode::BAD_REQUEST),
        (vec![0xFF; 100], StatusCode::BAD_REQUEST),
        (deep, StatusCode::BAD_REQUEST),
        (vec![b' '; 5 << 20], StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let answer = stream.post(body).await;
        assert_eq!(answer.status(), status);
        assert!(!answer.text().await.expect("words").is_empty());
        assert_eq!(stream.call("query", json!({"sql": "SELECT 1"})).await["structuredContent"]["rows"], json!([["SELECT 1"]]));
    }
    let unknown = stream.call("query", json!({"sql": "SELECT 1", "database_id": "nowhere"})).await;
    assert!(unknown["isError"] == true && unknown.to_string().contains("nowhere"), "{unknown}");
    for address in ["/messages", "/messages?sessionId=", "/messages?sessionId=sse-00", "/messages?sessionId=a&sessionId=b"] {
        stream.messages = address.to_owned();
        assert_eq!(stream.post("{}").await.status(), StatusCode::NOT_FOUND, "{address}");
    }
}

/// The stream is the session: what was begun in it goes with it, and its place is free.
#[tokio::test]
async fn the_end_of_the_stream_is_the_sessions() {
    let both = both();
    let toolsets = json!(["transactions"]);
    let config = with_sse(both.config).set(&["server", "toolsets"], toolsets).set(&["default_database"], json!("pg"));
    let host = Host::start(config.set(&["server", "sessions", "max_protocol_sessions"], json!(1))).await;
    let mut stream = Stream::open(&host).await;
    let begun = stream.call("begin_transaction", json!({})).await;
    assert_eq!(begun["isError"], json!(false), "{begun}");
    let transactions = || {
        let server = bulkhead_tests::postgres::Server::from_environment();
        server.query(&format!(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND state LIKE 'idle in transaction%'",
            both.role.name
        ))
    };
    assert_eq!(transactions(), "1");
    let url = format!("http://{}/sse", host.address());
    let refused = Client::new().get(&url).send().await.expect("an answer");
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.text().await.expect("words").contains("1 sessions"));
    let (http, post) = (stream.http.clone(), format!("{}{}", stream.base, stream.messages));
    drop(stream);
    wait_until("the transaction ends", SOON, || transactions() == "0").await;
    let late = http.post(post).body("{}").send().await.expect("an answer");
    assert_eq!(late.status(), StatusCode::NOT_FOUND);
    let mut next = Stream::open(&host).await;
    assert_eq!(next.call("query", json!({"sql": "SELECT 1"})).await["structuredContent"]["rows"], json!([[1]]));
}

/// A server that stops ends its streams.
#[tokio::test]
async fn the_servers_end_is_the_streams() {
    let mut host = Host::start(with_sse(Config::new().hostile("good", json!({})))).await;
    let mut stream = Stream::open(&host).await;
    let (status, took) = host.stop().await;
    assert!(status.success() && took < SOON, "{status} {took:?}");
    assert!(stream.stream.chunk().await.is_ok_and(|chunk| chunk.is_none()), "the stream ends in order");
}
