//! Saved statements: each a tool of its own.

use bulkhead_tests::postgres::Server;
use bulkhead_tests::{Config, Host};
use serde_json::{Value, json};

fn config(server: &Server, role: &bulkhead_tests::postgres::User, statement: Value) -> Config {
    Config::new().database("pg", server.entry(role)).set(&["statements", "numbers"], statement)
}

fn numbers() -> Value {
    json!({
        "description": "Numbers from one on, as many as asked for, with a word.",
        "sql": "SELECT n, $2::text AS word, $3::date AS day FROM generate_series(1, $1) n",
        "parameters": [
            {"name": "count", "type": "integer", "native_type": "int4", "description": "How many"},
            {"name": "word", "default": "one", "enum": ["one", "two"]},
            {"name": "day", "default": null},
        ],
    })
}

#[tokio::test]
async fn a_tool_of_its_own() {
    let server = Server::from_environment();
    let role = server.role("saved");
    let host = Host::start(config(&server, &role, numbers())).await;
    let client = host.client().await;
    let tools = client.tools().await;
    let tool = serde_json::to_value(tools.iter().find(|tool| tool.name == "numbers").expect("the tool")).expect("JSON");
    assert_eq!(tool["description"], numbers()["description"]);
    assert_eq!(tool["annotations"]["readOnlyHint"], true);
    assert_eq!(tool["inputSchema"]["required"], json!(["count"]), "{tool}");
    let answer = client.call("numbers", json!({"count": 2, "word": "two", "day": "2024-02-29"})).await;
    assert_eq!(answer.rows(), [[json!(1), json!("two"), json!("2024-02-29")], [json!(2), json!("two"), json!("2024-02-29")]]);
    let answer = client.call("numbers", json!({"count": 1, "day": null, "format": "csv"})).await.ok();
    assert!(answer.text().contains("1,one"), "{}", answer.text());
    for (arguments, said) in [
        (json!({}), "count"),
        (json!({"count": "2", "day": null}), "type integer"),
        (json!({"count": 1, "day": null, "word": "three"}), "one of"),
        (json!({"count": 1, "day": null, "sql": "DROP TABLE x"}), "no parameter \"sql\""),
        (json!({"count": 1, "day": "'; DROP TABLE x; --"}), "date"),
    ] {
        let answer = client.call("numbers", arguments).await;
        assert!(answer.error().to_string().contains(&said.replace('"', "\\\"")), "{said}: {}", answer.raw());
    }
}

/// It only reads unless the operator says otherwise, whatever the statement says.
#[tokio::test]
async fn it_writes_only_where_the_operator_says_so() {
    let server = Server::from_environment();
    let role = server.role("saved_write");
    server.sql_as(&role, &format!("CREATE TABLE {}.t (n int)", role.name));
    for (read_only, kept) in [(true, "0"), (false, "1")] {
        let statement = json!({"description": "Puts a row in.", "sql": "INSERT INTO t VALUES (1)", "read_only": read_only});
        let host = Host::start(config(&server, &role, statement)).await;
        let answer = host.client().await.call("numbers", json!({})).await;
        assert_eq!(answer.is_error(), read_only, "{}", answer.raw());
        assert_eq!(server.query(&format!("SELECT count(*) FROM {}.t", role.name)), kept);
    }
}

#[tokio::test]
async fn what_cannot_be_a_tool_is_refused_at_start() {
    let server = Server::from_environment();
    let role = server.role("saved_bad");
    let taken = Config::new().database("pg", server.entry(&role)).set(&["statements", "query"], numbers());
    let (status, said) = Host::refused(&taken).await;
    assert!(!status.success() && said.contains("statements.query") && said.contains("already"), "{said}");
    let mut nowhere = numbers();
    nowhere["database_id"] = json!("nowhere");
    let (status, said) = Host::refused(&config(&server, &role, nowhere)).await;
    assert!(!status.success() && said.contains("statements.numbers.database_id"), "{said}");
    let mut twice = numbers();
    twice["parameters"][1]["name"] = json!("count");
    let (status, said) = Host::refused(&config(&server, &role, twice)).await;
    assert!(!status.success() && said.contains("twice"), "{said}");
}
