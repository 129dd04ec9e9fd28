//! The host as a library: what no tool reaches yet. Transactions, plans and pings, healthy and with a driver that traps in
//! them; and how a pool stands.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "library/functions.rs"]
mod functions;
#[path = "library/rds.rs"]
mod rds;
#[path = "library/secrets.rs"]
mod secrets;

use std::sync::Arc;

use bulkhead::contract::{ErrorKind, TransactionOptions};
use bulkhead::database::{Consent, Database, Explain, Held, Statement};
use bulkhead::error::CallError;
use bulkhead::registry::{QueryResult, Registry};
use bulkhead_tests::postgres::Server;
use serde_json::json;

fn statement(sql: &str) -> Statement {
    Statement {
        sql: sql.into(),
        params: vec![],
        read_only: false,
        consent: Consent::NONE,
        timeout: None,
        max_rows: 1_000,
        max_bytes: 1 << 20,
    }
}

fn plan(sql: &str, analyze: bool) -> Explain {
    Explain { sql: sql.into(), params: vec![], analyze, read_only: false, consent: Consent::NONE }
}

fn cell(result: Result<QueryResult, CallError>) -> String {
    let result = result.expect("an answer");
    format!("{:?}", result.sets[0].batches[0].cell(0, 0))
}

async fn open(config: bulkhead_tests::Config, id: &str) -> (Arc<Registry>, Arc<Database>, bulkhead_tests::Config) {
    let loaded = bulkhead::config::Config::load(&config.write()).expect("the configuration");
    let registry = Registry::open(loaded).await.expect("the registry");
    let database = registry.resolve(Some(id)).expect("the database");
    (registry, database, config)
}

fn options() -> TransactionOptions {
    TransactionOptions { isolation: None, read_only: false }
}

