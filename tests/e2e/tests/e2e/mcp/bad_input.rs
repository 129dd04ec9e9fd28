//! What no client should send: each is refused in words, nothing is lost, and the next call on the same connection works. Over both
//! transports, in both eras.

use bulkhead_tests::raw::{Raw, newest_meta};
use bulkhead_tests::{Config, Era, Host};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// More than a message may have.
const HUGE: usize = 5 << 20;
/// Deeper than any JSON that is meant.
const DEEP: usize = 100_000;

fn config() -> Config {
    Config::new().hostile("good", json!({}))
}

/// A client of each kind, with the server that it speaks to.
async fn everyone() -> (Host, Config, Vec<(&'static str, Raw)>) {
    let (host, config) = (Host::start(config()).await, config());
    let file = config.write();
    let clients = vec![
        ("http, newest", Raw::http(&host.url(), Era::Stateless).await),
        ("http, older", Raw::http(&host.url(), Era::Sessions).await),
        ("stdio, newest", Raw::stdio(&file, Era::Stateless).await),
        ("stdio, older", Raw::stdio(&file, Era::Sessions).await),
    ];
    (host, config, clients)
}

async fn still_works(who: &str, client: &mut Raw) {
    let reply = client.call("query", json!({"sql": "SELECT 1"})).await;
    assert_eq!(reply.message["result"]["structuredContent"]["rows"], json!([["SELECT 1"]]), "{who}: {}", reply.text);
}

#[tokio::test]
async fn calls_that_make_no_sense() {
    let (_host, _config, clients) = everyone().await;
    for (who, mut client) in clients {
        for (tool, arguments, words) in [
            ("no_such_tool", json!({}), vec!["no_such_tool"]),
            ("query", json!({"sql": 1}), vec!["sql: ", "expected a string"]),
            ("query", json!({"sql": "SELECT 1", "max_rows": "many"}), vec!["max_rows: ", "many"]),
            ("query", json!({"sql": "SELECT 1", "surprise": true}), vec!["surprise"]),
            ("query", json!({}), vec!["sql"]),
            ("query", json!({"sql": "SELECT 1", "database_id": "nowhere"}), vec!["nowhere", "good"]),
            ("query", json!({"sql": "SELECT 1", "session": "session-made-up"}), vec!["session"]),
            ("fetch_rows", json!({"cursor": "cursor-made-up"}), vec!["cursor"]),
        ] {
            let reply = client.call(tool, arguments.clone()).await;
            let said = reply.error();
            assert!(words.iter().all(|word| said.contains(word)), "{who}: {tool} {arguments}: {said}");
            assert!(reply.message["id"].is_number(), "{who}: {said}");
            still_works(who, &mut client).await;
        }
        for (method, params) in [("tools/fly", json!({})), ("tools/call", json!({})), ("tools/call", json!({"name": 7}))] {
            let request = client.request(method, params);
            let reply = client.send(request.to_string().as_bytes(), &[("mcp-method", method)]).await;
            assert!(!reply.error().is_empty(), "{who}: {method}");
            still_works(who, &mut client).await;
        }
    }
}

/// What isn't a message at all. On standard input, too, whoever waits is answered: by their request's id wherever it can be read.
#[tokio::test]
async fn bytes_that_are_no_message() {
    let (_host, _config, clients) = everyone().await;
    let deep = format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP));
    for (who, mut client) in clients {
        let mut call = |sql: &str| client.request("tools/call", json!({"name": "query", "arguments": {"sql": sql}})).to_string();
        let huge = call(&"x".repeat(HUGE)).into_bytes();
        // As clients write it that put the id last.
        let mut last: Value = serde_json::from_slice(&huge).expect("JSON");
        let object = last.as_object_mut().expect("an object");
        let id = object.shift_remove("id").expect("an id");
        object.insert("id".to_owned(), id);
        let nested = call("DEEP").replace(r#""DEEP""#, &deep).into_bytes();
        let mut no_text = call("?").into_bytes();
        let at = no_text.iter().position(|byte| *byte == b'?').expect("there");
        no_text[at] = 0xFF;
        let named = [("mcp-method", "tools/call"), ("mcp-name", "query")];
        for (bytes, has_id, words) in [
            (huge, true, "4194304"),
            (last.to_string().into_bytes(), true, "4194304"),
            (nested, true, ""),
            (no_text, true, ""),
            (b"{\"jsonrpc\": \"2.0\", \"id\": 1".to_vec(), false, ""),
            (b"null".to_vec(), false, ""),
            (b"[]".to_vec(), false, ""),
            (vec![0xFF; 100], false, ""),
        ] {
            let start = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
            let reply = client.send(&bytes, &named).await;
            let said = reply.error();
            assert!(!said.trim().is_empty() && said.contains(words), "{who}: {start}: {said}");
            match reply.status {
                Some(status) => assert!(status.is_client_error(), "{who}: {start}: {status}"),
                None => assert_eq!(reply.message["id"].is_number(), has_id, "{who}: {start}: {said}"),
            }
            still_works(who, &mut client).await;
        }
        assert_ne!(client.request("ping", json!({}))["id"], json!(null));
    }
}

