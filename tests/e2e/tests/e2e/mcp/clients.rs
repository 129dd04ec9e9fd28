//! rmcp's client, PyPI's, npm's and the inspector, over HTTP and stdio, in both eras, against both drivers.

use std::path::Path;
use std::time::Duration;

use bulkhead_tests::{Client, Era, Host, environment, node, python};
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

pub(super) fn saw(seen: &Value) {
    assert_eq!(seen["tools"], json!(TOOLS));
    for database in ["pg", "lite"] {
        assert!(seen["list_databases"]["structured"].to_string().contains(database), "{}", seen["list_databases"]);
    }
    for database in ["pg", "lite"] {
        let of = &seen["databases"][database];
        assert_eq!(of["query"]["structured"]["rows"], json!([[1, "zwei"]]), "{of}");
        assert_eq!(of["error"]["is_error"], true, "{of}");
        assert!(of["error"]["text"].to_string().contains("nowhere_at_all"), "{of}");
        assert!(of["tables"]["structured"].to_string().contains("fruit"), "{of}");
        assert!(of["table"]["structured"].to_string().contains("nullable"), "{of}");
        assert_eq!(of["next"]["structured"]["rows"], json!([[3]]), "{of}");
    }
}

#[tokio::test]
async fn python_over_http() {
    let host = Host::start(both().config).await;
    for (mode, protocol) in [("auto", "2026-07-28"), ("legacy", "2025-11-25")] {
        let seen = python::run("client.py", &["http", &host.url(), mode, "pg", "lite"]).await;
        assert_eq!(seen["protocol"], protocol);
        saw(&seen);
    }
}

#[tokio::test]
async fn python_over_stdio() {
    let both = both();
    let file = both.config.write();
    for (mode, protocol) in [("auto", "2026-07-28"), ("legacy", "2025-11-25")] {
        let seen = python::run("client.py", &["stdio", file.to_str().expect("UTF-8"), mode, "pg", "lite"]).await;
        assert_eq!(seen["protocol"], protocol);
        saw(&seen);
    }
}

/// The two packages: the one that came first knows the older era, the one that followed knows both.
const NPM: [(&str, &str, &str); 3] =
    [("sdk", "legacy", "2025-11-25"), ("client", "legacy", "2025-11-25"), ("client", "auto", "2026-07-28")];

#[tokio::test]
async fn npm_over_http() {
    let host = Host::start(both().config).await;
    for (package, mode, protocol) in NPM {
        let seen = node::run("client.mjs", &[package, "http", &host.url(), mode, "pg", "lite"]).await;
        assert_eq!(seen["protocol"], protocol, "{package}");
        saw(&seen);
    }
}

#[tokio::test]
async fn npm_over_stdio() {
    let both = both();
    let file = both.config.write();
    for (package, mode, protocol) in NPM {
        let seen = node::run("client.mjs", &[package, "stdio", file.to_str().expect("UTF-8"), mode, "pg", "lite"]).await;
        // The older package doesn't say over stdio.
        assert!(seen["protocol"] == protocol || package == "sdk", "{package}: {}", seen["protocol"]);
        saw(&seen);
    }
}

/// A command of the inspector's; what it printed, or its words if it failed.
async fn inspect(server: &[&str], era: &str, home: &Path, arguments: &[&str]) -> Result<Value, String> {
    const INSPECTOR: &str = "@modelcontextprotocol/inspector/clients/launcher/build/index.js";
    const PATIENCE: Duration = Duration::from_secs(60);
    let fixed = ["--cli", "--format", "json", "--quiet", "--protocol-era", era];
    let arguments = [&fixed[..], arguments, server].concat();
    let output = node::program(INSPECTOR, &arguments, home, PATIENCE).await;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        return Err(format!("{}: {stdout}{stderr}", output.status));
    }
    serde_json::from_str(&stdout).map_err(|why| format!("{why}: {stdout}{stderr}"))
}

/// Each command is a connection of its own. `--strict` fails on a schema that some client can't take.
async fn inspector(server: &[&str], home: &Path) {
    for era in ["legacy", "modern"] {
        let call = async |tool: &str, arguments: Value| {
            let arguments = arguments.to_string();
            let call = ["--method", "tools/call", "--tool-name", tool, "--tool-args-json", &arguments];
            inspect(server, era, home, &call).await
        };
        let listed = inspect(server, era, home, &["--method", "tools/list", "--strict"]).await.expect("tools/list");
        let listed = listed.to_string();
        assert!(TOOLS.iter().all(|name| listed.contains(name)), "{listed}");
        let databases = call("list_databases", json!({})).await.expect("list_databases").to_string();
        assert!(databases.contains("pg") && databases.contains("lite"), "{databases}");
        let table = call("describe_table", json!({"database_id": "pg", "table": "fruit"})).await.expect("describe_table");
        assert!(table.to_string().contains("nullable"), "{table}");
        let failed = call("query", json!({"database_id": "lite", "sql": "SELECT * FROM nowhere_at_all"})).await;
        let failed = failed.map_or_else(|why| why, |answer| answer.to_string());
        assert!(failed.contains("nowhere_at_all"), "{failed}");
        let rows = call("query", json!({"database_id": "lite", "sql": "SELECT name FROM fruit ORDER BY id"})).await;
        let rows = rows.expect("query").to_string();
        assert!(rows.contains("apple") && rows.contains("fig"), "{rows}");
    }
}

#[tokio::test]
async fn inspector_over_http() {
    let host = Host::start(both().config).await;
    inspector(&["--transport", "http", "--server-url", &host.url()], host.folder()).await;
}

#[tokio::test]
async fn inspector_over_stdio() {
    let both = both();
    let file = both.config.write();
    let binary = environment::binary();
    // `--config` would be the inspector's own.
    let configured = format!("BULKHEAD_CONFIG={}", file.display());
    let server = ["-e", &configured, binary.to_str().expect("UTF-8"), "stdio"];
    inspector(&server, both.config.folder()).await;
}
