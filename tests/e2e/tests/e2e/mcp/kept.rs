//! Results kept as resources: for programs, and for what is not to stand in a conversation.

use base64::prelude::{BASE64_STANDARD, Engine};
use bulkhead_tests::{Answer, Client, Era, Host, python};
use rmcp::model::ReadResourceRequestParams;
use serde_json::{Value, json};

use super::both;

/// One of each kind that Arrow has a type for, and two it hasn't.
const KINDS: &str = "SELECT n::int8 AS n, (n * 1.25)::numeric(10,2) AS price, date '2026-01-31' AS day, \
    timestamptz '2026-01-31 12:00:00.5+02' AS at, n > 1 AS big, 'é' || n AS name, n / 4.0::float8 AS share, '\\xff00'::bytea AS raw, \
    CASE n WHEN 2 THEN 12345678901234567890.5 END AS sum, '{\"a\": 1}'::jsonb AS doc FROM generate_series(1, 2) AS n";

async fn read(client: &Client, uri: &str) -> Result<Value, String> {
    let result = client.peer().read_resource(ReadResourceRequestParams::new(uri)).await.map_err(|why| why.to_string())?;
    Ok(serde_json::to_value(result).expect("JSON")["contents"][0].clone())
}

/// The resource that an answer names, in both of its places.
fn link(answer: &Answer) -> String {
    let uri = answer.structured()["resource"]["uri"].as_str().expect("a URI").to_owned();
    let links = answer.raw()["content"].as_array().expect("content").iter().filter(|part| part["type"] == "resource_link");
    assert_eq!(links.map(|part| part["uri"].clone()).collect::<Vec<_>>(), [json!(uri)]);
    assert!(answer.structured().get("rows").is_none(), "{}", answer.raw());
    uri
}

#[tokio::test]
async fn arrow_is_read_by_pyarrow() {
    let both = both();
    let file = both.config.folder().join("result.arrow");
    let host = Host::start(both.config).await;
    for era in [Era::Stateless, Era::Sessions] {
        let client = Client::http(&host.url(), era).await;
        let answer = client.call("query", json!({"database_id": "pg", "sql": KINDS, "format": "arrow"})).await.ok();
        assert_eq!(answer.structured()["row_count"], 2);
        let contents = read(&client, &link(&answer)).await.expect("the result");
        assert_eq!(contents["mimeType"], "application/vnd.apache.arrow.stream");
        let bytes = BASE64_STANDARD.decode(contents["blob"].as_str().expect("a blob")).expect("base64");
        assert_eq!(answer.structured()["resource"]["bytes"], bytes.len());
        std::fs::write(&file, bytes).expect("written");
        let seen = python::run("arrow_stream.py", &[file.to_str().expect("a path")]).await;
        let types: Vec<&str> =
            seen["fields"].as_array().expect("fields").iter().filter_map(|field| field["type"].as_str()).collect();
        assert_eq!(
            types,
            [
                "int64",
                "decimal128(10, 2)",
                "date32[day]",
                "timestamp[us, tz=UTC]",
                "bool",
                "string",
                "double",
                "binary",
                "string",
                "string"
            ]
        );
        assert_eq!(seen["fields"][1]["native_type"], "numeric(10,2)");
        assert_eq!(
            seen["rows"][1],
            json!([
                "2",
                "2.50",
                "2026-01-31",
                "2026-01-31 10:00:00.500000+00:00",
                "True",
                "é2",
                "0.5",
                "b'\\xff\\x00'",
                "12345678901234567890.5",
                "{\"a\": 1}"
            ])
        );
        assert_eq!(seen["rows"][0][8], Value::Null);
    }
}

#[tokio::test]
async fn what_is_kept_is_whole_and_stands_for_its_rows() {
    let host = Host::start(both().config).await;
    let client = Client::http(&host.url(), Era::Sessions).await;
    let ask = async |more: Value| {
        let mut arguments =
            json!({"database_id": "pg", "sql": "SELECT n FROM generate_series(1, 5000) AS n", "as_resource": true});
        arguments.as_object_mut().expect("arguments").extend(more.as_object().expect("more").clone());
        client.call("query", arguments).await.ok()
    };
    let csv = ask(json!({"format": "csv"})).await;
    assert_eq!(csv.structured()["row_count"], 5_000, "not only what an answer holds");
    let uri = link(&csv);
    let contents = read(&client, &uri).await.expect("the result");
    assert_eq!(
        (contents["mimeType"].as_str(), contents["text"].as_str().expect("text").lines().count()),
        (Some("text/csv"), 5_001)
    );
    let objects = ask(json!({"format": "objects", "max_rows": 2})).await;
    assert_eq!(objects.structured()["truncated"]["by"], "rows");
    let contents = read(&client, &link(&objects)).await.expect("the result");
    let document: Value = serde_json::from_str(contents["text"].as_str().expect("text")).expect("JSON");
    assert_eq!(document["rows"], json!([{"n": 1}, {"n": 2}]));

    let listed = |resources: Vec<rmcp::model::Resource>| resources.into_iter().any(|resource| resource.uri == uri);
    assert!(listed(client.peer().list_all_resources().await.expect("resources")));
    let other = Client::http(&host.url(), Era::Sessions).await;
    assert!(!listed(other.peer().list_all_resources().await.expect("resources")), "another session's list");
    let why = read(&client, "bulkhead://results/result-0000000000000000000000000000000000000000").await.expect_err("nothing");
    assert!(why.contains("there is no resource"), "{why}");
}
