//! `/metrics`: read by the reference parser, and held against what was called.

use bulkhead_tests::postgres::Server;
use bulkhead_tests::{Client, Config, HOSTILE_PASSWORD, Host, free_port, python};
use serde_json::{Value, json};

use super::admin::{TOKEN, with_admin};

/// Found in no other text: it mustn't be found in the metrics.
const MARK: &str = "needle_in_a_statement";

/// What a scrape gave.
struct Scraped {
    text: String,
    samples: Vec<Value>,
}

impl Scraped {
    async fn from(host: &Host, url: &str, token: Option<&str>) -> Scraped {
        let mut request = reqwest::Client::new().get(url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let kind = answer.headers()["content-type"].to_str().expect("ASCII").to_owned();
        assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
        let text = answer.text().await.expect("its text");
        let file = host.folder().join("metrics.txt");
        std::fs::write(&file, &text).expect("written");
        let samples = python::run("openmetrics.py", &[file.to_str().expect("UTF-8")]).await;
        Scraped { text, samples: samples.as_array().expect("an array").clone() }
    }

    /// The sum of the samples of that name whose labels have all of these.
    fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let fits = |sample: &&Value| {
            sample["name"] == name && labels.iter().all(|(label, value)| sample["labels"][*label] == json!(value))
        };
        self.samples.iter().filter(fits).filter_map(|sample| sample["value"].as_f64()).sum()
    }
}

#[tokio::test]
async fn the_counts_are_those_of_what_was_called() {
    let server = Server::from_environment();
    let role = server.role("metrics");
    let admin = free_port();
    let config = with_admin(Config::new(), admin)
        .set(&["server", "metrics"], json!(true))
        .database("pg", server.entry(&role))
        .database("unused", server.entry(&role))
        .database("ro", {
            let mut entry = server.entry(&role);
            entry["read_only"] = json!(true);
            entry
        })
        .database("missing", json!({"driver": "nosuch", "host": "127.0.0.1"}))
        .hostile("bad", json!({"fault": "panic"}));
    let host = Host::start(config).await;
    let client = host.client().await;
    for _ in 0..7 {
        let _ = client.query("pg", "SELECT generate_series(1, 3)").await.ok();
    }
    for _ in 0..2 {
        assert!(client.query("pg", &format!("SELECT {MARK}")).await.is_error());
    }
    assert!(client.query("ro", "DELETE FROM t").await.is_error());
    let _ = client.call("list_databases", json!({})).await.ok();
    assert!(client.query("bad", "SELECT 1").await.is_error());
    let url = format!("http://127.0.0.1:{admin}/metrics");
    let scraped = Scraped::from(&host, &url, Some(TOKEN)).await;

    assert!(scraped.sum("bulkhead_databases", &[("state", "down")]) >= 1.0, "one that has no driver is down: {}", scraped.text);
    let pg = [("database", "pg"), ("driver", "postgres")];
    let with = |more: &[(&'static str, &'static str)]| [&pg[..], more].concat();
    assert_eq!(scraped.sum("bulkhead_calls_total", &with(&[("tool", "query"), ("outcome", "ok")])), 7.0, "{}", scraped.text);
    assert_eq!(scraped.sum("bulkhead_calls_total", &with(&[("tool", "query"), ("outcome", "undefined")])), 2.0);
    assert_eq!(scraped.sum("bulkhead_calls_total", &pg), 9.0);
    assert_eq!(scraped.sum("bulkhead_calls_total", &[("database", ""), ("tool", "list_databases")]), 1.0);
    assert_eq!(scraped.sum("bulkhead_calls_total", &[("database", "ro"), ("outcome", "read-only")]), 1.0);
    assert_eq!(scraped.sum("bulkhead_policy_refusals_total", &[("database", "ro")]), 1.0);
    assert_eq!(scraped.sum("bulkhead_call_duration_seconds_count", &pg), 9.0);
    assert_eq!(scraped.sum("bulkhead_call_duration_seconds_bucket", &with(&[("le", "+Inf")])), 9.0);
    let took = scraped.sum("bulkhead_call_duration_seconds_sum", &pg);
    assert!(took > 0.0 && took < 60.0, "{took}");
    assert_eq!(scraped.sum("bulkhead_rows_total", &pg), 21.0);
    assert!(scraped.sum("bulkhead_result_bytes_total", &pg) >= 21.0);
    assert_eq!(scraped.sum("bulkhead_instances_created_total", &pg), 1.0);
    assert_eq!(scraped.sum("bulkhead_instances", &pg), 1.0);
    assert!(scraped.sum("bulkhead_instances_memory_bytes", &pg) >= 65_536.0);
    let guest = scraped.sum("bulkhead_guest_seconds_total", &pg);
    assert!(guest > 0.0 && guest < took, "{guest} of {took}");
    for (state, count) in [("max", 10.0), ("open", 1.0), ("idle", 1.0), ("waiting", 0.0)] {
        assert_eq!(scraped.sum("bulkhead_pool", &with(&[("state", state)])), count, "{state}");
    }
    assert_eq!(scraped.sum("bulkhead_database_state", &with(&[("state", "healthy")])), 1.0);
    assert_eq!(scraped.sum("bulkhead_database_state", &pg), 1.0, "one state alone");
    // It may have been tried again.
    assert!(scraped.sum("bulkhead_traps_total", &[("database", "bad"), ("kind", "wasm")]) >= 1.0, "{}", scraped.text);
    assert_eq!(scraped.sum("bulkhead_databases", &[]), 5.0);
    assert_eq!(scraped.sum("bulkhead_config_reloads_total", &[]), 0.0);
    // What nobody used has no lines.
    assert!(!scraped.text.contains("database=\"unused\""), "{}", scraped.text);
    for secret in [
        MARK,
        TOKEN,
        HOSTILE_PASSWORD,
        &role.name,
        role.password.as_deref().expect("a password"),
        "localhost",
        "127.0.0.1",
        "SELECT",
    ] {
        assert!(!scraped.text.contains(secret), "{secret} in\n{}", scraped.text);
    }

    // The same on the MCP listener, where that is wished, and nothing without a token on the other.
    let open = Scraped::from(&host, &format!("http://{}/metrics", host.address()), None).await;
    assert_eq!(open.sum("bulkhead_calls_total", &pg), 9.0);
    assert_eq!(reqwest::get(&url).await.expect("an answer").status(), 401);
}

