//! Statements, parameters, limits: what a caller gets and how it is told that there is more.

use serde_json::{Value, json};

use super::Rig;

#[tokio::test]
async fn a_statement_and_its_columns() {
    let rig = Rig::start("query").await;
    let answer = rig.client.query("pg", "SELECT 1 AS one, 'zwei'::text AS two, NULL::numeric(10,2) AS three").await;
    assert_eq!(answer.rows(), [[json!(1), json!("zwei"), Value::Null]]);
    let columns = answer.structured()["columns"].to_string();
    for word in ["one", "two", "three", "numeric(10,2)"] {
        assert!(columns.contains(word), "{word}: {columns}");
    }
}

#[tokio::test]
async fn an_empty_result_has_columns() {
    let rig = Rig::start("query").await;
    let answer = rig.client.query("pg", "SELECT 1 AS lonely WHERE false").await;
    assert_eq!(answer.rows(), Vec::<Vec<Value>>::new());
    assert!(answer.structured()["columns"].to_string().contains("lonely"));
}

#[tokio::test]
async fn writes_say_how_many_rows() {
    let rig = Rig::start("query").await;
    let _ = rig.client.query("pg", "CREATE TABLE t (n int)").await.ok();
    let answer = rig.client.query("pg", "INSERT INTO t SELECT generate_series(1, 7)").await.ok();
    assert!(answer.structured().to_string().contains('7'), "{}", answer.raw());
    assert_eq!(rig.server.query(&format!("SELECT count(*) FROM {}.t", rig.role.name)), "7", "and it is committed");
    let answer = rig.client.query("pg", "DELETE FROM t WHERE n > 4 RETURNING n").await;
    assert_eq!(answer.rows().len(), 3);
}

#[tokio::test]
async fn parameters_have_the_types_that_the_server_infers() {
    let rig = Rig::start("query").await;
    let _ = rig
        .client
        .query("pg", "CREATE TABLE p (i int, n numeric, t text, b boolean, d date, j jsonb, u uuid, a int[], y bytea, f float8)")
        .await
        .ok();
    let values = json!([
        42, "12345678901234567890.123456789", "O'Reilly", true, "2024-02-29", {"k": [1, 2]},
        "6f1c1f4e-9d0f-4b1f-8a44-0b9f3a1f3c11", "{1,2,3}", "\\x00ff", 1.5
    ]);
    let _ = rig.client.query_with("pg", "INSERT INTO p VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", values).await.ok();
    let stored = rig.server.query(&format!("SELECT i, n, t, b, d, j, u, a, y, f FROM {}.p", rig.role.name));
    assert_eq!(
        stored,
        "42|12345678901234567890.123456789|O'Reilly|t|2024-02-29|{\"k\": [1, 2]}|6f1c1f4e-9d0f-4b1f-8a44-0b9f3a1f3c11|{1,2,3}|\\x00ff|1.5"
    );
    let answer = rig.client.query_with("pg", "SELECT $1::int IS NULL, $2 || 'x'", json!([null, "a"])).await;
    assert_eq!(answer.rows(), [[json!(true), json!("ax")]]);
    let integers = rig.client.query_with("pg", "SELECT $1::int8", json!([9_223_372_036_854_775_807_i64])).await;
    assert_eq!(integers.cell(), json!("9223372036854775807"), "no digit is lost");
}

#[tokio::test]
async fn too_few_and_too_many_parameters_are_errors() {
    let rig = Rig::start("query").await;
    for params in [json!([]), json!([1, 2, 3])] {
        let answer = rig.client.query_with("pg", "SELECT $1::int + $2::int", params).await;
        assert!(answer.is_error(), "{}", answer.raw());
        assert_eq!(rig.cell("SELECT 'still here'").await, "still here");
    }
}

#[tokio::test]
async fn a_cut_result_says_so_and_how_to_get_the_rest() {
    let rig = Rig::start("query").await;
    let sql = "SELECT n, repeat('x', 20) FROM generate_series(1, 100000) n";
    let answer = rig.client.call("query", json!({"database_id": "pg", "sql": sql, "max_rows": 10})).await;
    assert_eq!(answer.rows().len(), 10);
    cut(&answer, true);
    // The default: 1,000 rows.
    let answer = rig.client.query("pg", sql).await;
    assert_eq!(answer.rows().len(), 1_000);
    cut(&answer, true);
    // Exactly as many as there are: nothing was cut.
    let answer =
        rig.client.call("query", json!({"database_id": "pg", "sql": "SELECT generate_series(1, 10)", "max_rows": 10})).await;
    assert_eq!(answer.rows().len(), 10);
    cut(&answer, false);
    // By bytes: a thousand rows of 10,000 are more than 1 MiB.
    let answer = rig.client.query("pg", "SELECT repeat('y', 10000) FROM generate_series(1, 1000)").await;
    assert!((50..120).contains(&answer.rows().len()), "{} rows", answer.rows().len());
    cut(&answer, true);
    assert_eq!(rig.cell("SELECT 'clean'").await, "clean");
}

