//! The statements of tests/corpus on a real server: each bypass against the driver alone and against the database alone (the host's
//! reading alone is a unit test), and each innocent through everything.

use bulkhead_tests::corpus::statements;
use bulkhead_tests::postgres::{Server, User};
use bulkhead_tests::{Config, Host};
use serde_json::json;

use super::Rig;

const BYPASSES: &str = include_str!("../../../../corpus/bypasses.postgresql.txt");
const INNOCENTS: &str = include_str!("../../../../corpus/innocents.postgresql.txt");
const SETUP: &str = include_str!("../../../../corpus/setup.postgresql.sql");

/// What PostgreSQL 15 itself runs in a READ ONLY transaction, so that the host's reading and the role's rights alone stop it: large objects (16
/// refuses them), and a table made by a plan. And a NUL, which no parameter holds.
const LEFT_TO_OTHERS: &[&str] = &["lo_create", "lo_from_bytea", "EXPLAIN ANALYZE CREATE TABLE", "\0"];

/// Everything that a bypass could have changed, seen from outside.
fn state(server: &Server, owner: &User) -> String {
    let schema = &owner.name;
    server.query(&format!(
        "SELECT (SELECT string_agg(l::text, ',' ORDER BY n) FROM {schema}.ledger l), (SELECT count(*) FROM {schema}.people),
         (SELECT last_value || is_called::text FROM {schema}.counter),
         (SELECT string_agg(relname || relkind::text || coalesce(relacl::text, ''), ',' ORDER BY relname) FROM pg_class
          WHERE relnamespace = '{schema}'::regnamespace),
         (SELECT string_agg(proname, ',' ORDER BY proname) FROM pg_proc WHERE pronamespace = '{schema}'::regnamespace),
         (SELECT count(*) FROM pg_attribute WHERE attrelid = '{schema}.ledger'::regclass),
         (SELECT obj_description('{schema}.ledger'::regclass)),
         (SELECT count(*) FROM pg_largeobject_metadata m JOIN pg_roles r ON r.oid = m.lomowner WHERE r.rolname = '{schema}')"
    ))
}

/// The driver's transaction alone: the role may write, and the host sees nothing but a call with a text.
#[tokio::test]
async fn bypasses_against_the_driver_alone() {
    let rig = Rig::start_with("drivers", &[(&["read_only"], json!(true))]).await;
    rig.server.sql_as(&rig.role, SETUP);
    let before = state(&rig.server, &rig.role);
    let through = |sql: &str| LEFT_TO_OTHERS.iter().any(|text| sql.contains(text));
    for (what, sql) in statements(BYPASSES).iter().filter(|(_, sql)| !through(sql)) {
        let asked = json!({"database_id": "pg", "sql": "SELECT run_it($1)", "params": [sql]});
        let answer = rig.client.call("query", asked).await;
        assert_eq!(state(&rig.server, &rig.role), before, "{what}: {sql}: {}", answer.raw());
    }
    assert_eq!(rig.cell("SELECT count(*) FROM ledger").await, "1", "reading still works");
}

/// The database alone: a role without rights, where neither the host nor the driver refuses a write.
#[tokio::test]
async fn bypasses_against_the_database_alone() {
    let server = Server::from_environment();
    let owner = server.role("owns");
    server.sql_as(&owner, SETUP);
    let reader = server.role("reads");
    server.sql(&format!(
        "GRANT USAGE ON SCHEMA {0} TO {1}; GRANT SELECT ON ALL TABLES IN SCHEMA {0} TO {1}; ALTER ROLE {1} SET search_path = {0};
         REVOKE CREATE ON SCHEMA {1} FROM {1}; ALTER SCHEMA {1} OWNER TO {0}",
        owner.name, reader.name
    ));
    let host = Host::start(Config::new().database("pg", server.entry(&reader))).await;
    let client = host.client().await;
    let before = state(&server, &owner);
    for (what, sql) in statements(BYPASSES) {
        let answer = client.query("pg", &sql).await;
        assert_eq!(state(&server, &owner), before, "{what}: {sql}: {}", answer.raw());
    }
}

#[tokio::test]
async fn innocents_through_everything() {
    let rig = Rig::start_with("innocent", &[(&["read_only"], json!(true))]).await;
    rig.server.sql_as(&rig.role, SETUP);
    for (what, sql) in statements(INNOCENTS) {
        let answer = rig.client.query("pg", &sql).await;
        assert!(!answer.is_error(), "{what}: {sql}: {}", answer.raw());
    }
}
