//! What a driver says, in errors and in the log: bounded, and never taken for the host's own words.

use bulkhead_tests::neighbour::contained;
use serde_json::json;

use super::told;

/// An error is for reading.
const LONGEST_ERROR: usize = 64 * 1024;
/// A flood is cut to less than this; a million lines would be fifty times as much.
const LONGEST_LOG: usize = 1 << 20;

#[tokio::test]
async fn a_huge_error_is_cut() {
    for fault in ["huge-error", "nonsense-error"] {
        let ended = contained(json!({"fault": fault}), "query", json!({"sql": "SELECT 1"})).await;
        let text = told(&ended.answer);
        assert!(text.len() < LONGEST_ERROR, "{fault}: {} bytes", text.len());
        assert!(ended.host.log().len() < LONGEST_LOG, "{fault}: {} bytes of log", ended.host.log().len());
    }
}

#[tokio::test]
async fn an_error_cannot_forge_the_log() {
    let ended = contained(json!({"fault": "error-with-control-characters"}), "query", json!({"sql": "SELECT 1"})).await;
    told(&ended.answer);
    nothing_is_forged(&ended.host.log());
}

#[tokio::test]
async fn a_log_line_cannot_forge_another() {
    let ended = contained(json!({"fault": "log-injection"}), "query", json!({"sql": "SELECT 1"})).await;
    assert!(!ended.answer.is_error());
    let log = ended.host.log();
    assert!(log.contains("harmless"), "the driver's line is in the log: {log}");
    nothing_is_forged(&log);
}

#[tokio::test]
async fn floods_of_the_log_are_cut() {
    for fault in ["log-flood", "log-huge", "stdout-flood", "stderr-flood"] {
        let ended = contained(json!({"fault": fault}), "query", json!({"sql": "SELECT 1"})).await;
        let log = ended.host.log();
        assert!(log.len() < LONGEST_LOG, "{fault}: {} bytes of log", log.len());
        assert!(ended.elapsed.as_secs() < 12, "{fault}: {:?}", ended.elapsed);
    }
}

fn nothing_is_forged(log: &str) {
    let forged = log.lines().find(|line| line.starts_with("ERROR forged") || line.starts_with("2026-01-01T00:00:00Z"));
    assert_eq!(forged, None, "{log}");
    assert!(!log.contains('\u{1b}') && !log.contains('\0'), "control characters in the log");
}
