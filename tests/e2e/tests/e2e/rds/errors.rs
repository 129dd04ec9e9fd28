//! What a caller is told: the database's own error in fields, each of the service's exceptions, and what is tried again.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Rig;

#[tokio::test]
async fn errors_carry_what_the_database_said() {
    let rig = Rig::start("errors").await;
    let table = "CREATE TABLE accounts (id int PRIMARY KEY, balance int CHECK (balance >= 0), owner text NOT NULL)";
    let _ = rig.client.query("rds", table).await.ok();
    let _ = rig.client.query("rds", "INSERT INTO accounts VALUES (1, 10, 'ada')").await.ok();
    for (sql, kind, sqlstate) in [
        ("SELEC 1", "syntax", "42601"),
        ("SELECT * FROM nowhere", "undefined", "42P01"),
        ("SELECT nothing FROM accounts", "undefined", "42703"),
        ("SELECT nofunction(1)", "undefined", "42883"),
        ("SELECT 1/0", "invalid-value", "22012"),
        ("SELECT 'x'::int", "invalid-value", "22P02"),
        ("INSERT INTO accounts VALUES (1, 1, 'x')", "constraint", "23505"),
        ("INSERT INTO accounts VALUES (2, -1, 'x')", "constraint", "23514"),
        ("SELECT * FROM pg_authid", "permission", "42501"),
    ] {
        let answer = rig.client.query("rds", sql).await;
        let error = answer.error();
        assert_eq!(error["kind"], kind, "{sql}: {error}");
        assert_eq!(error["sqlstate"], sqlstate, "{sql}: {error}");
    }
    let error = rig.client.query("rds", "SELECT id, ownr FROM accounts").await.error().clone();
    assert_eq!(error["position"], 12, "{error}");
    assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("accounts.owner")), "{error}");
    let error = rig.client.query("rds", "INSERT INTO accounts VALUES (1, 1, 'x')").await.error().clone();
    assert!(error["detail"].as_str().is_some_and(|detail| detail.contains("(id)=(1)")), "{error}");
}

/// Every exception of the service's model: its status, the kind it becomes, and whether the driver tries again.
const EXCEPTIONS: &[(&str, u16, &str, bool)] = &[
    ("AccessDeniedException", 403, "permission", false),
    ("BadRequestException", 400, "invalid-value", false),
    ("DatabaseErrorException", 400, "invalid-value", false),
    ("DatabaseNotFoundException", 404, "undefined", false),
    ("DatabaseResumingException", 400, "connection", true),
    ("DatabaseUnavailableException", 504, "connection", false),
    ("ForbiddenException", 403, "permission", false),
    ("HttpEndpointNotEnabledException", 400, "connection", false),
    ("InternalServerErrorException", 500, "protocol", false),
    ("InvalidResourceStateException", 400, "connection", false),
    ("InvalidSecretException", 400, "authentication", false),
    ("NotFoundException", 404, "undefined", false),
    ("SecretsErrorException", 400, "authentication", false),
    ("ServiceUnavailableError", 503, "connection", true),
    ("StatementTimeoutException", 400, "timeout", false),
    ("TransactionNotFoundException", 404, "connection", false),
    ("UnsupportedResultException", 400, "unsupported", false),
    ("ThrottlingException", 400, "resources", true),
];

#[tokio::test]
async fn every_exception_is_a_record() {
    let rig = Rig::start_with("errors", &[(&["options", "max_retries"], json!(1))]).await;
    let _ = rig.client.query("rds", "CREATE TABLE t (n int)").await.ok();
    for (name, status, kind, repeated) in EXCEPTIONS {
        let before = rig.fixture.paths().await.len();
        rig.fault(json!({"kind": "exception", "status": status, "name": name, "message": "told by the test"}), 9).await;
        // A write: what may have run isn't sent again.
        let answer = rig.client.query("rds", "INSERT INTO t VALUES (1)").await;
        let error = answer.error();
        assert_eq!(error["kind"], *kind, "{name}: {error}");
        assert!(error["message"].to_string().contains("told by the test"), "{name}: {error}");
        assert!(error.to_string().contains(name), "{name}: {error}");
        let sent = rig.fixture.paths().await.len() - before;
        assert_eq!(sent, if *repeated { 2 } else { 1 }, "{name}");
        rig.fixture.faults(json!([])).await;
    }
    assert_eq!(rig.cell("SELECT count(*) FROM t").await, "0");
}

