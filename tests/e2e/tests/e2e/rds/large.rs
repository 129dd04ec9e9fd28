//! More than the service gives in one answer (1 MiB): read in pages, or refused with words.

use serde_json::json;

use super::Rig;

#[tokio::test]
async fn large_results_come_in_pages() {
    let rig = Rig::start("large").await;
    // About 6 MiB, of rows that differ by far.
    let sql =
        "SELECT n, repeat(chr(65 + n % 26), CASE WHEN n % 500 = 0 THEN 100000 ELSE 100 END) FROM generate_series(1, 20000) n";
    let asked = |sql: &str| json!({"database_id": "rds", "sql": sql, "max_rows": 100_000});
    let lengths = rig.client.call("query", asked(&format!("SELECT n, length(t) FROM ({sql}) AS x(n, t)"))).await.rows();
    assert_eq!(lengths.len(), 20_000);
    let mut answer = rig.client.call("query", asked(sql)).await.ok();
    let (mut rows, mut portions) = (answer.rows(), 1);
    while let Some(cursor) = answer.structured()["cursor"].as_str().map(str::to_owned) {
        answer = rig.client.call("fetch_rows", json!({"cursor": cursor, "max_rows": 100_000})).await.ok();
        rows.extend(answer.rows());
        portions += 1;
        assert!(portions < 100, "it ends");
    }
    assert!(portions > 3, "{portions}");
    assert_eq!(rows.len(), 20_000);
    for (row, expected) in rows.iter().zip(&lengths) {
        assert_eq!(row[0], expected[0]);
        assert_eq!(row[1].as_str().map(|text| json!(text.len())), Some(expected[1].clone()), "row {}", row[0]);
    }
    let seen = rig.fixture.seen().await;
    assert_eq!(seen["transactions"], 0, "the cursor's transaction is over");
    let requests = seen["requests"].as_array().expect("requests");
    let fetched = requests.iter().filter(|request| request["body"]["sql"].to_string().contains("FETCH")).count();
    assert!((5..1_000).contains(&fetched), "{fetched} pages");
}

#[tokio::test]
async fn a_row_that_is_too_large() {
    let rig = Rig::start("large").await;
    let answer = rig.client.query("rds", "SELECT 1, repeat('x', 2000000)").await;
    assert_eq!(answer.error()["kind"], "resources", "{}", answer.error());
    assert!(answer.error()["hint"].as_str().is_some_and(|hint| hint.contains("1 MiB")), "{}", answer.error());
    let _ = rig.client.query("rds", "CREATE TABLE t (x text)").await.ok();
    let answer =
        rig.client.query("rds", "INSERT INTO t SELECT repeat('y', 2000) FROM generate_series(1, 1000) RETURNING x").await;
    assert_eq!(answer.error()["kind"], "resources", "it isn't run a second time for its rows: {}", answer.error());
    assert_eq!(rig.cell("SELECT 'still here'").await, "still here");
    assert_eq!(rig.fixture.seen().await["transactions"], 0);
}
