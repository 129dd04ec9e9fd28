//! A server that goes and comes back.

use std::time::{Duration, Instant};

use bulkhead_tests::postgres::wait_until;
use serde_json::json;

use super::{AT_ONCE, HEALED, Rig};

/// How long a closed socket takes to be noticed on a busy machine.
const NOTICED: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_restart_between_two_calls_is_not_noticed() {
    let rig = Rig::start(1).await;
    let _ = rig.client.query("pg0", "CREATE TABLE t (n int)").await.ok();
    for round in 0..3 {
        // Several connections lie in the pool, and every one of them is closed.
        let nap = || rig.client.query("pg0", "SELECT pg_sleep(0.1)");
        let naps = tokio::join!(nap(), nap(), nap(), nap());
        for answer in [naps.0, naps.1, naps.2, naps.3] {
            let _ = answer.ok();
        }
        rig.proxy.go();
        rig.proxy.come_back();
        tokio::time::sleep(NOTICED).await;
        let _ = rig.client.query("pg0", "INSERT INTO t VALUES (1)").await.ok();
        let count = rig.client.query("pg0", "SELECT count(*)::int FROM t").await.cell();
        assert_eq!(count, json!(round + 1), "each row is written once");
    }
    assert_eq!(rig.listed().await["state"], "healthy");
}

#[tokio::test]
async fn while_a_server_is_away_calls_fail_at_once_and_it_heals() {
    let rig = Rig::start(1).await;
    assert_eq!(rig.listed().await["state"], "idle");
    let _ = rig.client.query("pg0", "SELECT 1").await.ok();
    let well = rig.listed().await;
    assert_eq!(well["state"], "healthy");
    assert!(well.get("last_error").is_none(), "{well}");
    rig.proxy.go();
    let first = rig.client.query("pg0", "SELECT 1").await;
    assert_eq!(first.error()["kind"], "connection");
    let began = Instant::now();
    for _ in 0..50 {
        let before = Instant::now();
        let refused = rig.client.query("pg0", "SELECT 1").await;
        assert!(before.elapsed() < AT_ONCE, "{:?}", before.elapsed());
        let error = refused.error();
        assert_eq!(
            (&error["kind"], &error["retryable"], &error["database_id"]),
            (&json!("connection"), &json!(true), &json!("pg0"))
        );
        // Now and then the call is the trial itself.
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains("refused"), "{message}");
        if message.contains("down since") {
            assert!(error["retry_after_ms"].as_u64().is_some_and(|wait| wait <= 3_000), "{error}");
        }
    }
    assert!(began.elapsed() < Duration::from_secs(5));
    let down = rig.listed().await;
    assert_eq!(down["state"], "down");
    assert_eq!(down["last_error"]["kind"], "connection");
    assert!(down["since"].is_string() && down["next_try_ms"].as_u64().is_some_and(|wait| wait <= 3_000), "{down}");
    let check = rig.client.call("health_check", json!({})).await.ok();
    let checked = &check.structured()["databases"][0];
    assert_eq!((&check.structured()["healthy"], &checked["state"]), (&json!(false), &json!("down")));
    assert_eq!(checked["pool"]["open"], 0, "{checked}");
    let resources = rig.client.peer().list_all_resources().await.expect("resources");
    let described =
        resources.iter().find(|resource| resource.uri.contains("pg0")).and_then(|resource| resource.description.clone());
    assert!(described.as_deref().is_some_and(|text| text.contains("down now")), "{described:?}");
    // Long enough for the wait between trials to have grown.
    tokio::time::sleep(Duration::from_secs(4)).await;
    rig.proxy.come_back();
    let took = rig.healed().await;
    assert!(took < HEALED, "{took:?}");
    let _ = rig.client.query("pg0", "SELECT 1").await.ok();
    assert_eq!(rig.listed().await["state"], "healthy");
    assert!(rig.host.log().contains("the database is back"));
    assert!(!rig.host.log().contains(rig.role.password.as_deref().unwrap_or("?")));
}

/// One driverless dial for them all while it is away, a few logins when it is back, and then none that isn't asked for.
#[tokio::test]
async fn many_databases_of_one_server_come_back_without_a_crowd() {
    const MANY: usize = 60;
    let rig = Rig::start(MANY).await;
    rig.proxy.go();
    for number in 0..MANY {
        let _ = rig.client.query(&format!("pg{number}"), "SELECT 1").await.error();
    }
    let before = rig.proxy.accepted();
    rig.proxy.come_back();
    let began = Instant::now();
    loop {
        let listed = rig.client.call("list_databases", json!({})).await.ok();
        let databases = listed.structured()["databases"].as_array().expect("an array").clone();
        if databases.iter().all(|database| database["state"] != "down") {
            break;
        }
        assert!(began.elapsed() < HEALED, "{}", listed.raw());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let logins = rig.proxy.accepted() - before;
    assert!(logins <= 10, "{logins} connections for {MANY} databases");
    for number in 0..MANY {
        let _ = rig.client.query(&format!("pg{number}"), "SELECT 1").await.ok();
    }
}

/// What a caller can bring about doesn't shut out the others.
#[tokio::test]
async fn a_caller_who_ends_its_own_connections_is_alone_with_it() {
    let rig = Rig::start(1).await;
    for _ in 0..8 {
        let lost = rig.client.query("pg0", "SELECT pg_terminate_backend(pg_backend_pid())").await;
        assert_eq!(lost.error()["kind"], "connection");
        assert_eq!(rig.listed().await["state"], "degraded");
    }
    let _ = rig.client.query("pg0", "SELECT 1").await.ok();
    assert_eq!(rig.listed().await["state"], "healthy");
}

/// Accounts are locked after a few wrong passwords: callers don't make it more.
#[tokio::test]
async fn a_refused_login_is_not_tried_by_every_call() {
    let rig = Rig::start(1).await;
    rig.server.sql(&format!("ALTER ROLE {} PASSWORD 'another'", rig.role.name));
    for _ in 0..20 {
        let refused = rig.client.query("pg0", "SELECT 1").await;
        assert_eq!(refused.error()["kind"], "authentication");
    }
    assert!(rig.proxy.accepted() <= 2, "{} logins", rig.proxy.accepted());
    let password = rig.role.password.clone().expect("a password");
    rig.server.sql(&format!("ALTER ROLE {} PASSWORD '{password}'", rig.role.name));
    // Whoever asks for this one by its name wants to know now.
    let connected = rig.client.call("test_connection", json!({"database_id": "pg0"})).await.ok();
    assert_eq!(connected.structured()["connected"], true);
    let _ = rig.client.query("pg0", "SELECT 1").await.ok();
}

/// A transaction that is lost with its connection isn't done again somewhere else.
#[tokio::test]
async fn a_transaction_ends_with_its_connection() {
    let rig = Rig::start(1).await;
    let _ = rig.client.query("pg0", "CREATE TABLE t (n int)").await.ok();
    let begun = rig.client.call("begin_transaction", json!({"database_id": "pg0"})).await.ok();
    let inside = |sql: &str| json!({"transaction": begun.structured()["transaction"], "sql": sql});
    let _ = rig.client.call("query", inside("INSERT INTO t VALUES (1)")).await.ok();
    rig.proxy.go();
    rig.proxy.come_back();
    tokio::time::sleep(NOTICED).await;
    assert!(rig.client.call("query", inside("INSERT INTO t VALUES (2)")).await.is_error());
    assert_eq!(rig.client.query("pg0", "SELECT count(*)::int FROM t").await.cell(), json!(0));
    wait_until("its backends end", HEALED, || rig.server.backends(&rig.role) <= 1).await;
}
