//! Handles of sessions: what they carry, who may use them, and how they end.

use std::collections::HashSet;
use std::time::Duration;

use bulkhead_tests::{Client, Config, Era, Host};
use serde_json::json;

use super::Rig;

#[tokio::test]
async fn a_session_carries_its_database() {
    let rig = Rig::start("handles").await;
    let lite = rig.session(json!({"database_id": "lite"})).await;
    assert!(rig.cell(json!({"session": lite, "sql": "SELECT sqlite_version()"})).await.starts_with('3'));
    // A call's own database comes first, and the session stays where it was.
    assert!(rig.cell(json!({"session": lite, "database_id": "pg", "sql": "SELECT version()"})).await.starts_with("PostgreSQL"));
    assert!(rig.cell(json!({"session": lite, "sql": "SELECT sqlite_version()"})).await.starts_with('3'));
    // Without a session it is the default.
    assert!(rig.cell(json!({"sql": "SELECT version()"})).await.starts_with("PostgreSQL"));
    let moved = rig.client.call("use_database", json!({"session": lite, "database_id": "pg"})).await.ok();
    assert_eq!(moved.structured()["database_id"], "pg");
    assert!(rig.cell(json!({"session": lite, "sql": "SELECT version()"})).await.starts_with("PostgreSQL"));
    // Another session is another.
    let other = rig.session(json!({"database_id": "lite"})).await;
    assert!(rig.cell(json!({"session": other, "sql": "SELECT sqlite_version()"})).await.starts_with('3'));
}

#[tokio::test]
async fn a_read_only_session_refuses_writes_that_its_database_allows() {
    let rig = Rig::start("handles_ro").await;
    let session = rig.session(json!({"read_only": true})).await;
    let info = rig.client.call("session_info", json!({"session": session})).await.ok();
    assert_eq!(info.structured()["read_only"], true);
    let refused = rig.client.call("query", json!({"session": session, "sql": "CREATE TABLE t (n int)"})).await;
    assert_eq!(refused.error()["kind"], "read-only", "{}", refused.raw());
    let refused = rig.client.call("query", json!({"session": session, "sql": "SELECT nextval('nothing')"})).await;
    assert!(refused.is_error());
    let begun = rig.client.call("begin_transaction", json!({"session": session})).await.ok();
    assert_eq!(begun.structured()["read_only"], true);
    let inside = json!({"transaction": begun.structured()["transaction"], "sql": "CREATE TABLE t (n int)"});
    assert!(rig.client.call("query", inside).await.is_error());
    assert_eq!(rig.server.query(&format!("SELECT to_regclass('{}.t') IS NULL", rig.role.name)), "t");
    let _ = rig.client.call("query", json!({"sql": "CREATE TABLE t (n int)"})).await.ok();
}

#[tokio::test]
async fn handles_cannot_be_guessed() {
    let rig = Rig::start("handles_rnd").await;
    let mut seen = HashSet::new();
    let mut positions: Vec<HashSet<char>> = Vec::new();
    for _ in 0..64 {
        let handle = rig.session(json!({})).await;
        let random = handle.strip_prefix("session-").expect("it says what it is").to_owned();
        // At 5 bits a character or 4, 32 are 128 bits and more.
        assert!(random.len() >= 32, "{random}");
        positions.resize(random.len(), HashSet::new());
        for (position, character) in random.chars().enumerate() {
            positions[position].insert(character);
        }
        assert!(seen.insert(handle));
    }
    // Every character varies: of 64 draws from 16 or more, 8 different are next to certain.
    assert!(positions.iter().all(|drawn| drawn.len() >= 8), "{positions:?}");
}

