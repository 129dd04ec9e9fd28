//! `bulkhead config show`: what it comes to, from where, and no secret.

use bulkhead_tests::Config;
use serde_json::{Value, json};

use super::check::bulkhead;

/// In every secret here.
const MARK: &str = "hunter22";

#[tokio::test]
async fn every_value_with_its_origin_and_no_secret() {
    let secret = |name: &str| format!("{MARK}-{name}");
    let mut config = Config::new()
        .database("app", json!({"driver": "postgres", "hostname": "db", "password": secret("plain"), "labels": {"team": "shop"}}))
        .database("reference", json!({"driver": "postgres", "host": "db", "password": "env:BULKHEAD_TEST_SECRET"}))
        .database("string", json!({"connection_string": format!("postgresql://u:{}@db:6000/d", secret("string"))}));
    config.put(&["auth"], json!({"trustedIDPs": [{"name": "n", "audience": "a", "roleMappings": {"r": ["s"]}}]}));
    let exchange = json!({"tokenEndpoint": "https://h/t", "clientId": "c", "clientSecret": secret("client")});
    let module = json!({"host": "localhost", "password": secret("module"), "tokenExchange": exchange});
    config.put(&["delegation"], json!({"modules": {"postgresql1": module}}));
    let file = config.write();
    let path = file.to_str().expect("UTF-8");
    let connection = format!("postgresql://u:{}@other/d", secret("variable"));
    let variables = [
        ("BULKHEAD_TEST_SECRET", MARK),
        ("DB_CONFIG_VARIABLE_HOST", "elsewhere"),
        ("DB_CONFIG_VARIABLE_PASSWORD", MARK),
        ("POSTGRES_CONNECTION_STRING", connection.as_str()),
        ("SQLSERVER_HOST", "ms"),
        ("SQLSERVER_PASSWORD", MARK),
    ];
    let (code, out, told) = bulkhead(&["config", "show", "--config", path], &variables).await;
    assert_eq!(code, 0, "{told}");
    let line = |key: &str, origin: &str| {
        let found = out.lines().any(|line| line.trim_start().starts_with(key) && line.contains(&format!("# {origin}")));
        assert!(found, "{key} {origin}\nin\n{out}");
    };
    line("host: db", path);
    line("password: env:BULKHEAD_TEST_SECRET", path);
    line("password: \"***\"", path);
    line("host: elsewhere", "environment variable DB_CONFIG_VARIABLE_HOST");
    line("password: env:DB_CONFIG_VARIABLE_PASSWORD", "environment variable DB_CONFIG_VARIABLE_PASSWORD");
    line("host: other", "environment variable POSTGRES_CONNECTION_STRING");
    line("password: env:SQLSERVER_PASSWORD", "environment variable SQLSERVER_PASSWORD");
    line("max_rows: 100000", "default");
    line("statement_timeout: 30s", "default");
    line("team: shop", path);

    let (_, json, more) = bulkhead(&["config", "show", "--json", "--config", path], &variables).await;
    let shown: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(shown["configuration"]["databases"]["string"]["port"], 6000);
    assert_eq!(shown["configuration"]["databases"]["postgresql1"]["token_exchange"]["client_secret"], "***");
    assert_eq!(shown["origins"]["databases.variable.host"], "environment variable DB_CONFIG_VARIABLE_HOST");
    let (_, _, checked) = bulkhead(&["config", "check", "--config", path], &variables).await;
    for text in [out, told, json, more, checked] {
        assert!(!text.contains(MARK), "{text}");
    }
}
