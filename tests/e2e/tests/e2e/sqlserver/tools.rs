//! The tools of an MCP server for SQL Server, each with its `database`; and transactions and scripts on one.

use bulkhead_tests::sqlserver::Server;
use bulkhead_tests::{Config, Host};
use serde_json::json;

#[tokio::test]
async fn the_familys_tools_on_another_database() {
    let server = Server::from_environment();
    let login = server.login("family");
    let config = Config::new()
        .database("ms", server.entry(&login))
        .set(&["databases", "ms", "catalogs"], json!([server.other_database]))
        .set(&["server", "family"], json!("sqlserver"));
    let host = Host::start(config).await;
    let client = host.client().await;
    let suffix = &login.name;
    let execute = async |database: Option<&str>, query: &str| {
        let mut arguments = json!({"query": query});
        if let Some(database) = database {
            arguments["database"] = json!(database);
        }
        client.call("execute_query", arguments).await
    };
    let other = Some(server.other_database.as_str());
    assert_eq!(execute(None, "SELECT DB_NAME()").await.cell(), json!(server.database));
    assert_eq!(execute(other, "SELECT DB_NAME()").await.cell(), json!(server.other_database));
    for sql in [
        format!("CREATE TABLE a_{suffix} (id int NOT NULL PRIMARY KEY)"),
        format!("CREATE TABLE b_{suffix} (a_id int NOT NULL CONSTRAINT to_a_{suffix} REFERENCES a_{suffix} (id))"),
        format!("CREATE VIEW v_{suffix} AS SELECT id FROM a_{suffix}"),
        format!("INSERT INTO a_{suffix} (id) VALUES (1), (2), (3)"),
    ] {
        let _ = execute(other, &sql).await.ok();
    }
    // It is there, and not in the configured one.
    assert_eq!(execute(other, &format!("SELECT COUNT(*) FROM a_{suffix}")).await.cell(), 3);
    assert!(execute(None, &format!("SELECT COUNT(*) FROM a_{suffix}")).await.is_error());
    let limited = client
        .call("execute_query", json!({"query": format!("SELECT id FROM a_{suffix} ORDER BY id"), "limit": 2, "database": other}))
        .await;
    assert_eq!(limited.rows(), [[json!(1)], [json!(2)]]);
    for (tool, name) in [("list_tables", "a"), ("list_tables", "b"), ("list_views", "v")] {
        let listed = client.call(tool, json!({"database": other, "schema": "dbo"})).await.ok();
        assert!(listed.structured().to_string().contains(&format!("\"{name}_{suffix}\"")), "{tool}: {}", listed.raw());
    }
    let on = |table: &str| json!({"table_name": format!("{table}_{suffix}"), "schema": "dbo", "database": other});
    let table = client.call("describe_table", on("a")).await.ok();
    assert_eq!(table.structured()["primary_key"], json!(["id"]));
    let keys = client.call("get_foreign_keys", on("b")).await.ok();
    assert_eq!(keys.structured()["foreign_keys"][0]["table"], json!(format!("a_{suffix}")), "{}", keys.raw());
    let counted = client.call("get_table_stats", on("a")).await.ok();
    assert_eq!(counted.structured()["rows_estimate"], 3, "{}", counted.raw());
    let catalogs = client.call("list_databases", json!({})).await.ok();
    assert!(catalogs.structured().to_string().contains(&server.other_database), "{}", catalogs.raw());
    let info = client.call("get_server_info", json!({"database": other})).await.ok();
    assert!(info.structured()["product"].as_str().is_some_and(|product| product.contains("SQL Server")), "{}", info.raw());
    assert_eq!(client.call("test_connection", json!({"database": other})).await.ok().structured()["connected"], true);
    let refused = client.call("test_connection", json!({"database": "master"})).await;
    assert_eq!(refused.error()["kind"], "permission", "{}", refused.raw());
}

#[tokio::test]
async fn transactions_and_scripts() {
    let server = Server::from_environment();
    let login = server.login("moves");
    let config =
        Config::new().database("ms", server.entry(&login)).set(&["server", "toolsets"], json!(["transactions", "scripts"]));
    let host = Host::start(config).await;
    let client = host.client().await;
    let table = format!("t_{}", login.name);
    let script = format!("CREATE TABLE {table} (n int NOT NULL PRIMARY KEY);\nGO\nINSERT INTO {table} (n) VALUES (1);\nGO\n");
    let ran = client.call("execute_script", json!({"script": script})).await.ok();
    assert_eq!(ran.structured()["statements"].as_array().map(Vec::len), Some(2), "{}", ran.raw());
    let count = format!("SELECT COUNT(*) FROM {table}");
    let failing = format!("INSERT INTO {table} (n) VALUES (2)\nGO\nINSERT INTO {table} (n) VALUES (1)");
    let failed = client.call("execute_script", json!({"script": failing})).await;
    assert!(failed.is_error() && failed.text().contains("Nothing of the script was kept"), "{}", failed.raw());
    assert_eq!(client.query("ms", &count).await.cell(), 1);
    for (end, kept) in [("rollback", 1), ("commit", 2)] {
        let begun = client.call("begin_transaction", json!({"isolation": "serializable"})).await.ok();
        let transaction = begun.structured()["transaction"].clone();
        let insert = json!({"transaction": transaction, "sql": format!("INSERT INTO {table} (n) VALUES (7)")});
        let _ = client.call("query", insert).await.ok();
        let _ = client.call(end, json!({"transaction": transaction})).await.ok();
        assert_eq!(client.query("ms", &count).await.cell(), kept, "{end}");
    }
}