/// A handle of another caller's, one that ended and one that never was are told apart by nobody.
#[tokio::test]
async fn a_foreign_handle_is_one_that_never_was() {
    let rig = Rig::start("handles_foreign").await;
    let closed = rig.session(json!({})).await;
    assert_eq!(rig.client.call("close_session", json!({"session": closed})).await.ok().structured()["closed"], true);
    let never = format!("session-{}", "0".repeat(closed.len() - "session-".len()));
    let mut errors = HashSet::new();
    for handle in [closed.as_str(), &never, "", "session-", "x"] {
        for (tool, arguments) in [
            ("query", json!({"session": handle, "sql": "SELECT 1"})),
            ("session_info", json!({"session": handle})),
            ("use_database", json!({"session": handle, "database_id": "lite"})),
            ("close_session", json!({"session": handle})),
            ("begin_transaction", json!({"session": handle})),
            ("list_tables", json!({"session": handle})),
        ] {
            let answer = rig.client.call(tool, arguments).await;
            let text = answer.error().to_string();
            assert!(text.contains("open_session"), "it says what to do: {text}");
            assert!(handle.len() < 2 || !text.contains(handle), "it isn't repeated: {text}");
            errors.insert(text);
        }
    }
    assert_eq!(errors.len(), 1, "{errors:?}");
    for (tool, name) in
        [("query", "transaction"), ("commit", "transaction"), ("rollback", "transaction"), ("fetch_rows", "cursor")]
    {
        let mut arguments = json!({name: closed});
        if tool == "query" {
            arguments["sql"] = json!("SELECT 1");
        }
        let answer = rig.client.call(tool, arguments).await;
        assert!(answer.error()["message"].as_str().is_some_and(|text| text.contains(name)), "{}", answer.raw());
    }
}

/// What is begun on standard input isn't there for others, and the other way round: two processes share nothing.
#[tokio::test]
async fn a_handle_of_one_process_is_nothing_in_another() {
    let config = || Config::new().hostile("good", json!({}));
    let host = Host::start(config()).await;
    let handle = super::handle(&host.client().await, "open_session", json!({}), "session").await;
    let other = config();
    let stdio = Client::stdio(&other.write(), Era::Stateless).await;
    assert!(stdio.call("query", json!({"session": handle, "sql": "SELECT 1"})).await.is_error());
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used() {
    let short: [(&[&str], _); 1] = [(&["server", "sessions", "idle_timeout"], json!("2s"))];
    let rig = Rig::start_with("handles_idle", &short).await;
    let session = rig.session(json!({"database_id": "pg"})).await;
    let transaction = rig.begin(json!({"session": session})).await;
    assert_eq!(rig.in_transaction(), 1);
    tokio::time::sleep(Duration::from_millis(4500)).await;
    let answer = rig.client.call("query", json!({"session": session, "sql": "SELECT 1"})).await;
    assert!(answer.error().to_string().contains("open_session"), "{}", answer.raw());
    assert!(rig.client.call("commit", json!({"transaction": transaction})).await.is_error());
    assert_eq!(rig.in_transaction(), 0);
    assert_eq!(rig.cell(json!({"sql": "SELECT 1"})).await, "1");
}

#[tokio::test]
async fn a_session_ends_after_its_time_however_much_it_is_used() {
    let rig = Rig::start("handles_ttl").await;
    let answer = rig.client.call("open_session", json!({"ttl": 2})).await.ok();
    assert!(answer.structured()["left_s"].as_u64().is_some_and(|left| left <= 2), "{}", answer.raw());
    let session = answer.structured()["session"].as_str().expect("a handle").to_owned();
    for _ in 0..100 {
        let answer = rig.client.call("query", json!({"session": session, "sql": "SELECT 1"})).await;
        if answer.is_error() {
            assert!(answer.error().to_string().contains("open_session"), "{}", answer.raw());
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it never ended");
}

#[tokio::test]
async fn times_are_said_where_sessions_are_opened() {
    let rig = Rig::start("handles_said").await;
    let tools = rig.client.tools().await;
    let open = tools.iter().find(|tool| tool.name == "open_session").expect("open_session");
    let description = open.description.clone().unwrap_or_default();
    assert!(description.contains("30m") && description.contains("1day"), "{description}");
}

/// Who can't be told from others sees no list of theirs, and closes nothing without a handle.
#[tokio::test]
async fn without_a_session_nothing_of_others_is_shown_or_ended() {
    let rig = Rig::start("handles_loose").await;
    let transaction = rig.begin(json!({})).await;
    let _ = rig.session(json!({})).await;
    let other = rig.host.client().await;
    assert_eq!(other.call("list_sessions", json!({})).await.ok().structured()["sessions"], json!([]));
    for tool in ["session_info", "close_session"] {
        let answer = other.call(tool, json!({})).await;
        assert!(answer.error().to_string().contains("open_session"), "{}", answer.raw());
        assert!(!answer.raw().to_string().contains(&transaction));
    }
    let answer = other.call("use_database", json!({"database_id": "lite"})).await;
    assert!(answer.is_error());
    let _ = rig.client.call("commit", json!({"transaction": transaction})).await.ok();
}
