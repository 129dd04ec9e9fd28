//! Tools by database: those that one doesn't allow are refused for it alone, those that none allows aren't there.

use bulkhead_tests::{Answer, Client, Era};
use rmcp::model::CallToolRequestParams;
use serde_json::{Value, json};

use super::Rig;

const REFUSAL: &str = "may not be used here (the policy's `tools`)";

/// Everything that a tool's input schema asks for.
fn required(tool: &rmcp::model::Tool) -> Value {
    let schema = Value::Object((*tool.input_schema).clone());
    let names = schema["required"].as_array().cloned().unwrap_or_default();
    let of = |name: &Value| (name.as_str().expect("a name").to_owned(), json!("x"));
    Value::Object(names.iter().map(of).collect())
}

fn is_refused(answer: &Answer, tool: &str) -> bool {
    answer.is_error() && answer.text().contains(&format!("the tool {tool:?} {REFUSAL}"))
}

#[tokio::test]
async fn each_that_takes_a_database_is_refused_where_it_is_not_allowed() {
    let rig = Rig::start(
        "tools",
        &[("all", json!({})), ("few", json!({"tools": ["query"]})), ("but", json!({"tools": {"explain": false}}))],
    )
    .await;
    for era in [Era::Stateless, Era::Sessions] {
        let client = Client::http(&rig.host.url(), era).await;
        let tools = client.tools().await;
        let takes = |tool: &rmcp::model::Tool| tool.input_schema["properties"].get("database_id").is_some();
        let mut taking = 0;
        for tool in tools.iter().filter(|tool| takes(tool)) {
            taking += 1;
            let name = tool.name.as_ref();
            for (database, allowed) in [("few", name == "query"), ("but", name != "explain"), ("all", true)] {
                let mut arguments = required(tool);
                arguments["database_id"] = json!(database);
                let answer = client.call(name, arguments).await;
                assert_eq!(is_refused(&answer, name), !allowed, "{era:?}: {name} on {database}: {}", answer.raw());
                assert!(allowed || answer.error()["kind"] == "permission", "{}", answer.raw());
            }
        }
        assert!(taking >= 17, "{taking} of {} tools take a database", tools.len());
    }
}

/// Without a database in the call: the session's and the default one count.
#[tokio::test]
async fn the_sessions_and_the_default_database_count_too() {
    let policies = [("few", json!({"tools": ["query", "open_session", "begin_transaction"]})), ("all", json!({}))];
    let rig = Rig::start_with("tools_default", &policies, |config| config.set(&["default_database"], json!("few"))).await;
    let client = &rig.client;
    assert!(is_refused(&client.call("list_tables", json!({})).await, "list_tables"));
    assert!(!client.call("query", json!({"sql": "SELECT 1"})).await.is_error());
    let opened = client.call("open_session", json!({"database_id": "few"})).await.ok();
    let session = opened.structured()["session"].clone();
    assert!(is_refused(&client.call("list_tables", json!({"session": session})).await, "list_tables"));
    assert!(!client.call("list_tables", json!({"session": session, "database_id": "all"})).await.is_error());
    // What was begun or left open there isn't gone on with by a tool that isn't allowed there.
    let begun = client.call("begin_transaction", json!({"session": session})).await.ok();
    let transaction = begun.structured()["transaction"].clone();
    for tool in ["commit", "rollback"] {
        assert!(is_refused(&client.call(tool, json!({"transaction": transaction})).await, tool), "{tool}");
    }
    let asked = json!({"session": session, "sql": "SELECT generate_series(1, 10)", "max_rows": 2});
    let cut = client.call("query", asked).await.ok();
    let cursor = cut.structured()["cursor"].clone();
    assert!(cursor.is_string(), "{}", cut.raw());
    assert!(is_refused(&client.call("fetch_rows", json!({"cursor": cursor})).await, "fetch_rows"));
    // In a protocol's own session, too: nothing is selected by the refused.
    let older = Client::http(&rig.host.url(), Era::Sessions).await;
    assert!(is_refused(&older.call("use_database", json!({"database_id": "few"})).await, "use_database"));
    let _ = older.call("use_database", json!({"database_id": "all"})).await.ok();
    let _ = older.call("list_tables", json!({})).await.ok();
}

#[tokio::test]
async fn what_no_database_allows_is_not_there() {
    let policies = [
        ("few", json!({"tools": ["query", "explain_policy"]})),
        ("but", json!({"tools": {"explain": false, "describe_table": false}})),
    ];
    let rig = Rig::start("tools_none", &policies).await;
    let names: Vec<String> = rig.client.tools().await.iter().map(|tool| tool.name.to_string()).collect();
    assert!(!names.contains(&"explain".to_owned()) && !names.contains(&"describe_table".to_owned()), "{names:?}");
    assert!(names.contains(&"list_tables".to_owned()) && names.contains(&"query".to_owned()), "{names:?}");
    let hidden = CallToolRequestParams::new("explain").with_arguments(serde_json::Map::new());
    let why = rig.client.peer().call_tool(hidden).await.expect_err("it isn't there").to_string();
    assert!(why.contains("there is no tool"), "{why}");
    // Only what it may be used for is asked of it.
    let health = rig.client.call("health_check", json!({})).await.ok();
    let asked: Vec<&str> = health.structured()["databases"]
        .as_array()
        .expect("databases")
        .iter()
        .filter_map(|one| one["database_id"].as_str())
        .collect();
    assert_eq!(asked, ["but"], "{}", health.raw());
}