#[tokio::test]
async fn a_call_that_its_caller_gave_up_is_counted() {
    let server = Server::from_environment();
    let role = server.role("metrics");
    let host = Host::start(Config::new().set(&["server", "metrics"], json!(true)).database("pg", server.entry(&role))).await;
    let client = host.client().await;
    let slow = client.send("query", json!({"database_id": "pg", "sql": "SELECT pg_sleep(20)"})).await;
    bulkhead_tests::postgres::wait_until("it runs", super::HEALED, || server.running(&role, "pg_sleep") == 1).await;
    slow.cancel(None).await.expect("cancelled");
    bulkhead_tests::postgres::wait_until("it has ended", super::HEALED, || server.running(&role, "pg_sleep") == 0).await;
    let _: &Client = &client;
    let scraped = Scraped::from(&host, &format!("http://{}/metrics", host.address()), None).await;
    let labels = [("database", "pg"), ("tool", "query"), ("outcome", "cancelled")];
    assert_eq!(scraped.sum("bulkhead_calls_total", &labels), 1.0, "{}", scraped.text);
}

#[tokio::test]
async fn without_being_asked_for_there_are_none() {
    let host = Host::start(Config::new()).await;
    let get = async |path: &str| reqwest::get(format!("http://{}{path}", host.address())).await.expect("an answer").status();
    assert_eq!(get("/metrics").await, 404);
    assert_eq!(get("/healthz").await, 200);
}
