//! What a caller is told when a statement fails: SQLSTATE, position, hint, and what kind of thing it was.

use serde_json::json;

use super::Rig;

#[tokio::test]
async fn errors_carry_what_the_server_said() {
    let rig = Rig::start("errors").await;
    let _ = rig
        .client
        .query("pg", "CREATE TABLE accounts (id int PRIMARY KEY, balance int CHECK (balance >= 0), owner text NOT NULL)")
        .await
        .ok();
    let _ = rig.client.query("pg", "INSERT INTO accounts VALUES (1, 10, 'ada')").await.ok();
    for (sql, kind, sqlstate) in [
        ("SELEC 1", "syntax", "42601"),
        ("SELECT * FROM nowhere", "undefined", "42P01"),
        ("SELECT nothing FROM accounts", "undefined", "42703"),
        ("SELECT nofunction(1)", "undefined", "42883"),
        ("SELECT 1/0", "invalid-value", "22012"),
        ("SELECT 'x'::int", "invalid-value", "22P02"),
        ("SELECT 2147483647 + 1", "invalid-value", "22003"),
        ("INSERT INTO accounts VALUES (1, 1, 'x')", "constraint", "23505"),
        ("INSERT INTO accounts VALUES (2, -1, 'x')", "constraint", "23514"),
        ("INSERT INTO accounts VALUES (3, 1, NULL)", "constraint", "23502"),
        ("SELECT * FROM pg_authid", "permission", "42501"),
    ] {
        let answer = rig.client.query("pg", sql).await;
        let error = answer.error();
        assert_eq!(error["kind"], kind, "{sql}: {error}");
        assert_eq!(error["sqlstate"], sqlstate, "{sql}: {error}");
        assert!(answer.text().contains(sqlstate), "{sql}: {}", answer.text());
        assert!(!answer.text().is_empty(), "{sql}: a client that reads text alone is told as well");
    }
}

#[tokio::test]
async fn position_hint_detail_and_object() {
    let rig = Rig::start("errors").await;
    let _ = rig.client.query("pg", "CREATE TABLE basket (apple int UNIQUE)").await.ok();
    let _ = rig.client.query("pg", "INSERT INTO basket VALUES (1)").await.ok();

    let answer = rig.client.query("pg", "SELECT appel FROM basket").await;
    assert_eq!(answer.error()["position"], json!(8), "{}", answer.error());
    assert!(answer.error()["hint"].as_str().is_some_and(|hint| hint.contains("apple")), "{}", answer.error());

    let answer = rig.client.query("pg", "SELECT '日本語', appel FROM basket").await;
    assert_eq!(answer.error()["position"], json!(15), "in characters, not in bytes: {}", answer.error());

    let answer = rig.client.query("pg", "INSERT INTO basket VALUES (1)").await;
    let text = answer.error().to_string();
    assert!(text.contains("basket_apple_key") && text.contains("already exists"), "{text}");
}

#[tokio::test]
async fn serialization_failures_are_retryable() {
    let rig = Rig::start("errors").await;
    let sql = "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$";
    let answer = rig.client.query("pg", sql).await;
    assert_eq!(answer.error()["kind"], "serialization");
    assert_eq!(answer.error()["retryable"], true, "{}", answer.error());
}

#[tokio::test]
async fn a_lost_connection_is_said_and_the_next_call_has_a_new_one() {
    let rig = Rig::start_with("errors", &[(&["pool", "max"], json!(1))]).await;
    let pid = rig.cell("SELECT pg_backend_pid()").await;
    // While idle: the next call must not be the one to notice.
    rig.server.sql(&format!("SELECT pg_terminate_backend({pid})"));
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let answer = rig.client.query("pg", "SELECT pg_backend_pid()").await;
    if answer.is_error() {
        assert_eq!(answer.error()["kind"], "connection", "{}", answer.error());
    }
    let next = rig.cell("SELECT pg_backend_pid()").await;
    assert_ne!(next, pid);
    // In the middle of a statement.
    let call = rig.client.send("query", json!({"database_id": "pg", "sql": "SELECT pg_sleep(20)"})).await;
    bulkhead_tests::postgres::wait_until("the statement runs", std::time::Duration::from_secs(5), || {
        rig.server.running(&rig.role, "pg_sleep") == 1
    })
    .await;
    rig.server.sql(&format!("SELECT pg_terminate_backend({next})"));
    let text = serde_json::to_string(&call.await_response().await.expect("an answer")).expect("JSON");
    assert!(text.contains("57P01") || text.contains("connection"), "{text}");
    assert_ne!(rig.cell("SELECT pg_backend_pid()").await, next);
}

#[tokio::test]
async fn an_unknown_database_says_which_there_are() {
    let rig = Rig::start("errors").await;
    let answer = rig.client.query("nosuch", "SELECT 1").await;
    assert!(answer.error().to_string().contains("pg"), "{}", answer.error());
}

#[tokio::test]
async fn the_password_is_in_no_error_and_no_log() {
    let rig = Rig::start("errors").await;
    let password = rig.role.password.clone().expect("a password");
    let _ = rig.cell("SELECT 1").await;
    for sql in ["SELEC 1", "SELECT current_setting('nosuch')", "SELECT 1/0"] {
        assert!(!rig.client.query("pg", sql).await.raw().to_string().contains(&password));
    }
    // A password that the server refuses: neither it nor its like is told.
    rig.server.sql(&format!("ALTER ROLE {} PASSWORD 'another'", rig.role.name));
    rig.server.sql(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{}'", rig.role.name));
    let mut refused = None;
    for _ in 0..3 {
        let answer = rig.client.query("pg", "SELECT 1").await;
        if answer.is_error() && answer.error()["kind"] == "authentication" {
            refused = Some(answer);
        }
    }
    let refused = refused.expect("the server refuses the old password");
    assert!(!refused.raw().to_string().contains(&password));
    assert!(!rig.host.log().contains(&password), "the log");
}
