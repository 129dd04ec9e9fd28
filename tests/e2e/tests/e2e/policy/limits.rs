//! Limits and questions, from a policy by name.

use std::time::{Duration, Instant};

use bulkhead_tests::{Client, Era, Person};
use rmcp::model::ElicitationAction::{Accept, Decline};
use serde_json::json;

use super::Rig;

#[tokio::test]
async fn time_rows_and_bytes_whatever_a_caller_asks_for() {
    let rig = Rig::start_with("limits", &[("small", json!(null))], |config| {
        config
            .set(&["policies", "small"], json!({"statement_timeout": "1s", "max_rows": 3, "max_bytes": 4096}))
            .set(&["databases", "small", "policy"], json!("small"))
    })
    .await;
    let began = Instant::now();
    let slow = rig.call("query", "small", json!({"sql": "SELECT pg_sleep(20)", "timeout_ms": 30_000})).await;
    assert_eq!(slow.error()["kind"], "timeout", "{}", slow.raw());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(slow.text().contains("1000 ms"), "the limit is said: {}", slow.text());

    let many = rig.call("query", "small", json!({"sql": "SELECT generate_series(1, 10)", "max_rows": 10})).await;
    assert_eq!(many.rows().len(), 3, "{}", many.raw());
    let long = "SELECT repeat('x', 3000) FROM generate_series(1, 3)";
    let long = rig.call("query", "small", json!({"sql": long, "max_rows": 3})).await;
    let rows = long.rows().len();
    assert!((1..3).contains(&rows), "{rows} rows of 3,000 bytes: {}", long.raw());

    let said = rig.call("explain_policy", "small", json!({"sql": "SELECT 1"})).await.ok();
    let limits = json!({"read_only": false, "statement_timeout_ms": 1_000, "max_rows": 3, "max_bytes": 4096});
    assert_eq!(said.structured()["limits"], limits);
}

#[tokio::test]
async fn a_person_is_asked_by_a_policy_that_two_databases_share() {
    let rig =
        Rig::start_with("limits_asking", &[("first", json!(null)), ("second", json!(null)), ("free", json!({}))], |config| {
            config
                .set(&["policies", "careful"], json!({"confirm_writes": true}))
                .set(&["databases", "first", "policy"], json!("careful"))
                .set(&["databases", "second", "policy"], json!("careful"))
        })
        .await;
    let write = rig.spelled("INSERT INTO MAIN.audit_log VALUES ('x')");
    let lines = || rig.server.query(&rig.spelled("SELECT count(*) FROM MAIN.audit_log"));
    for era in [Era::Stateless, Era::Sessions] {
        let refusing = Person::says(Decline);
        let client = Client::with_person(&rig.host.url(), era, refusing.clone()).await;
        let before = lines();
        for database in ["first", "second"] {
            assert!(client.query(database, &write).await.is_error());
        }
        assert_eq!((lines(), refusing.asked().len()), (before, 2), "{era:?}");
        let agreeing = Person::says(Accept);
        let client = Client::with_person(&rig.host.url(), era, agreeing.clone()).await;
        let before: u32 = lines().parse().expect("a count");
        for database in ["first", "second", "free"] {
            let _ = client.query(database, &write).await.ok();
        }
        assert_eq!((lines(), agreeing.asked().len()), ((before + 3).to_string(), 2), "{era:?}");
    }
}