fn cut(answer: &bulkhead_tests::Answer, expected: bool) {
    let truncated = &answer.structured()["truncated"];
    let told = !matches!(truncated, Value::Null | Value::Bool(false));
    assert_eq!(told, expected, "truncated: {truncated}");
    if expected {
        let next = truncated["next_step"].as_str().expect("how to get the rest");
        let by = truncated["by"].as_str().expect("by what");
        assert!(["rows", "bytes"].contains(&by), "{truncated}");
        assert!(next.contains("fetch_rows"), "{next}");
        // A client that reads text alone is told as well.
        assert!(answer.text().contains("next_step"), "the text says nothing of it");
    }
}

#[tokio::test]
async fn a_hundred_thousand_rows_arrive_whole_and_in_order() {
    let rig = Rig::start("query").await;
    let sql = "SELECT n FROM generate_series(1, 100000) n";
    let answer = rig.client.call("query", json!({"database_id": "pg", "sql": sql, "max_rows": 100_000})).await;
    let rows = answer.rows();
    assert_eq!(rows.len(), 100_000);
    assert!(rows.iter().enumerate().all(|(at, row)| row[0] == json!(at + 1)));
}

#[tokio::test]
async fn one_statement_at_a_time() {
    let rig = Rig::start("query").await;
    let answer = rig.client.query("pg", "SELECT 1; SELECT 2").await;
    assert!(answer.is_error(), "{}", answer.raw());
    let answer = rig.client.query("pg", "SELECT 1;").await;
    assert_eq!(answer.cell(), json!(1));
    for nothing in ["", "   ", "-- only a comment", ";"] {
        let answer = rig.client.query("pg", nothing).await;
        assert!(answer.is_error() || answer.rows().is_empty(), "{nothing:?}: {}", answer.raw());
    }
    assert_eq!(rig.cell("SELECT 'still here'").await, "still here");
}

#[tokio::test]
async fn what_is_not_supported_says_so_and_costs_nothing() {
    let rig = Rig::start("query").await;
    let _ = rig.client.query("pg", "CREATE TABLE c (n int)").await.ok();
    let before = rig.cell("SELECT pg_backend_pid()").await;
    for sql in ["COPY c TO STDOUT", "COPY c FROM STDIN", "LISTEN channel"] {
        let answer = rig.client.query("pg", sql).await;
        let text = answer.error().to_string();
        assert!(text.contains("not supported") || text.contains("unsupported"), "{sql}: {text}");
    }
    assert_eq!(rig.cell("SELECT pg_backend_pid()").await, before, "the connection is still the same");
}

#[tokio::test]
async fn notices_are_shown() {
    let rig = Rig::start("query").await;
    let answer = rig.client.query("pg", "DO $$ BEGIN RAISE WARNING 'mind the gap'; END $$").await.ok();
    assert!(answer.raw().to_string().contains("mind the gap"), "{}", answer.raw());
}

#[tokio::test]
async fn a_statement_that_changed_its_plan_is_right() {
    let rig = Rig::start("query").await;
    let _ = rig.client.query("pg", "CREATE TABLE d (a int)").await.ok();
    let _ = rig.client.query("pg", "INSERT INTO d VALUES (1)").await.ok();
    for _ in 0..3 {
        assert_eq!(rig.client.query("pg", "SELECT * FROM d").await.rows(), [[json!(1)]]);
    }
    rig.server.sql(&format!("ALTER TABLE {0}.d ADD b text DEFAULT 'new'", rig.role.name));
    assert_eq!(rig.client.query("pg", "SELECT * FROM d").await.rows(), [[json!(1), json!("new")]]);
    rig.server.sql(&format!("ALTER TABLE {0}.d ALTER a TYPE text", rig.role.name));
    assert_eq!(rig.client.query("pg", "SELECT * FROM d").await.rows(), [[json!("1"), json!("new")]]);
    rig.server.sql(&format!("DROP TABLE {0}.d", rig.role.name));
    assert!(rig.client.query("pg", "SELECT * FROM d").await.is_error());
}

#[tokio::test]
async fn many_callers_at_once_get_their_own_answers() {
    let rig = Rig::start("query").await;
    let calls: Vec<_> = (0..64)
        .map(|number| {
            let url = rig.host.url();
            tokio::spawn(async move {
                let client = bulkhead_tests::Client::http(&url, bulkhead_tests::Era::Stateless).await;
                for round in 0..5 {
                    let sql = format!("SELECT {number} * 1000 + {round}");
                    assert_eq!(client.query("pg", &sql).await.cell(), json!(number * 1_000 + round));
                }
            })
        })
        .collect();
    for call in calls {
        call.await.expect("an answer");
    }
    assert!(rig.server.backends(&rig.role) <= 10, "no more than pool.max");
}
