//! Statements, parameters, limits: what a caller gets, and what the service was asked for it.

use serde_json::{Value, json};

use super::Rig;

#[tokio::test]
async fn a_statement_and_its_columns() {
    let rig = Rig::start("query").await;
    let answer = rig.client.query("rds", "SELECT 1 AS one, 'zwei'::text AS two, NULL::numeric(10,2) AS three").await;
    assert_eq!(answer.rows(), [[json!(1), json!("zwei"), Value::Null]]);
    let columns = answer.structured()["columns"].to_string();
    for word in ["one", "two", "three", "numeric(10,2)"] {
        assert!(columns.contains(word), "{word}: {columns}");
    }
    let request = &rig.fixture.seen().await["requests"][0];
    assert_eq!(request["path"], "/Execute");
    assert_eq!(request["body"]["resultSetOptions"], json!({"decimalReturnType": "STRING", "longReturnType": "LONG"}));
    assert_eq!(request["body"]["continueAfterTimeout"], Value::Null, "only where the operator says so");
}

#[tokio::test]
async fn an_empty_result_has_columns() {
    let rig = Rig::start("query").await;
    let answer = rig.client.query("rds", "SELECT 1 AS lonely WHERE false").await;
    assert_eq!(answer.rows(), Vec::<Vec<Value>>::new());
    assert!(answer.structured()["columns"].to_string().contains("lonely"));
}

#[tokio::test]
async fn writes_say_how_many_rows_and_are_there() {
    let rig = Rig::start_with("query", &[(&["options", "continue_after_timeout"], json!(true))]).await;
    let _ = rig.client.query("rds", "CREATE TABLE t (n int)").await.ok();
    let answer = rig.client.query("rds", "INSERT INTO t SELECT generate_series(1, 7)").await.ok();
    assert_eq!(answer.structured()["rows_affected"], 7, "{}", answer.raw());
    assert_eq!(rig.server.query(&format!("SELECT count(*) FROM {}.t", rig.role.name)), "7", "and it is committed");
    let answer = rig.client.query("rds", "DELETE FROM t WHERE n > 4 RETURNING n").await;
    assert_eq!(answer.rows().len(), 3);
    let seen = rig.fixture.seen().await;
    assert_eq!(seen["requests"][1]["body"]["continueAfterTimeout"], json!(true));
    assert_eq!(seen["transactions"], 0);
}

#[tokio::test]
async fn parameters_by_position_and_by_name() {
    let rig = Rig::start("query").await;
    let ask = async |sql: &str, params: Value| rig.client.query_with("rds", sql, params).await;
    assert_eq!(ask("SELECT $2::text || $1::text || $2::text", json!(["a", "b"])).await.cell(), "bab");
    assert_eq!(ask("SELECT :a::int8 - :b::int8", json!({"a": 5, "b": 7})).await.cell(), -2);
    assert_eq!(ask("SELECT :b::text || :a::text", json!(["x", "y"])).await.cell(), "xy", "by position onto names");
    assert_eq!(ask("SELECT ':a' || $$ :b $$ || :c::text -- :d", json!({"c": "O'Reilly"})).await.cell(), ":a :b O'Reilly");
    assert_eq!(ask("SELECT $1::int IS NULL", json!([null])).await.cell(), json!(true));
    assert_eq!(ask("SELECT $1", json!([9_223_372_036_854_775_807_i64])).await.cell(), "9223372036854775807");
    for (sql, params) in [("SELECT $1 + $2", json!([1])), ("SELECT :a", json!({"b": 1})), ("SELECT :a, $1", json!([1, 2]))] {
        let answer = ask(sql, params).await;
        assert!(answer.is_error(), "{sql}: {}", answer.raw());
    }
}

/// The service binds a string as text and converts nothing: the hint says what it is.
#[tokio::test]
async fn type_hints() {
    let rig = Rig::start("query").await;
    let sql =
        "CREATE TABLE p (n numeric, d date, c time, m timestamp, j jsonb, u uuid, a int[], y bytea, f float8, z timestamptz)";
    let _ = rig.client.query("rds", sql).await.ok();
    let hinted = |kind: &str, value: &str| json!({"type": kind, "value": value});
    let decimal: Value = serde_json::from_str("12345678901234567890.123456789").expect("a number");
    let values = json!([
        decimal, hinted("date", "2024-02-29"), hinted("time", "10:00:00.5"), hinted("timestamp", "2024-02-29 10:00:00"),
        {"k": [1, 2]}, hinted("uuid", "6f1c1f4e-9d0f-4b1f-8a44-0b9f3a1f3c11"), hinted("int[]", "{1,2,3}"), {"base64": "AP8="}, 1.5,
        hinted("timestamptz", "2024-02-29T10:00:00+02:00"),
    ]);
    let inserted = "INSERT INTO p VALUES ($1, $2, $3, $4, CAST($5 AS jsonb), $6, $7, $8, $9, $10)";
    let _ = rig.client.query_with("rds", inserted, values).await.ok();
    let stored = rig.server.query(&format!("SET timezone = UTC; SELECT * FROM {}.p", rig.role.name));
    assert_eq!(
        stored.lines().last().expect("a row"),
        "12345678901234567890.123456789|2024-02-29|10:00:00.5|2024-02-29 10:00:00|{\"k\": [1, 2]}|6f1c1f4e-9d0f-4b1f-8a44-0b9f3a1f3c11|{1,2,3}|\\x00ff|1.5|2024-02-29 08:00:00+00"
    );
    let untyped =
        rig.client.query_with("rds", "SELECT * FROM p WHERE u = $1", json!(["6f1c1f4e-9d0f-4b1f-8a44-0b9f3a1f3c11"])).await;
    assert_eq!(untyped.error()["sqlstate"], "42883", "{}", untyped.error());
}

#[tokio::test]
async fn one_statement_at_a_time() {
    let rig = Rig::start("query").await;
    assert_eq!(rig.client.query("rds", "SELECT 1; SELECT 2").await.error()["kind"], "syntax");
    assert_eq!(rig.client.query("rds", "SELECT 1;").await.cell(), json!(1));
    for nothing in ["", "   ", "-- only a comment", ";"] {
        assert!(rig.client.query("rds", nothing).await.is_error(), "{nothing:?}");
    }
    assert_eq!(rig.cell("SELECT 'still here'").await, "still here");
}

#[tokio::test]
async fn many_callers_share_few_connections() {
    let rig = Rig::start("query").await;
    let calls: Vec<_> = (0..32)
        .map(|number| {
            let url = rig.host.url();
            tokio::spawn(async move {
                let client = bulkhead_tests::Client::http(&url, bulkhead_tests::Era::Stateless).await;
                for round in 0..5 {
                    let sql = format!("SELECT {number} * 1000 + {round}");
                    assert_eq!(client.query("rds", &sql).await.cell(), json!(number * 1_000 + round));
                }
            })
        })
        .collect();
    for call in calls {
        call.await.expect("an answer");
    }
    let seen = rig.fixture.seen().await;
    let (connections, requests) = (seen["connections"].as_u64(), seen["requests"].as_array().map(Vec::len));
    assert_eq!(requests, Some(160), "one request each");
    // Ten at once; while one is dialled another may come free, so a few more are made than are needed.
    assert!(connections.is_some_and(|count| count <= 40), "kept alive: {connections:?} connections");
}
