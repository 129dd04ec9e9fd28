//! Resources, prompts and completions, in both eras.

use bulkhead_tests::{Client, Era, Host};
use rmcp::model::{
    ArgumentInfo, CompleteRequestParams, CompletionContext, GetPromptRequestParams, ReadResourceRequestParams, Reference,
};
use serde_json::{Value, json};

use super::both;

const ERAS: [Era; 2] = [Era::Stateless, Era::Sessions];

async fn read(client: &Client, uri: &str) -> Result<Value, String> {
    let result = client.peer().read_resource(ReadResourceRequestParams::new(uri)).await.map_err(|why| why.to_string())?;
    let result = serde_json::to_value(result).expect("JSON");
    let text = result["contents"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {result}"));
    Ok(serde_json::from_str(text).expect("JSON"))
}

#[tokio::test]
async fn what_a_database_is_made_of() {
    let host = Host::start(both().config).await;
    for era in ERAS {
        let client = Client::http(&host.url(), era).await;
        let listed = client.peer().list_all_resources().await.expect("resources");
        let uris: Vec<String> = listed.iter().map(|resource| resource.uri.clone()).collect();
        assert_eq!(uris, ["bulkhead://lite/schema", "bulkhead://pg/schema", "ui://bulkhead/result"]);
        for database in ["pg", "lite"] {
            let tables = read(&client, &format!("bulkhead://{database}/schema")).await.expect("the tables");
            let table = tables["tables"].as_array().expect("tables").iter().find(|table| table["name"] == "fruit").cloned();
            let schema = table.expect("fruit")["schema"].as_str().expect("a schema").to_owned();
            let table = read(&client, &format!("bulkhead://{database}/table/{schema}/fruit")).await.expect("the table");
            assert_eq!(table["columns"][0]["name"], "id");
        }
        for nothing in [
            "bulkhead://nowhere/schema",
            "bulkhead://pg/table/public/nothing_there",
            "file:///etc/passwd",
            "bulkhead://pg/../schema",
            "",
        ] {
            let why = read(&client, nothing).await.expect_err(nothing);
            assert!(why.contains("there is no resource"), "{nothing}: {why}");
        }
        assert_eq!(client.peer().list_all_resource_templates().await.expect("templates").len(), 3);
    }
}

#[tokio::test]
async fn prompts_name_the_database_and_the_tools() {
    let host = Host::start(both().config).await;
    for era in ERAS {
        let client = Client::http(&host.url(), era).await;
        let names: Vec<String> =
            client.peer().list_all_prompts().await.expect("prompts").into_iter().map(|prompt| prompt.name).collect();
        assert_eq!(names, ["explore_database", "explain_slow_statement"]);
        let get = async |name: &str, arguments: Value| {
            let mut params = GetPromptRequestParams::new(name);
            params.arguments = arguments.as_object().cloned();
            let got = client.peer().get_prompt(params).await;
            got.map(|got| serde_json::to_value(got).expect("JSON").to_string()).map_err(|why| why.to_string())
        };
        let text = get("explain_slow_statement", json!({"sql": "SELECT 'slow'", "database_id": "lite"})).await.expect("a prompt");
        assert!(
            text.contains("SELECT 'slow'") && text.contains("lite") && text.contains("sqlite") && text.contains("explain"),
            "{text}"
        );
        let text = get("explore_database", json!({"database_id": "pg"})).await.expect("a prompt");
        assert!(text.contains("pg") && text.contains("list_tables"), "{text}");
        assert!(get("explain_slow_statement", json!({"database_id": "pg"})).await.expect_err("no statement").contains("sql"));
        assert!(get("explore_database", json!({"database_id": "nowhere"})).await.expect_err("no database").contains("nowhere"));
        assert!(get("nothing", json!({"database_id": "pg"})).await.expect_err("no prompt").contains("nothing"));
    }
}

#[tokio::test]
async fn arguments_are_completed() {
    let host = Host::start(both().config).await;
    for era in ERAS {
        let client = Client::http(&host.url(), era).await;
        let complete = async |reference: Reference, name: &str, value: &str, before: &[(&str, &str)]| {
            let mut params = CompleteRequestParams::new(reference, ArgumentInfo::new(name, value));
            let arguments = before.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            params.context = Some(CompletionContext::with_arguments(arguments));
            client.peer().complete(params).await.expect("completions").completion.values
        };
        let table = || Reference::for_resource("bulkhead://{database}/table/{schema}/{name}");
        assert_eq!(complete(Reference::for_prompt("explore_database"), "database_id", "", &[]).await, ["lite", "pg"]);
        assert_eq!(complete(table(), "database", "P", &[]).await, ["pg"]);
        assert_eq!(complete(table(), "schema", "ma", &[("database", "lite")]).await, ["main"]);
        assert_eq!(complete(table(), "name", "fr", &[("database", "lite"), ("schema", "main")]).await, ["fruit"]);
        let nothing: [String; 0] = [];
        for typed in ["%", "f_uit", "'", "x"] {
            assert_eq!(complete(table(), "name", typed, &[("database", "lite"), ("schema", "main")]).await, nothing, "{typed}");
        }
        assert_eq!(complete(table(), "name", "", &[("database", "nowhere")]).await, nothing);
    }
}