#[tokio::test(flavor = "multi_thread")]
async fn traps_in_what_no_tool_reaches() {
    for at in ["begin", "commit", "rollback", "explain", "ping"] {
        let config = bulkhead_tests::Config::new()
            .hostile("bad", json!({"fault": "panic", "at": at}))
            .set(&["databases", "bad", "pool", "max"], json!(1))
            .hostile("good", json!({}));
        let (registry, bad, _config) = open(config, "bad").await;
        assert!(cell(bad.query(statement("SELECT /* count */ 1")).await).contains('1'));
        let failed = match at {
            "explain" => bad.explain(plan("SELECT 1", false)).await.map(drop),
            "ping" => bad.ping().await.map(drop),
            _ => {
                let mut held = Held::open(bad.clone()).await.expect("a connection");
                let begun = held.begin(options()).await;
                let done = match at {
                    "begin" => begun,
                    "commit" => held.commit().await,
                    _ => held.rollback().await,
                };
                assert!(!held.usable(), "{at}: the connection is gone");
                done
            }
        };
        let why = failed.expect_err("it trapped");
        assert_eq!(why.record().kind, ErrorKind::Internal, "{at}: {why}");
        assert!(why.to_string().contains("bad") && why.to_string().contains("hostile"), "{at}: {why}");
        // A fresh instance: the first statement that it counts is this one.
        assert!(cell(bad.query(statement("SELECT /* count */ 1")).await).contains("\"1\""), "{at}");
        let good = registry.resolve(Some("good")).expect("the neighbour");
        assert!(cell(good.query(statement("SELECT 1")).await).contains("SELECT 1"));
        registry.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_keeps_its_connection_and_is_rolled_back_when_dropped() {
    let server = Server::from_environment();
    let role = server.role("held");
    let config = bulkhead_tests::Config::new().database("pg", server.entry(&role));
    let (registry, database, _config) = open(config, "pg").await;
    database.query(statement("CREATE TABLE t (n int)")).await.expect("a table");
    let count = || server.query(&format!("SELECT count(*) FROM {}.t", role.name));

    let mut held = Held::open(database.clone()).await.expect("a connection");
    held.begin(options()).await.expect("begun");
    held.query(statement("INSERT INTO t VALUES (1)")).await.expect("inserted");
    assert_eq!(count(), "0", "nobody sees it before the commit");
    held.commit().await.expect("committed");
    assert_eq!(count(), "1");

    held.begin(options()).await.expect("begun");
    held.query(statement("INSERT INTO t VALUES (2)")).await.expect("inserted");
    held.rollback().await.expect("rolled back");
    assert_eq!(count(), "1");

    held.begin(options()).await.expect("begun");
    held.query(statement("INSERT INTO t VALUES (3)")).await.expect("inserted");
    drop(held);
    bulkhead_tests::postgres::wait_until("it is rolled back", std::time::Duration::from_secs(2), || {
        let open = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND state LIKE 'idle in transaction%'",
            role.name
        );
        server.query(&open) == "0"
    })
    .await;
    assert_eq!(count(), "1");

    let mut held = Held::open(database.clone()).await.expect("a connection");
    held.begin(TransactionOptions { isolation: None, read_only: true }).await.expect("begun");
    let refused = held.query(statement("INSERT INTO t VALUES (4)")).await.expect_err("read-only");
    assert_eq!(refused.record().kind, ErrorKind::ReadOnly, "{refused}");
    held.release().await;
    registry.shutdown().await;
    assert_eq!(server.backends(&role), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_ran_changed_nothing() {
    let server = Server::from_environment();
    let role = server.role("plan");
    let config = bulkhead_tests::Config::new().database("pg", server.entry(&role));
    let (registry, database, _config) = open(config, "pg").await;
    database.query(statement("CREATE TABLE t (n int)")).await.expect("a table");
    for analyze in [false, true] {
        let plan = database.explain(plan("INSERT INTO t VALUES (1)", analyze)).await.expect("a plan");
        assert!(plan.text.contains("Insert"), "{}", plan.text);
        let json: serde_json::Value = serde_json::from_str(plan.json.as_deref().expect("JSON")).expect("JSON");
        assert!(json.to_string().contains("Insert"), "{json}");
    }
    assert_eq!(server.query(&format!("SELECT count(*) FROM {}.t", role.name)), "0");
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_says_how_it_stands() {
    let (registry, database, _config) = open(bulkhead_tests::Config::new().hostile("bad", json!({})), "bad").await;
    assert_eq!((database.pool().open, database.pool().max), (0, 2));
    let held = Held::open(database.clone()).await.expect("a connection");
    assert_eq!((database.pool().open, database.pool().idle), (1, 0));
    held.release().await;
    assert_eq!((database.pool().open, database.pool().idle), (1, 1));
    registry.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_nobody_was_asked_about_is_refused_where_somebody_is_to_be() {
    let server = Server::from_environment();
    let config = bulkhead_tests::Config::new();
    let role = server.role("unasked");
    let mut entry = server.entry(&role);
    entry["confirm_writes"] = json!(true);
    let (registry, database, _config) = open(config.database("asked", entry), "asked").await;
    let agreed = |sql: &str| Statement { consent: Consent::given(), ..statement(sql) };
    database.query(agreed("CREATE TABLE t (n int)")).await.expect("with a yes it runs");
    database
        .query(agreed("CREATE FUNCTION sly() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING n'"))
        .await
        .expect("a function");

    let refused = |outcome: Result<QueryResult, CallError>| outcome.expect_err("refused").record().clone();
    let write = "INSERT INTO t VALUES (1)";
    assert_eq!(refused(database.query(statement(write)).await).kind, ErrorKind::Permission);
    assert_eq!(refused(database.query_kept(statement(write)).await.map(|(result, _)| result)).kind, ErrorKind::Permission);
    assert_eq!(
        refused(database.query(statement("SELECT sly()")).await).kind,
        ErrorKind::ReadOnly,
        "the server sees what the text hides"
    );
    assert_eq!(database.explain(plan(write, true)).await.expect_err("it would run").record().kind, ErrorKind::Permission);
    database.explain(plan(write, false)).await.expect("nothing runs");

    let mut held = Held::open(database.clone()).await.expect("a connection");
    held.begin(options()).await.expect("a transaction");
    assert_eq!(refused(held.query(statement(write)).await).kind, ErrorKind::Permission);
    assert_eq!(held.explain(plan(write, true)).await.expect_err("it would run").record().kind, ErrorKind::Permission);
    held.query(agreed(write)).await.expect("with a yes it runs");
    held.commit().await.expect("a commit");
    held.release().await;
    assert_eq!(
        cell(database.query(statement("SELECT count(*)::int FROM t")).await),
        cell(database.query(statement("SELECT 1")).await)
    );
    registry.shutdown().await;
}
