//! Other catalogs on the same server.

use std::time::Duration;

use bulkhead_tests::postgres::wait_until;
use serde_json::{Value, json};

use super::Rig;

async fn rig(purpose: &str, allowed: Value) -> Rig {
    let rig = Rig::start_with(purpose, &[(&["databases", "pg", "catalogs"], allowed)]).await;
    rig.server.sql(&format!("GRANT CONNECT ON DATABASE {} TO {}", rig.server.other_database, rig.role.name));
    rig
}

#[tokio::test]
async fn a_listed_catalog_is_reached_by_name() {
    let server = bulkhead_tests::postgres::Server::from_environment();
    let rig = rig("catalog", json!([server.other_database])).await;
    let other = rig.server.other_database.clone();
    let current = "SELECT current_database()::text";
    assert_eq!(rig.cell(json!({"database": other, "sql": current})).await, other);
    assert_eq!(rig.cell(json!({"sql": current})).await, rig.server.database);
    assert_eq!(rig.cell(json!({"database": rig.server.database, "sql": current})).await, rig.server.database);
    // A session's, and a call's own before it.
    let session = rig.session(json!({"database_id": "pg", "database": other})).await;
    assert_eq!(rig.cell(json!({"session": session, "sql": current})).await, other);
    assert_eq!(rig.cell(json!({"session": session, "database": rig.server.database, "sql": current})).await, rig.server.database);
    // Another database's call has nothing to do with the session's catalog.
    assert!(
        rig.cell(json!({"session": session, "database_id": "lite", "sql": "SELECT sqlite_version()"})).await.starts_with('3')
    );
    let listed = rig.client.call("list_databases", json!({})).await.ok();
    assert!(listed.structured().to_string().contains(&other), "{}", listed.raw());
    // Each has its own pool: two backends, one in each.
    let where_to = format!("SELECT string_agg(DISTINCT datname, ',') FROM pg_stat_activity WHERE usename = '{}'", rig.role.name);
    let reached = rig.server.query(&where_to);
    assert!(reached.contains(&other) && reached.contains(&rig.server.database), "{reached}");
}

#[tokio::test]
async fn what_is_not_listed_is_refused_before_it_goes_anywhere() {
    let rig = rig("catalog_not", json!(["something"])).await;
    let hostile = [
        "postgres",
        "template1",
        "",
        " ",
        "a b",
        "../etc",
        "x\u{0}y",
        "x'; DROP DATABASE y; --",
        "\u{202e}",
        "SOMETHING",
        "%",
        "host=127.0.0.1 dbname=postgres",
        "postgres://127.0.0.1/postgres",
    ];
    for name in hostile.into_iter().map(str::to_owned).chain(["x".repeat(10_000)]) {
        let answer = rig.client.call("query", json!({"database": name, "sql": "SELECT 1"})).await;
        let error = answer.error();
        assert!(["permission", "invalid-value"].contains(&error["kind"].as_str().unwrap_or_default()), "{name:?}: {error}");
        assert!(rig.client.call("use_database", json!({"database": name})).await.is_error());
        assert!(rig.client.call("open_session", json!({"database": name})).await.is_error());
        assert!(rig.client.call("begin_transaction", json!({"database": name})).await.is_error());
    }
    assert_eq!(rig.server.backends(&rig.role), 0, "nothing was dialled");
}

#[tokio::test]
async fn one_that_does_not_exist_is_said_to_not_exist() {
    let rig = rig("catalog_none", json!(["*"])).await;
    let answer = rig.client.call("query", json!({"database": "no_such_catalog", "sql": "SELECT 1"})).await;
    let text = answer.error().to_string();
    assert!(text.contains("no_such_catalog") && text.contains("does not exist"), "{text}");
    assert_eq!(answer.error()["sqlstate"], "3D000");
    // And is no trouble for the others.
    assert_eq!(rig.cell(json!({"sql": "SELECT 1"})).await, "1");
}

#[tokio::test]
async fn an_idle_catalog_is_closed_and_opened_again() {
    let server = bulkhead_tests::postgres::Server::from_environment();
    let keys: [(&[&str], Value); 2] = [
        (&["databases", "pg", "catalogs"], json!([server.other_database])),
        (&["databases", "pg", "pool", "idle_timeout"], json!("1s")),
    ];
    let rig = Rig::start_with("catalog_idle", &keys).await;
    let there = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND datname = '{}'",
        rig.role.name, rig.server.other_database
    );
    let sql = json!({"database": rig.server.other_database, "sql": "SELECT 1"});
    assert_eq!(rig.cell(sql.clone()).await, "1");
    assert_eq!(rig.server.query(&there), "1");
    wait_until("its connection is closed", Duration::from_secs(15), || rig.server.query(&there) == "0").await;
    assert_eq!(rig.cell(sql).await, "1");
}
