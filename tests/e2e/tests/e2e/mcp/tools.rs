//! What a model is told of the tools, and what they do with arguments that make no sense.

use bulkhead_tests::{Config, Host};
use serde_json::{Value, json};

#[tokio::test]
async fn every_tool_is_described_and_annotated_honestly() {
    let all = json!(["sessions", "transactions", "administration", "scripts"]);
    let host = Host::start(Config::new().hostile("good", json!({})).set(&["server", "toolsets"], all)).await;
    for tool in host.client().await.tools().await {
        let tool = serde_json::to_value(tool).expect("JSON");
        let name = tool["name"].as_str().expect("a name").to_owned();
        assert!(tool["description"].as_str().is_some_and(|text| text.len() > 40), "{name}: {tool}");
        for schema in ["inputSchema", "outputSchema"] {
            assert_eq!(tool[schema]["type"], "object", "{name}: {schema}");
            assert!(tool[schema]["properties"].is_object(), "{name}: {schema}");
        }
        let destroys = name == "query" || name == "execute_script";
        let acts = ["open_session", "use_database", "close_session", "begin_transaction", "commit", "rollback"];
        let looks_only = !destroys && !acts.contains(&name.as_str());
        assert_eq!(tool["annotations"]["readOnlyHint"], json!(looks_only), "{name}: {}", tool["annotations"]);
        if !looks_only {
            assert_eq!(tool["annotations"]["destructiveHint"], json!(destroys), "{name}: {}", tool["annotations"]);
        }
    }
}

/// Where no database can be written, `query` says so.
#[tokio::test]
async fn query_is_read_only_where_all_databases_are() {
    let config = Config::new().hostile("good", json!({})).set(&["databases", "good", "read_only"], json!(true));
    let host = Host::start(config).await;
    let tools = host.client().await.tools().await;
    let query = tools.iter().find(|tool| tool.name == "query").expect("query");
    let annotations = serde_json::to_value(&query.annotations).expect("JSON");
    assert_ne!(annotations["destructiveHint"], json!(true), "{annotations}");
}

#[tokio::test]
async fn the_default_database() {
    let config = Config::new()
        .hostile("first", json!({}))
        .hostile("second", json!({"fault": "read-arguments"}))
        .set(&["default_database"], json!("first"));
    let client = Host::start(config).await;
    let client = client.client().await;
    assert_eq!(client.call("query", json!({"sql": "SELECT 1"})).await.cell(), "SELECT 1");
    assert_eq!(client.query("second", "SELECT 1").await.cell(), "");
}

#[tokio::test]
async fn without_a_default_the_databases_are_named() {
    let host = Host::start(Config::new().hostile("first", json!({})).hostile("second", json!({}))).await;
    let answer = host.client().await.call("query", json!({"sql": "SELECT 1"})).await;
    let text = answer.error().to_string();
    assert!(text.contains("first") && text.contains("second"), "{text}");
}

/// Arguments that aren't the schema's: said in words, as the tool's answer or the protocol's error, and nothing breaks.
#[tokio::test]
async fn arguments_that_make_no_sense() {
    let mut host = Host::start(Config::new().hostile("good", json!({}))).await;
    let client = host.client().await;
    for arguments in [
        json!({}),
        json!({"sql": 1}),
        json!({"sql": "SELECT 1", "max_rows": -1}),
        json!({"sql": "SELECT 1", "max_rows": "many"}),
        json!({"sql": "SELECT 1", "timeout_ms": 1e300}),
        json!({"sql": "SELECT 1", "format": "xml"}),
        json!({"sql": "SELECT 1", "params": {"a": [1, {"b": null}]}}),
        json!({"sql": null}),
        json!({"sql": "SELECT 1", "surprise": true}),
    ] {
        let call = client.send("query", arguments.clone()).await;
        match call.await_response().await {
            Err(why) => assert!(!why.to_string().is_empty()),
            Ok(result) => {
                let result = serde_json::to_value(result).expect("JSON");
                let fine = result["isError"] == true || arguments.get("params").is_some();
                assert!(fine, "{arguments}: {result}");
            }
        }
    }
    assert!(host.is_running());
    assert_eq!(client.query("good", "SELECT 1").await.cell(), "SELECT 1");
    // Values that a schema allows and nobody means.
    let long = "x".repeat(1 << 20);
    let echoed = client.call("query", json!({"database_id": "good", "sql": format!("SELECT '{long}'")})).await;
    assert!(echoed.is_error() || echoed.raw().to_string().len() > long.len());
    let controls = client.query("good", "SELECT '\u{0}\u{1}\u{7f}\u{202e}\u{feff}💥'").await;
    assert!(controls.is_error() || controls.cell() == "SELECT '\u{0}\u{1}\u{7f}\u{202e}\u{feff}💥'");
    let _: Value = client.query("good", "SELECT 1").await.cell();
}
