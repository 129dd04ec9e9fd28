//! Read-only: the host's reading of the statement, and a transaction that the database itself keeps read-only.

use bulkhead_tests::{Config, Host};
use serde_json::json;

use super::Rig;

const SETUP: &str = "CREATE TABLE ledger (n int); INSERT INTO ledger VALUES (1); CREATE SEQUENCE counter;
    CREATE FUNCTION write_it() RETURNS int LANGUAGE sql AS 'INSERT INTO ledger VALUES (2) RETURNING 1';
    CREATE FUNCTION length(ledger) RETURNS int LANGUAGE sql AS 'SELECT write_it()';
    CREATE VIEW innocent AS SELECT write_it() AS n";

const WRITES: &[&str] = &[
    "INSERT INTO ledger VALUES (2)",
    "COMMIT",
    "ROLLBACK",
    "SET TRANSACTION READ WRITE",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "BEGIN READ WRITE",
    "WITH w AS (INSERT INTO ledger VALUES (2) RETURNING *) SELECT * FROM w",
    "SELECT 1; INSERT INTO ledger VALUES (2)",
    "EXPLAIN ANALYZE INSERT INTO ledger VALUES (2)",
    "SELECT * INTO stolen FROM ledger",
    "DO $$ BEGIN INSERT INTO ledger VALUES (2); END $$",
    "SELECT write_it()",
    "SELECT nextval('counter')",
    "SELECT * FROM innocent",
    "SELECT length(ledger) FROM ledger",
    "TRUNCATE ledger",
];

fn state(rig: &Rig) -> String {
    let schema = &rig.role.name;
    rig.server.query(&format!(
        "SELECT (SELECT string_agg(n::text, ',') FROM {schema}.ledger), (SELECT last_value || is_called::text FROM {schema}.counter),
         (SELECT count(*) FROM pg_class WHERE relnamespace = '{schema}'::regnamespace)"
    ))
}

#[tokio::test]
async fn nothing_is_written() {
    let rig = Rig::start_with("readonly", &[(&["read_only"], json!(true))]).await;
    rig.server.sql_as(&rig.role, SETUP);
    let before = state(&rig);
    for sql in WRITES {
        let answer = rig.client.query("rds", sql).await;
        assert!(answer.is_error(), "{sql}: {}", answer.raw());
        assert_eq!(state(&rig), before, "{sql} wrote: {}", answer.raw());
    }
    for sql in ["SELECT count(*) FROM ledger", "VALUES (1)", "SHOW server_version", "EXPLAIN SELECT * FROM ledger"] {
        let _ = rig.client.query("rds", sql).await.ok();
    }
    assert_eq!(rig.fixture.seen().await["transactions"], 0, "none is left behind");
}

/// Writes that the host can't see, since they hide in a view and a function's body.
#[tokio::test]
async fn the_database_refuses() {
    let rig = Rig::start_with("readonly", &[(&["read_only"], json!(true))]).await;
    rig.server.sql_as(&rig.role, SETUP);
    let before = state(&rig);
    for sql in ["SELECT * FROM innocent", "SELECT length(ledger) FROM ledger"] {
        let answer = rig.client.query("rds", sql).await;
        assert_eq!(answer.error()["sqlstate"], "25006", "{sql}: {}", answer.error());
        assert_eq!(answer.error()["kind"], "read-only", "{sql}: {}", answer.error());
        assert_eq!(state(&rig), before, "{sql}");
    }
    assert_eq!(rig.fixture.paths().await[..4], ["/BeginTransaction", "/Execute", "/Execute", "/RollbackTransaction"]);
}

/// One statement may be read-only where the database isn't.
#[tokio::test]
async fn a_database_of_each_kind() {
    let rig = Rig::start("readonly").await;
    rig.server.sql_as(&rig.role, SETUP);
    let mut reader = rig.fixture.entry();
    reader["read_only"] = json!(true);
    let host = Host::start(Config::new().database("writer", rig.fixture.entry()).database("reader", reader)).await;
    let client = host.client().await;
    assert!(client.query("reader", "INSERT INTO ledger VALUES (5)").await.is_error());
    let _ = client.query("writer", "INSERT INTO ledger VALUES (5)").await.ok();
    assert_eq!(client.query("reader", "SELECT max(n) FROM ledger").await.cell(), json!(5));
}
