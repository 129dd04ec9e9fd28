//! rmcp's client and PyPI's, over HTTP and stdio, in both eras, against both drivers.

use bulkhead_tests::{Client, Era, Host, python};
use serde_json::{Value, json};

use super::both;

/// What every client sees.
const TOOLS: [&str; 12] = [
    "close_session",
    "describe_table",
    "explain",
    "fetch_rows",
    "health_check",
    "list_databases",
    "list_schemas",
    "list_tables",
    "open_session",
    "query",
    "search_objects",
    "use_database",
];

async fn look_around(client: &Client) {
    let mut tools: Vec<String> = client.tools().await.iter().map(|tool| tool.name.to_string()).collect();
    tools.sort();
    assert_eq!(tools, TOOLS);
    let databases = client.call("list_databases", json!({})).await.ok();
    for database in ["pg", "lite"] {
        assert!(databases.structured().to_string().contains(database), "{}", databases.raw());
        let answer = client.query(database, "SELECT id, name FROM fruit ORDER BY id").await;
        assert_eq!(answer.rows(), [[json!(1), json!("apple")], [json!(2), json!("pear")], [json!(3), json!("fig")]]);
        assert!(answer.text().contains("pear"), "for clients that read text alone: {}", answer.text());
        let tables = client.call("list_tables", json!({"database_id": database})).await.ok();
        assert!(tables.structured().to_string().contains("fruit"), "{}", tables.raw());
        let table = client.call("describe_table", json!({"database_id": database, "table": "fruit"})).await.ok();
        for word in ["id", "name", "nullable", "primary"] {
            assert!(table.structured().to_string().contains(word), "{word}: {}", table.raw());
        }
        let failed = client.query(database, "SELECT * FROM nowhere_at_all").await;
        assert!(failed.error().to_string().contains("nowhere_at_all"), "{}", failed.raw());
    }
}

#[tokio::test]
async fn rmcp_over_http() {
    let host = Host::start(both().config).await;
    for era in [Era::Stateless, Era::Sessions] {
        look_around(&Client::http(&host.url(), era).await).await;
    }
}

#[tokio::test]
async fn rmcp_over_stdio() {
    let both = both();
    let file = both.config.write();
    for era in [Era::Stateless, Era::Sessions] {
        let client = Client::stdio(&file, era).await;
        look_around(&client).await;
        client.close().await;
    }
}

fn python_saw(seen: &Value) {
    assert_eq!(seen["tools"], json!(TOOLS));
    for database in ["pg", "lite"] {
        let of = &seen["databases"][database];
        assert_eq!(of["query"]["structured"]["rows"], json!([[1, "zwei"]]), "{of}");
        assert_eq!(of["error"]["is_error"], true, "{of}");
        assert!(of["error"]["text"].to_string().contains("nowhere_at_all"), "{of}");
        assert!(of["tables"]["structured"].to_string().contains("fruit"), "{of}");
    }
}

#[tokio::test]
async fn python_over_http() {
    let host = Host::start(both().config).await;
    for (mode, protocol) in [("auto", "2026-07-28"), ("legacy", "2025-11-25")] {
        let seen = python::run("client.py", &["http", &host.url(), mode, "pg", "lite"]).await;
        assert_eq!(seen["protocol"], protocol);
        python_saw(&seen);
    }
}

#[tokio::test]
async fn python_over_stdio() {
    let both = both();
    let file = both.config.write();
    for (mode, protocol) in [("auto", "2026-07-28"), ("legacy", "2025-11-25")] {
        let seen = python::run("client.py", &["stdio", file.to_str().expect("UTF-8"), mode, "pg", "lite"]).await;
        assert_eq!(seen["protocol"], protocol);
        python_saw(&seen);
    }
}
