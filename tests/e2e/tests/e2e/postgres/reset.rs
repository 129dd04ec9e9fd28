//! A connection that goes back is clean: the next caller finds nothing of the last one's.

use serde_json::json;

use super::Rig;

/// One connection, so that the next caller has the last one's for certain.
async fn rig() -> Rig {
    let rig = Rig::start_with("reset", &[(&["pool", "max"], json!(1))]).await;
    rig.server.sql(&format!("CREATE ROLE {0}_other; GRANT {0}_other TO {0}", rig.role.name));
    rig
}

#[tokio::test]
async fn nothing_of_the_last_caller_is_left() {
    let rig = rig().await;
    let backend = rig.cell("SELECT pg_backend_pid()").await;
    let other = format!("{}_other", rig.role.name);
    let fresh = [
        ("role", format!("SET ROLE {other}"), "SELECT current_user::text"),
        ("session authorization", format!("SET SESSION AUTHORIZATION {}", rig.role.name), "SELECT session_user::text"),
        ("search path", "SET search_path = pg_catalog".into(), "SHOW search_path"),
        ("a setting", "SET work_mem = '123MB'".into(), "SHOW work_mem"),
        (
            "a setting by function",
            "SELECT set_config('app.tenant', 'them', false)".into(),
            "SELECT coalesce(current_setting('app.tenant', true), '')",
        ),
        ("time zone", "SET TIME ZONE 'Asia/Tokyo'".into(), "SHOW timezone"),
        ("date style", "SET DateStyle = 'German'".into(), "SELECT date '2024-01-31'"),
        ("a float's digits", "SET extra_float_digits = 0".into(), "SELECT 0.1::float8 + 0.2::float8"),
        ("encoding", "SET client_encoding = 'LATIN1'".into(), "SELECT 'é✓'"),
        ("standard strings", "SET standard_conforming_strings = off".into(), "SELECT 'a\\b'"),
        ("a temporary table", "CREATE TEMP TABLE mine AS SELECT 'theirs' AS t".into(), "SELECT to_regclass('mine')::text"),
        (
            "an advisory lock",
            "SELECT pg_advisory_lock(4242)".into(),
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        ),
        (
            "a prepared name",
            "PREPARE mine AS SELECT 'theirs'".into(),
            "SELECT count(*) FROM pg_prepared_statements WHERE name = 'mine'",
        ),
        ("a cursor", "DECLARE mine CURSOR WITH HOLD FOR SELECT 1".into(), "SELECT count(*) FROM pg_cursors WHERE name = 'mine'"),
        ("an open transaction", "BEGIN".into(), "SELECT now() = statement_timestamp()"),
        ("a sequence's value", "SELECT nextval('seq')".into(), "SELECT lastval()"),
        ("a channel", "LISTEN mine".into(), "SELECT count(*) FROM pg_listening_channels()"),
        ("read only", "SET default_transaction_read_only = on".into(), "SHOW default_transaction_read_only"),
        ("a failed transaction", "BEGIN; SELECT 1/0".into(), "SELECT 'usable'"),
    ];
    let _ = rig.client.query("pg", "CREATE SEQUENCE seq").await.ok();
    for (what, dirty, look) in fresh {
        let before = rig.client.query("pg", look).await;
        let _ = rig.client.query("pg", &dirty).await;
        let after = rig.client.query("pg", look).await;
        let seen = |answer: &bulkhead_tests::Answer| {
            if answer.is_error() { answer.error()["sqlstate"].clone() } else { json!(answer.rows()) }
        };
        assert_eq!(seen(&after), seen(&before), "{what}: {dirty}");
    }
    assert_eq!(rig.cell("SELECT pg_backend_pid()").await, backend, "it was one connection all the time");
}

/// What was begun and not committed is taken back, and holds no lock that a neighbour waits for.
#[tokio::test]
async fn an_open_transaction_is_rolled_back() {
    let rig = rig().await;
    let _ = rig.client.query("pg", "CREATE TABLE t (n int)").await.ok();
    let begun = rig.client.query("pg", "BEGIN").await;
    if !begun.is_error() {
        let _ = rig.client.query("pg", "INSERT INTO t VALUES (1)").await;
        let idle = rig.server.query(&format!(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND state LIKE 'idle in transaction%'",
            rig.role.name
        ));
        assert_eq!(idle, "0");
    }
    assert_eq!(rig.cell("SELECT pg_current_xact_id_if_assigned() IS NULL").await, "true");
}