/// Requests that say two things of their era, or nothing.
#[tokio::test]
async fn eras_that_are_mixed() {
    let (_host, config, clients) = everyone().await;
    for (who, mut client) in clients {
        let plain = |meta: Option<Value>| {
            let mut params = json!({"name": "query", "arguments": {"sql": "SELECT 1"}});
            if let Some(meta) = meta {
                params["_meta"] = meta;
            }
            json!({"jsonrpc": "2.0", "id": "mixed", "method": "tools/call", "params": params}).to_string()
        };
        let of = |version: &str| {
            let mut meta = newest_meta();
            meta["io.modelcontextprotocol/protocolVersion"] = json!(version);
            Some(meta)
        };
        let newest = client.session().is_none() && who.contains("newest");
        let mut cases = vec![("a version that nobody knows", plain(of("2031-01-01")), vec![])];
        if client.is_http() {
            cases.push(("another version in the header", plain(of("2026-07-28")), vec![("mcp-protocol-version", "2025-06-18")]));
            cases.push(("an unknown version in the header", plain(None), vec![("mcp-protocol-version", "1999-01-01")]));
            cases.push((
                "a session that isn't",
                plain(None),
                vec![("mcp-session-id", "made-up"), ("mcp-protocol-version", "2025-06-18")],
            ));
        }
        if newest {
            cases.push(("nothing said", plain(None), vec![]));
            if client.is_http() {
                cases.push(("the wrong tool in the header", plain(of("2026-07-28")), vec![("mcp-name", "explain")]));
                cases.push(("the wrong method in the header", plain(of("2026-07-28")), vec![("mcp-method", "tools/list")]));
            }
        }
        for (what, body, headers) in cases {
            let named = [("mcp-method", "tools/call"), ("mcp-name", "query")];
            let headers: Vec<(&str, &str)> = named.into_iter().chain(headers).collect();
            let reply = client.send(body.as_bytes(), &headers).await;
            assert!(!reply.error().trim().is_empty(), "{who}: {what}");
            if let Some(status) = reply.status {
                assert!(status.is_client_error() || status == StatusCode::OK, "{who}: {what}: {status}");
            }
            still_works(who, &mut client).await;
        }
    }
    // Before anything has been agreed.
    let mut early = Raw::stdio_before_anything(&config.write(), Era::Sessions);
    let reply = early.call("query", json!({"sql": "SELECT 1"})).await;
    assert!(!reply.error().is_empty());
}

/// What isn't a post, at an endpoint that takes posts.
#[tokio::test]
async fn other_methods() {
    let host = Host::start(config()).await;
    let mut client = Raw::http(&host.url(), Era::Sessions).await;
    let http = reqwest::Client::new();
    for (request, status) in [
        (http.put(host.url()), StatusCode::METHOD_NOT_ALLOWED),
        (
            http.get(host.url()).header("accept", "text/event-stream").header("mcp-protocol-version", "2026-07-28"),
            StatusCode::METHOD_NOT_ALLOWED,
        ),
        (http.get(host.url()).header("accept", "text/event-stream").header("mcp-session-id", "made-up"), StatusCode::NOT_FOUND),
        (http.get(host.url()).header("accept", "text/html"), StatusCode::NOT_ACCEPTABLE),
        (http.delete(host.url()), StatusCode::BAD_REQUEST),
        (http.delete(host.url()).header("mcp-session-id", "made-up"), StatusCode::ACCEPTED),
    ] {
        let answer = request.send().await.expect("an answer");
        let found = answer.status();
        assert_eq!(found, status, "{}", answer.text().await.expect("its body"));
        still_works("http", &mut client).await;
    }
}
