//! Results that never end, or lie about their end.

use std::time::Duration;

use bulkhead_tests::neighbour::contained;
use serde_json::json;

use super::told;

/// More than any answer has.
const MOST: usize = 24 << 20;

#[tokio::test]
async fn rows_without_end_are_cut() {
    let options = json!({"fault": "endless-rows"});
    let ended = contained(options, "query", json!({"sql": "SELECT 1", "max_rows": 5_000})).await;
    assert_eq!(ended.answer.rows().len(), 5_000);
    assert!(ended.elapsed < Duration::from_secs(5), "{:?}", ended.elapsed);
}

/// Never a row, never an end: neither limit is ever reached, so the time is.
#[tokio::test]
async fn empty_batches_without_end() {
    let ended = contained(json!({"fault": "endless-empty-batches"}), "query", json!({"sql": "SELECT 1"})).await;
    told(&ended.answer);
    assert!(ended.elapsed < Duration::from_secs(12), "{:?}", ended.elapsed);
}

#[tokio::test]
async fn result_sets_without_end() {
    let ended = contained(json!({"fault": "endless-result-sets"}), "query", json!({"sql": "SELECT 1"})).await;
    assert!(ended.answer.raw().to_string().len() < MOST);
    assert!(ended.elapsed < Duration::from_secs(12), "{:?}", ended.elapsed);
}

#[tokio::test]
async fn done_and_yet_not_done() {
    for fault in ["done-and-rest", "neither-done-nor-rest"] {
        let ended = contained(json!({"fault": fault}), "query", json!({"sql": "SELECT 1"})).await;
        told(&ended.answer);
    }
    let options = json!({"fault": "neither-done-nor-rest", "at": "next"});
    let ended = contained(options, "query", json!({"sql": "SELECT /* rows 100000 */ 1", "max_rows": 100_000})).await;
    told(&ended.answer);
}

#[tokio::test]
async fn notices_and_tags_without_bounds() {
    for fault in ["million-notices", "huge-tag"] {
        let ended = contained(json!({"fault": fault}), "query", json!({"sql": "SELECT 1"})).await;
        assert!(ended.answer.raw().to_string().len() < 1 << 20, "{fault}: an answer without bounds");
    }
}

#[tokio::test]
async fn more_tables_than_were_asked_for() {
    let ended = contained(json!({"fault": "endless-tables", "at": "describe"}), "list_tables", json!({})).await;
    assert!(ended.answer.raw().to_string().len() < 4 << 20, "an answer without bounds");
}
