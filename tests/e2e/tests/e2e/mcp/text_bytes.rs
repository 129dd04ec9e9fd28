//! How long the text of an answer is, which models pay for by the byte: for the same rows shorter than what other servers write, in
//! each format. Theirs is made here from the same rows, in the shapes that those servers give, each at its shortest.

use bulkhead_tests::{Client, Host};
use serde_json::{Map, Value, json};

use super::both;

/// Text, numbers, times and NULLs; and the least that a row can be.
const STATEMENTS: [(&str, &str); 2] = [
    (
        "seven columns",
        "SELECT i AS id, 'customer ' || i AS name, i * 1.5::float8 AS amount, i % 2 = 0 AS active, \
         timestamp '2026-01-01 00:00:00' + i * interval '1 minute' AS created, (i * 1.25)::numeric(12,2) AS price, \
         CASE WHEN i % 3 = 0 THEN NULL ELSE 'note ' || i END AS note FROM generate_series(1, 1000) AS i",
    ),
    ("one column", "SELECT (i * 1.25)::numeric(12,2) AS n FROM generate_series(1, 1000) AS i"),
];

#[tokio::test]
async fn a_thousand_rows_are_shorter_than_elsewhere() {
    let host = Host::start(both().config).await;
    let client = host.client().await;
    for (name, sql) in STATEMENTS {
        let answer = ask(&client, sql, "objects").await;
        let rows = answer.structured()["rows"].as_array().expect("rows").clone();
        assert_eq!(rows.len(), 1000);
        let others = [
            ("MCP Toolbox", toolbox(&rows)),
            ("DBHub", dbhub(sql, &rows)),
            ("awslabs", awslabs(&rows)),
            ("postgres-mcp", postgres_mcp(&rows)),
        ];
        let shown: Vec<String> = others.iter().map(|(other, text)| format!("{other} {}", text.len())).collect();
        for format in ["json", "objects", "csv", "markdown"] {
            let length = ask(&client, sql, format).await.text().len();
            eprintln!("{name}, {format}: {length} bytes; {}", shown.join(", "));
            for (other, text) in &others {
                assert!(length < text.len(), "{name}, {format}: {length} bytes, {other} {}", text.len());
            }
        }
    }
}

async fn ask(client: &Client, sql: &str, format: &str) -> bulkhead_tests::Answer {
    client.call("query", json!({"database_id": "pg", "sql": sql, "format": format})).await.ok()
}

/// An object for each row, closely written, each a text of its own.
fn toolbox(rows: &[Value]) -> String {
    rows.iter().map(|row| numbers(row).to_string()).collect()
}

/// One document, indented, with the statement.
fn dbhub(sql: &str, rows: &[Value]) -> String {
    let rows: Vec<Value> = rows.iter().map(numbers).collect();
    let statements = json!([{"sql": sql, "rows": rows, "count": rows.len()}]);
    indented(&json!({"success": true, "data": {"statements": statements, "source_id": "default"}}))
}

/// An object for each row, indented, each a text of its own.
fn awslabs(rows: &[Value]) -> String {
    rows.iter().map(indented).collect()
}

/// Python's own writing of a list of dictionaries.
fn postgres_mcp(rows: &[Value]) -> String {
    let row = |row: &Value| {
        let cells: Vec<String> = object(&numbers(row)).iter().map(|(name, cell)| format!("'{name}': {cell}")).collect();
        format!("{{{}}}", cells.join(", "))
    };
    format!("[{}]", rows.iter().map(row).collect::<Vec<_>>().join(", "))
}

fn indented(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("JSON")
}

fn object(row: &Value) -> Map<String, Value> {
    row.as_object().expect("an object").clone()
}

/// A row whose decimals are numbers, without our quotes: none of them writes less for one.
fn numbers(row: &Value) -> Value {
    let number = |cell: &Value| cell.as_str().and_then(|text| text.parse::<serde_json::Number>().ok());
    let cells = object(row).into_iter().map(|(name, cell)| {
        let bare = number(&cell).map(Value::Number);
        (name, bare.unwrap_or(cell))
    });
    Value::Object(cells.collect())
}
