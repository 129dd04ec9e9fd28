//! The endpoint without a socket: both ways of a call, both eras, and who is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use axum::http::Method;
use serde_json::{Value, json};

use super::*;
use crate::config::Config;

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"0"}}}"#;

async fn started(server: &str) -> Arc<Endpoint<Server>> {
    let config = Config::parse(&format!("databases: {{}}\nserver: {server}")).unwrap();
    let settings = config.server.clone();
    let registry = Registry::open(config).await.unwrap();
    let calls = Calls::default();
    let held = crate::session::Sessions::new(registry, settings.sessions.clone());
    let server = Server::new(held, calls.clone());
    Arc::new(endpoint(server, calls, &settings, CancellationToken::new()))
}

#[derive(Clone)]
struct Sent {
    headers: Vec<(&'static str, String)>,
    body: Value,
}

impl Sent {
    fn new(body: Value) -> Sent {
        let headers =
            [("host", "127.0.0.1:8000"), ("content-type", "application/json"), ("accept", "application/json, text/event-stream")];
        Sent { headers: headers.map(|(name, value)| (name, value.to_owned())).to_vec(), body }
    }

    /// A call as clients of the newest protocol make it.
    fn alone(tool: &str, arguments: Value) -> Sent {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "0"},
            "io.modelcontextprotocol/clientCapabilities": {}
        });
        let params = json!({"name": tool, "arguments": arguments, "_meta": meta});
        Sent::new(json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}))
            .with("mcp-protocol-version", "2026-07-28")
            .with("mcp-method", "tools/call")
            .with("mcp-name", tool)
    }

    /// A call as clients of older protocols make it.
    fn in_session(session: &str, tool: &str, arguments: Value) -> Sent {
        let params = json!({"name": tool, "arguments": arguments});
        Sent::new(json!({"jsonrpc": "2.0", "id": "seven", "method": "tools/call", "params": params}))
            .with("mcp-protocol-version", "2025-06-18")
            .with("mcp-session-id", session)
    }

    fn with(mut self, name: &'static str, value: &str) -> Sent {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Sent {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    fn twice(mut self, name: &'static str, value: &str) -> Sent {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn put(mut self, pointer: &str, name: &str, value: Value) -> Sent {
        self.body.pointer_mut(pointer).unwrap()[name] = value;
        self
    }

    fn request(&self) -> Request {
        let mut request = Request::builder().method(Method::POST).uri("/mcp");
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(Body::from(self.body.to_string())).unwrap()
    }

    async fn to(&self, endpoint: &Arc<Endpoint<Server>>) -> (StatusCode, Option<String>, String) {
        let response = handle(State(endpoint.clone()), self.request()).await;
        let (status, session) =
            (response.status(), response.headers().get("mcp-session-id").map(|id| id.to_str().unwrap().to_owned()));
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, session, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn is_answered_directly(&self, endpoint: &Arc<Endpoint<Server>>) -> bool {
        let (parts, _) = self.request().into_parts();
        endpoint.direct.answer(&parts, self.body.to_string().as_bytes(), None).await.is_some()
    }
}

async fn session(endpoint: &Arc<Endpoint<Server>>) -> String {
    let (status, session, _) = Sent::new(serde_json::from_str(INITIALIZE).unwrap()).to(endpoint).await;
    assert_eq!(status, StatusCode::OK);
    let session = session.unwrap();
    let initialized =
        Sent::new(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).with("mcp-session-id", &session);
    assert_eq!(initialized.to(endpoint).await.0, StatusCode::ACCEPTED);
    session
}

/// A message, whether as JSON or as the only event of a stream.
fn message(body: &str) -> Value {
    let data = body.lines().filter_map(|line| line.strip_prefix("data:")).find(|data| !data.trim().is_empty());
    serde_json::from_str(data.unwrap_or(body)).unwrap_or_else(|why| panic!("{why}: {body}"))
}

#[tokio::test]
async fn both_ways_give_the_same_answers() {
    let endpoint = started("{}").await;
    let session = session(&endpoint).await;
    let calls = [
        ("list_databases", json!({})),
        ("list_databases", json!({"surprise": 1})),
        ("query", json!({"sql": "SELECT 1", "params": [1, 2.50, "é\n", null]})),
        ("query", json!({"sql": "SELECT 1", "database_id": "nowhere"})),
        ("describe_table", json!({})),
    ];
    for (tool, arguments) in calls {
        for call in [Sent::alone(tool, arguments.clone()), Sent::in_session(&session, tool, arguments.clone())] {
            assert!(call.is_answered_directly(&endpoint).await, "{tool} {arguments}");
            let (status, _, direct) = call.to(&endpoint).await;
            assert_eq!(status, StatusCode::OK);
            // A weight makes it a request that needs a decision.
            let roundabout = call.with("accept", "application/json;q=0.9, text/event-stream");
            assert!(!roundabout.is_answered_directly(&endpoint).await);
            let (status, _, through_rmcp) = roundabout.to(&endpoint).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(message(&direct), message(&through_rmcp));
        }
    }
}

#[tokio::test]
async fn what_is_not_plain_is_rmcps() {
    let endpoint = started("{}").await;
    let session = session(&endpoint).await;
    let alone = || Sent::alone("list_databases", json!({}));
    let older = || Sent::in_session(&session, "list_databases", json!({}));
    assert!(alone().is_answered_directly(&endpoint).await && older().is_answered_directly(&endpoint).await);
    let ok = StatusCode::OK;
    let bad = StatusCode::BAD_REQUEST;
    for (at, (call, status)) in [
        (alone().with("host", "evil.example"), StatusCode::FORBIDDEN),
        (alone().with("host", "localhost.evil.example:8000"), StatusCode::FORBIDDEN),
        (alone().without("host"), bad),
        (alone().with("origin", "https://evil.example"), StatusCode::FORBIDDEN),
        (alone().with("origin", ""), StatusCode::FORBIDDEN),
        (alone().with("origin", "http://localhost:6274"), ok),
        (alone().with("accept", "application/json"), StatusCode::NOT_ACCEPTABLE),
        (alone().with("accept", "application/json;q=0, text/event-stream"), StatusCode::NOT_ACCEPTABLE),
        (alone().with("content-type", "text/plain"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (alone().with("content-type", "application/json; charset=utf-8"), ok),
        (alone().with("mcp-name", "query"), bad),
        (alone().without("mcp-name"), bad),
        (alone().with("mcp-method", "tools/list"), bad),
        (alone().without("mcp-method"), bad),
        (alone().without("mcp-protocol-version"), bad),
        (alone().with("mcp-protocol-version", "2025-11-25"), bad),
        (alone().twice("mcp-name", "query"), bad),
        (alone().put("/params", "_meta", json!({})), bad),
        (alone().put("/params/_meta", "io.modelcontextprotocol/protocolVersion", json!("2031-01-01")), bad),
        (alone().put("/params/_meta", "io.modelcontextprotocol/clientCapabilities", json!(7)), bad),
        (alone().put("/params", "name", json!("nothing")).with("mcp-name", "nothing"), ok),
        (older().with("mcp-session-id", "no-such-session"), StatusCode::NOT_FOUND),
        (older().without("mcp-session-id"), bad),
        (older().with("mcp-protocol-version", "1999-01-01"), bad),
        (older().put("", "method", json!("tools/list")), ok),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(!call.is_answered_directly(&endpoint).await, "case {at} was answered directly");
        assert_eq!(call.to(&endpoint).await.0, status, "case {at}: {:?}", call.headers);
    }
    // A duplicate that rmcp lets pass, a notification, a batch, a message with more than one thing in it: not plain either.
    for body in [json!([older().body]), json!({"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "query"}})] {
        assert!(!Sent { body, ..older() }.is_answered_directly(&endpoint).await);
    }
    for call in [
        older().put("", "result", json!({})),
        older().put("/params", "task", json!({})),
        older().put("", "jsonrpc", json!("1.0")),
    ] {
        assert!(!call.is_answered_directly(&endpoint).await);
    }
}

#[tokio::test]
async fn a_session_that_has_ended_is_not_found() {
    let endpoint = started("{}").await;
    let session = session(&endpoint).await;
    let call = Sent::in_session(&session, "list_databases", json!({}));
    assert_eq!(call.to(&endpoint).await.0, StatusCode::OK);
    let mut end = Request::builder().method(Method::DELETE).uri("/mcp");
    for (name, value) in &call.headers {
        end = end.header(*name, value);
    }
    let ended = handle(State(endpoint.clone()), end.body(Body::empty()).unwrap()).await;
    assert_eq!(ended.status(), StatusCode::ACCEPTED);
    assert!(!call.is_answered_directly(&endpoint).await);
    assert_eq!(call.to(&endpoint).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn configured_hosts_and_origins_are_let_in() {
    let endpoint =
        started("{allowed_hosts: [db.example.com, 'other.example.com:8443'], allowed_origins: ['https://app.example.com']}")
            .await;
    let call = || Sent::alone("list_databases", json!({}));
    for (host, allowed) in [
        ("db.example.com", true),
        ("DB.example.com:99", true),
        ("other.example.com:8443", true),
        ("other.example.com:8444", false),
        ("other.example.com", false),
        ("[::1]:8000", true),
        ("::1", false),
    ] {
        let call = call().with("host", host);
        assert_eq!(call.is_answered_directly(&endpoint).await, allowed, "{host}");
        assert_eq!(call.to(&endpoint).await.0 == StatusCode::OK, allowed, "{host}");
    }
    for (origin, allowed) in [
        ("https://app.example.com", true),
        ("https://app.example.com:443", true),
        ("https://app.example.com:444", false),
        ("http://app.example.com", false),
        ("null", false),
    ] {
        assert_eq!(call().with("origin", origin).to(&endpoint).await.0 == StatusCode::OK, allowed, "{origin}");
    }
}

#[tokio::test]
async fn a_request_too_large_is_refused() {
    let endpoint = started("{}").await;
    let call = Sent::alone("query", json!({"sql": "x".repeat(MAX_REQUEST_BYTES)}));
    assert_eq!(call.to(&endpoint).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn lists_are_private_where_they_say_what_databases_there_are() {
    let endpoint = started("{}").await;
    let meta = Sent::alone("query", json!({})).body["params"]["_meta"].clone();
    let ask = |method: &str| {
        Sent::new(json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": {"_meta": meta}}))
            .with("mcp-protocol-version", "2026-07-28")
            .with("mcp-method", method)
    };
    let (_, _, listed) = ask("tools/list").to(&endpoint).await;
    let listed = message(&listed);
    assert_eq!(listed["result"]["cacheScope"], "private");
    let tools = listed["result"]["tools"].as_array().unwrap();
    assert!(tools.iter().any(|tool| tool["name"] == "query"));
    let (_, _, listed) = ask("resources/list").to(&endpoint).await;
    assert_eq!(message(&listed)["result"]["cacheScope"], "private");
    for (method, key, count) in [("prompts/list", "prompts", 2), ("resources/templates/list", "resourceTemplates", 3)] {
        let (_, _, body) = ask(method).to(&endpoint).await;
        assert!(message(&body)["result"][key].as_array().is_some_and(|listed| listed.len() == count), "{method}");
    }
}

#[tokio::test]
async fn a_caller_who_hangs_up_is_noticed() {
    let gone = CancellationToken::new();
    let body = |guard| Watched { body: Body::from("x"), guard: Some(guard) };
    let read = body(gone.clone().drop_guard());
    assert_eq!(axum::body::to_bytes(Body::new(read), 9).await.unwrap(), "x");
    assert!(!gone.is_cancelled());
    drop(body(gone.clone().drop_guard()));
    assert!(gone.is_cancelled());
}

#[test]
fn paths() {
    for (path, plain) in [
        ("/mcp", true),
        ("/a/b-c", true),
        ("/", false),
        ("mcp", false),
        ("/a//b", false),
        ("/{x}", false),
        ("/*a", false),
        ("/mcp/", false),
    ] {
        assert_eq!(is_plain_path(path), plain, "{path}");
    }
}
