//! Read-only, three times: the host's own reading of the statement, the driver's transaction, and the role's rights. Each is
//! tried alone, with the others out of the way.

use bulkhead_tests::postgres::Server;
use bulkhead_tests::{Config, Host};
use serde_json::json;

use super::Rig;

/// Ways to write that a read-only database has been talked into elsewhere.
const BYPASSES: &[&str] = &[
    "INSERT INTO ledger VALUES (2)",
    "COMMIT; INSERT INTO ledger VALUES (2)",
    "SELECT 1; INSERT INTO ledger VALUES (2)",
    "WITH w AS (INSERT INTO ledger VALUES (2) RETURNING *) SELECT * FROM w",
    "SET TRANSACTION READ WRITE",
    "SET default_transaction_read_only = off",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT set_config('default_transaction_read_only', 'off', false)",
    "BEGIN READ WRITE",
    "EXPLAIN ANALYZE INSERT INTO ledger VALUES (2)",
    "SELECT * INTO stolen FROM ledger",
    "CREATE TABLE stolen AS SELECT 1",
    "COPY ledger TO PROGRAM 'touch /tmp/bulkhead-pwned'",
    "DO $$ BEGIN INSERT INTO ledger VALUES (2); END $$",
    "SELECT /* ; */ 1 /* nested /* ; */ */; INSERT INTO ledger VALUES (2)",
    "SELECT $x$;$x$; INSERT INTO ledger VALUES (2)",
    "SELECT write_it()",
    "CALL write_it_too()",
    "SELECT nextval('counter')",
    "SELECT * FROM ledger FOR UPDATE",
    "TRUNCATE ledger",
    "VACUUM ledger",
    "LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE",
    "PREPARE w AS INSERT INTO ledger VALUES (2)",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY nothing",
    "SELECT lo_create(4711)",
    "GRANT SELECT ON ledger TO PUBLIC",
];

const SETUP: &str = "CREATE TABLE ledger (n int); INSERT INTO ledger VALUES (1); CREATE SEQUENCE counter;
    CREATE FUNCTION write_it() RETURNS int LANGUAGE sql AS 'INSERT INTO ledger VALUES (2) RETURNING 1';
    CREATE PROCEDURE write_it_too() LANGUAGE sql AS 'INSERT INTO ledger VALUES (2)';";

/// What the ledger and the sequence hold, seen from outside.
fn state(server: &Server, schema: &str) -> String {
    server.query(&format!(
        "SELECT (SELECT string_agg(n::text, ',') FROM {schema}.ledger), (SELECT last_value || is_called::text FROM {schema}.counter),
         (SELECT count(*) FROM pg_class WHERE relnamespace = '{schema}'::regnamespace),
         (SELECT count(*) FROM pg_largeobject_metadata WHERE oid = 4711)"
    ))
}

async fn nothing_is_written(rig: &Rig, schema: &str) {
    let before = state(&rig.server, schema);
    for sql in BYPASSES {
        let answer = rig.client.query("pg", sql).await;
        assert_eq!(state(&rig.server, schema), before, "{sql} wrote: {}", answer.raw());
        // What one statement may have loosened must not let the next one through.
        let _ = rig.client.query("pg", "INSERT INTO ledger VALUES (3)").await;
        assert_eq!(state(&rig.server, schema), before, "a write after {sql} went through");
    }
    assert_eq!(rig.cell("SELECT count(*) FROM ledger").await, "1", "reading still works");
}

/// All three at once, as an operator has them.
#[tokio::test]
async fn a_read_only_database() {
    let rig = Rig::start_with("readonly", &[(&["read_only"], json!(true))]).await;
    rig.server.sql_as(&rig.role, SETUP);
    nothing_is_written(&rig, &rig.role.name).await;
    for innocent in [
        "SELECT * FROM ledger",
        "WITH w AS (SELECT 1 AS n) SELECT * FROM w JOIN ledger USING (n)",
        "EXPLAIN SELECT * FROM ledger",
        "SHOW server_version",
        "VALUES (1), (2)",
        "SELECT 'INSERT INTO ledger; --' AS text",
    ] {
        let answer = rig.client.query("pg", innocent).await;
        assert!(!answer.is_error(), "{innocent}: {}", answer.raw());
    }
}

/// The role alone: a role without rights, on a database that isn't marked read-only.
#[tokio::test]
async fn a_role_without_rights_alone() {
    let server = Server::from_environment();
    let owner = server.role("owner");
    server.sql_as(&owner, SETUP);
    let reader = server.role("reader");
    server.sql(&format!(
        "GRANT USAGE ON SCHEMA {0} TO {1}; GRANT SELECT ON ALL TABLES IN SCHEMA {0} TO {1};
         ALTER ROLE {1} SET search_path = {0}; REVOKE CREATE ON SCHEMA {1} FROM {1}; ALTER SCHEMA {1} OWNER TO {2}",
        owner.name, reader.name, owner.name
    ));
    let host = Host::start(Config::new().database("pg", server.entry(&reader))).await;
    let client = host.client().await;
    let rig = Rig { server, role: reader, host, client };
    let written: Vec<_> = BYPASSES.iter().filter(|sql| !sql.contains("lo_create")).collect();
    let before = state(&rig.server, &owner.name);
    for sql in written {
        let _ = rig.client.query("pg", sql).await;
        assert_eq!(state(&rig.server, &owner.name), before, "{sql}");
    }
}

/// The driver's transaction alone: writes that the host can't see, since they hide in a view and a function's body.
#[tokio::test]
async fn the_drivers_transaction_alone() {
    let rig = Rig::start_with("readonly", &[(&["read_only"], json!(true))]).await;
    rig.server.sql_as(&rig.role, SETUP);
    rig.server.sql_as(
        &rig.role,
        "CREATE VIEW innocent AS SELECT write_it() AS n;
         CREATE FUNCTION length(ledger) RETURNS int LANGUAGE sql AS 'SELECT write_it()'",
    );
    let before = state(&rig.server, &rig.role.name);
    for sql in ["SELECT * FROM innocent", "SELECT count(*) FROM innocent WHERE n > 0", "SELECT length(ledger) FROM ledger"] {
        let answer = rig.client.query("pg", sql).await;
        assert_eq!(answer.error()["sqlstate"], "25006", "{sql}: the database itself refuses: {}", answer.error());
        assert_eq!(answer.error()["kind"], "read-only", "{sql}: {}", answer.error());
        assert_eq!(state(&rig.server, &rig.role.name), before, "{sql}");
    }
}

/// The host's reading alone: behind it is a driver that would run anything.
#[tokio::test]
async fn the_hosts_reading_alone() {
    let config = Config::new().hostile("pg", json!({})).set(&["databases", "pg", "read_only"], json!(true));
    let host = Host::start(config).await;
    let client = host.client().await;
    for sql in BYPASSES.iter().filter(|sql| !sql.contains("write_it()")) {
        let answer = client.query("pg", sql).await;
        assert_eq!(answer.error()["kind"], "read-only", "{sql}: {}", answer.raw());
    }
    assert_eq!(client.query("pg", "SELECT 1").await.cell(), "SELECT 1");
}
