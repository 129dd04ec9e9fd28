//! Results that are read in portions.

use std::time::Duration;

use bulkhead_tests::Answer;
use bulkhead_tests::postgres::wait_until;
use serde_json::{Value, json};

use super::Rig;

const NUMBERS: &str = "SELECT n, 'row ' || n FROM generate_series(1, 2500) n";

fn cursor(answer: &Answer) -> Option<String> {
    answer.structured()["cursor"].as_str().map(str::to_owned)
}

fn cells(answer: &Answer) -> Vec<i64> {
    answer.rows().iter().map(|row| row[0].as_i64().expect("a number")).collect()
}

#[tokio::test]
async fn every_row_comes_once_and_in_order() {
    let rig = Rig::start("cursor").await;
    let mut answer = rig.client.call("query", json!({"sql": NUMBERS})).await.ok();
    let columns = answer.structured()["columns"].clone();
    let mut seen = cells(&answer);
    assert_eq!(seen.len(), 1000);
    for portion in [1, 7, 500, 1000] {
        let handle = cursor(&answer).unwrap_or_else(|| panic!("no cursor: {}", answer.raw()));
        answer = rig.client.call("fetch_rows", json!({"cursor": handle, "max_rows": portion})).await.ok();
        assert_eq!(answer.structured()["columns"], columns);
        seen.extend(cells(&answer));
    }
    assert_eq!(seen, (1..=2500).collect::<Vec<_>>());
    assert_eq!(cursor(&answer), None, "it was the last: {}", answer.raw()["structuredContent"]["truncated"]);
}

/// As many rows as were asked for and no more: there is nothing to go on with.
#[tokio::test]
async fn a_result_of_just_the_limit_has_no_cursor() {
    let rig = Rig::start("cursor_exact").await;
    for database in ["pg", "lite"] {
        let sql = "SELECT * FROM (VALUES (1), (2), (3)) v";
        let answer = rig.client.call("query", json!({"database_id": database, "sql": sql, "max_rows": 3})).await.ok();
        assert_eq!(cursor(&answer), None, "{}", answer.raw());
        assert!(answer.structured()["truncated"].is_null(), "{}", answer.raw());
    }
}

#[tokio::test]
async fn in_every_format_and_in_the_embedded_database() {
    let rig = Rig::start("cursor_lite").await;
    let sql = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT n FROM r";
    let answer = rig.client.call("query", json!({"database_id": "lite", "sql": sql, "max_rows": 3})).await.ok();
    let mut handle = cursor(&answer).expect("a cursor");
    for (format, expected) in [("csv", "n\n4\n5\n"), ("markdown", "| 6 |")] {
        let answer = rig.client.call("fetch_rows", json!({"cursor": handle, "max_rows": 2, "format": format})).await.ok();
        let text = answer.structured()["text"].as_str().unwrap_or_default().replace('\r', "");
        assert!(text.contains(expected), "{format}: {text:?}");
        handle = cursor(&answer).expect("a cursor");
    }
    let answer = rig.client.call("fetch_rows", json!({"cursor": handle, "max_rows": 100, "format": "objects"})).await.ok();
    assert_eq!(answer.structured()["rows"], json!([{"n": 8}, {"n": 9}, {"n": 10}]));
}

/// A megabyte is an answer's limit: what is beyond comes with the next.
#[tokio::test]
async fn cut_by_bytes() {
    let rig = Rig::start("cursor_bytes").await;
    let sql = "SELECT n, repeat('x', 100000) FROM generate_series(1, 25) n";
    let mut answer = rig.client.call("query", json!({"sql": sql})).await.ok();
    assert_eq!(answer.structured()["truncated"]["by"], "bytes");
    let mut seen = cells(&answer);
    for _ in 0..10 {
        let Some(handle) = cursor(&answer) else { break };
        answer = rig.client.call("fetch_rows", json!({"cursor": handle})).await.ok();
        seen.extend(cells(&answer));
    }
    assert_eq!(seen, (1..=25).collect::<Vec<_>>());
}

#[tokio::test]
async fn forgotten_it_is_closed_and_the_next_use_says_so() {
    let short: [(&[&str], _); 1] = [(&["server", "sessions", "cursor_idle_timeout"], json!("1s"))];
    let rig = Rig::start_with("cursor_idle", &short).await;
    let answer = rig.client.call("query", json!({"sql": NUMBERS})).await.ok();
    let handle = cursor(&answer).expect("a cursor");
    tokio::time::sleep(Duration::from_millis(3500)).await;
    let answer = rig.client.call("fetch_rows", json!({"cursor": handle})).await;
    assert!(answer.error().to_string().contains("not read for 1s"), "{}", answer.raw());
    wait_until("nothing is open", Duration::from_secs(5), || rig.in_transaction() == 0).await;
}

/// Results that nobody reads on never keep statements from running.
#[tokio::test]
async fn the_oldest_make_room() {
    let small: [(&[&str], Value); 2] =
        [(&["databases", "pg", "pool", "max"], json!(4)), (&["databases", "pg", "pool", "acquire_timeout"], json!("2s"))];
    let rig = Rig::start_with("cursor_room", &small).await;
    let mut handles = Vec::new();
    for _ in 0..20 {
        let answer = rig.client.call("query", json!({"sql": NUMBERS})).await.ok();
        handles.push(cursor(&answer).expect("a cursor"));
    }
    let first = rig.client.call("fetch_rows", json!({"cursor": handles[0]})).await;
    assert!(first.error().to_string().contains("make room"), "{}", first.raw());
    let last = rig.client.call("fetch_rows", json!({"cursor": handles[19]})).await.ok();
    assert_eq!(cells(&last)[0], 1001);
}

#[tokio::test]
async fn in_a_transaction() {
    let rig = Rig::start("cursor_tx").await;
    let transaction = rig.begin(json!({})).await;
    let answer = rig.client.call("query", json!({"transaction": transaction, "sql": NUMBERS})).await.ok();
    let handle = cursor(&answer).expect("a cursor");
    let on = rig.client.call("fetch_rows", json!({"cursor": handle, "max_rows": 10})).await.ok();
    assert_eq!(cells(&on), (1001..=1010).collect::<Vec<_>>());
    // A statement closes what was open before it, and the transaction goes on.
    assert_eq!(rig.cell(json!({"transaction": transaction, "sql": "SELECT 1"})).await, "1");
    let gone = rig.client.call("fetch_rows", json!({"cursor": handle})).await;
    assert!(gone.error().to_string().contains("another statement"), "{}", gone.raw());
    let _ = rig.client.call("commit", json!({"transaction": transaction})).await.ok();
}

#[tokio::test]
async fn a_transaction_handle_is_no_cursor_and_the_other_way_round() {
    let rig = Rig::start("cursor_mix").await;
    let transaction = rig.begin(json!({})).await;
    assert!(rig.client.call("fetch_rows", json!({"cursor": transaction})).await.is_error());
    let handle = cursor(&rig.client.call("query", json!({"sql": NUMBERS})).await.ok()).expect("a cursor");
    assert!(rig.client.call("commit", json!({"transaction": handle})).await.is_error());
    assert_eq!(cells(&rig.client.call("fetch_rows", json!({"cursor": handle})).await.ok())[0], 1001);
    let _ = rig.client.call("commit", json!({"transaction": transaction})).await.ok();
}
