//! Two sessions never share state: what one leaves on a connection, in a transaction or out of it, isn't there for the next.

use bulkhead_tests::Answer;
use serde_json::{Value, json};

use super::Rig;

async fn rig(purpose: &str) -> Rig {
    let rig = Rig::start_with(purpose, &[(&["databases", "pg", "pool", "max"], json!(1))]).await;
    rig.server.sql(&format!("CREATE ROLE {0}_other; GRANT {0}_other TO {0}", rig.role.name));
    rig
}

fn seen(answer: &Answer) -> Value {
    if answer.is_error() { answer.error()["sqlstate"].clone() } else { json!(answer.rows()) }
}

/// Each in a transaction that is committed, in one that is rolled back, and in one whose session is closed with it open.
#[tokio::test]
async fn nothing_of_one_sessions_transaction_reaches_the_next() {
    let rig = rig("iso").await;
    let backend = rig.cell(json!({"sql": "SELECT pg_backend_pid()"})).await;
    let state = [
        ("a role", format!("SET ROLE {}_other", rig.role.name), "SELECT current_user::text"),
        ("a search path", "SET search_path = pg_catalog".to_owned(), "SHOW search_path"),
        ("a temporary table", "CREATE TEMP TABLE mine AS SELECT 'theirs' AS t".to_owned(), "SELECT * FROM mine"),
        (
            "an advisory lock",
            "SELECT pg_advisory_lock(777)".to_owned(),
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        ),
        (
            "a prepared name",
            "PREPARE mine AS SELECT 'theirs'".to_owned(),
            "SELECT count(*) FROM pg_prepared_statements WHERE name = 'mine'",
        ),
        ("a setting", "SET app.tenant = 'theirs'".to_owned(), "SELECT coalesce(current_setting('app.tenant', true), '')"),
        ("a setting of the server's", "SET statement_timeout = '7s'".to_owned(), "SHOW statement_timeout"),
        (
            "a held cursor",
            "DECLARE mine CURSOR WITH HOLD FOR SELECT 1".to_owned(),
            "SELECT count(*) FROM pg_cursors WHERE name = 'mine'",
        ),
    ];
    for (what, dirty, look) in &state {
        for end in ["commit", "rollback", "close_session"] {
            let before = seen(&rig.client.call("query", json!({"sql": look})).await);
            let one = rig.session(json!({})).await;
            let transaction = rig.begin(json!({"session": one})).await;
            let inside = rig.client.call("query", json!({"transaction": transaction, "sql": dirty})).await;
            assert!(!inside.is_error() || inside.error()["kind"] == "unsupported", "{what}: {}", inside.raw());
            let arguments = if end == "close_session" { json!({"session": one}) } else { json!({"transaction": transaction}) };
            let _ = rig.client.call(end, arguments).await.ok();
            let two = rig.session(json!({})).await;
            let after = seen(&rig.client.call("query", json!({"session": two, "sql": look})).await);
            assert_eq!(after, before, "{what} after {end}");
        }
    }
    assert_eq!(rig.cell(json!({"sql": "SELECT pg_backend_pid()"})).await, backend, "it was one connection all the time");
}

/// The same outside of transactions: a session is no connection, and a statement's leavings end with it.
#[tokio::test]
async fn nothing_of_a_statement_reaches_the_next_session() {
    let rig = rig("iso_plain").await;
    let (one, two) = (rig.session(json!({})).await, rig.session(json!({})).await);
    let work_mem = rig.cell(json!({"session": two, "sql": "SHOW work_mem"})).await;
    let _ = rig.client.call("query", json!({"session": one, "sql": "SET work_mem = '77MB'"})).await;
    assert_eq!(rig.cell(json!({"session": two, "sql": "SHOW work_mem"})).await, work_mem);
    let _ = rig.client.call("query", json!({"session": one, "sql": "SELECT set_config('app.tenant', 'theirs', false)"})).await;
    assert_eq!(rig.cell(json!({"session": two, "sql": "SELECT coalesce(current_setting('app.tenant', true), '')"})).await, "");
}

/// An open result is on a connection too.
#[tokio::test]
async fn nothing_of_an_open_result_reaches_the_next() {
    let rig = rig("iso_cursor").await;
    let one = rig.session(json!({})).await;
    let dirty = "SELECT n, set_config('app.tenant', 'theirs', false) FROM generate_series(1, 5000) n";
    let answer = rig.client.call("query", json!({"session": one, "sql": dirty})).await.ok();
    assert!(answer.structured()["cursor"].is_string(), "{}", answer.raw());
    let _ = rig.client.call("close_session", json!({"session": one})).await.ok();
    assert_eq!(rig.cell(json!({"sql": "SELECT coalesce(current_setting('app.tenant', true), '')"})).await, "");
}