/// Throttled, and a cluster that was paused: the caller only waits.
#[tokio::test]
async fn what_cannot_have_run_is_tried_again() {
    let rig = Rig::start("errors").await;
    let _ = rig.client.query("rds", "CREATE TABLE t (n int)").await.ok();
    for name in ["ThrottlingException", "DatabaseResumingException"] {
        rig.fault(json!({"kind": "exception", "status": 400, "name": name, "message": "later"}), 3).await;
        let _ = rig.client.query("rds", "INSERT INTO t VALUES (1)").await.ok();
    }
    assert_eq!(rig.cell("SELECT count(*) FROM t").await, "2");
    assert!(rig.host.log().contains("resuming"), "the operator is told");
    // What reads is repeated after more than that.
    rig.fault(json!({"kind": "exception", "status": 500, "name": "InternalServerErrorException", "message": "oops"}), 2).await;
    assert_eq!(rig.cell("SELECT 'third time'").await, "third time");
}

/// Within the call's time, and the caller is told what was waited for.
#[tokio::test]
async fn trying_again_ends_with_the_time() {
    let rig = Rig::start("errors").await;
    assert_eq!(rig.cell("SELECT 1").await, "1");
    rig.fault(json!({"kind": "exception", "status": 400, "name": "DatabaseResumingException", "message": "is resuming"}), 100)
        .await;
    let start = Instant::now();
    let answer = rig.client.call("query", json!({"database_id": "rds", "sql": "SELECT 1", "timeout_ms": 700})).await;
    assert_eq!(answer.error()["kind"], "timeout", "{}", answer.error());
    assert!(answer.raw().to_string().contains("is resuming"), "{}", answer.raw());
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    rig.fixture.faults(json!([])).await;
    assert_eq!(rig.cell("SELECT 'awake'").await, "awake");
}

/// The time is up while the database works: the caller is told at once; what only read is ended there, too.
#[tokio::test]
async fn the_statement_timeout() {
    for read_only in [true, false] {
        let rig = Rig::start_with("errors", &[(&["read_only"], json!(read_only))]).await;
        let start = Instant::now();
        let asked = json!({"database_id": "rds", "sql": "SELECT pg_sleep(20)", "timeout_ms": 400});
        let answer = rig.client.call("query", asked).await;
        assert_eq!(answer.error()["kind"], "timeout", "{}", answer.error());
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        if read_only {
            bulkhead_tests::postgres::wait_until("it is ended", Duration::from_secs(5), || {
                rig.server.running(&rig.role, "pg_sleep") == 0
            })
            .await;
        }
        assert_eq!(rig.cell("SELECT 'next'").await, "next");
    }
}

#[tokio::test]
async fn the_callers_cancel() {
    let rig = Rig::start_with("errors", &[(&["read_only"], json!(true))]).await;
    assert_eq!(rig.cell("SELECT 1").await, "1");
    let call = rig.client.send("query", json!({"database_id": "rds", "sql": "SELECT pg_sleep(20)"})).await;
    bulkhead_tests::postgres::wait_until("it runs", Duration::from_secs(5), || rig.server.running(&rig.role, "pg_sleep") == 1)
        .await;
    call.cancel(None).await.expect("cancelled");
    bulkhead_tests::postgres::wait_until("it is ended", Duration::from_secs(5), || {
        rig.server.running(&rig.role, "pg_sleep") == 0
    })
    .await;
    assert_eq!(rig.cell("SELECT 'next'").await, "next");
    assert_eq!(rig.fixture.seen().await["transactions"], Value::from(0));
}
