//! The statements of tests/corpus on a real server: each bypass against the database alone and against all three layers, and each innocent
//! through everything. The host's reading alone and the driver alone are tests of theirs.

use bulkhead_tests::corpus::statements;
use bulkhead_tests::postgres::{Server, User};
use bulkhead_tests::{Config, Host};
use serde_json::json;

use super::Rig;

const BYPASSES: &str = include_str!("../../../../corpus/bypasses.postgresql.txt");
const INNOCENTS: &str = include_str!("../../../../corpus/innocents.postgresql.txt");
const SETUP: &str = include_str!("../../../../corpus/setup.postgresql.sql");

/// What a role may do without any right: make large objects of its own. The host's reading stops them; since 16 a READ ONLY transaction, too.
const ANY_ROLE_MAY: &[&str] = &["lo_create(", "lo_from_bytea("];

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
         (SELECT obj_description('{schema}.ledger'::regclass))"
    ))
}

/// The large objects of a role.
fn objects(server: &Server, role: &User) -> String {
    let role = &role.name;
    server.query(&format!("SELECT count(*) FROM pg_largeobject_metadata WHERE lomowner = '{role}'::regrole"))
}

/// A role that owns what the statements name, and one that may only read it.
fn owner_and_reader() -> (Server, User, User) {
    let server = Server::from_environment();
    let owner = server.role("owns");
    server.sql_as(&owner, SETUP);
    let reader = server.role("reads");
    server.sql(&format!(
        "GRANT USAGE ON SCHEMA {0} TO {1}; GRANT SELECT ON ALL TABLES IN SCHEMA {0} TO {1}; ALTER ROLE {1} SET search_path = {0};
         REVOKE CREATE ON SCHEMA {1} FROM {1}; ALTER SCHEMA {1} OWNER TO {0}",
        owner.name, reader.name
    ));
    (server, owner, reader)
}

/// The database alone: a role without rights, by `psql`, which sends several statements in one message and refuses none.
#[test]
fn bypasses_against_a_role_without_rights() {
    let (server, owner, reader) = owner_and_reader();
    let before = state(&server, &owner);
    let mut held = 0;
    // No argument of a command holds a NUL.
    for (what, sql) in statements(BYPASSES).iter().filter(|(_, sql)| !sql.contains('\0')) {
        let output = server.psql_tries(&reader, &["-At", "-c", sql]);
        assert_eq!(state(&server, &owner), before, "{what}: {sql}: {output:?}");
        if ANY_ROLE_MAY.iter().any(|text| sql.contains(text)) {
            assert!(output.status.success(), "{what}: {sql} is refused by now; strike it off the list");
            server
                .sql(&format!("SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE lomowner = '{}'::regrole", reader.name));
        } else {
            held += 1;
        }
        assert_eq!(objects(&server, &reader), "0", "{what}: {sql}");
    }
    assert!(held >= 60);
}

/// The same through the host and the driver, where neither refuses a write.
#[tokio::test]
async fn bypasses_against_the_database_alone() {
    let (server, owner, reader) = owner_and_reader();
    let host = Host::start(Config::new().database("pg", server.entry(&reader))).await;
    let client = host.client().await;
    let before = state(&server, &owner);
    let mut held = 0;
    for (what, sql) in statements(BYPASSES) {
        let answer = client.query("pg", &sql).await;
        assert_eq!(state(&server, &owner), before, "{what}: {sql}: {}", answer.raw());
        if ANY_ROLE_MAY.iter().any(|text| sql.contains(text)) {
            assert_eq!(objects(&server, &reader), "1", "{what}: {sql} is refused by now; strike it off the list");
            server
                .sql(&format!("SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE lomowner = '{}'::regrole", reader.name));
        } else {
            held += 1;
        }
        assert_eq!(objects(&server, &reader), "0", "{what}: {sql}: {}", answer.raw());
    }
    assert!(held >= 60);
}

#[tokio::test]
async fn bypasses_against_all() {
    let rig = Rig::start_with("corpus", &[(&["read_only"], json!(true))]).await;
    rig.server.sql_as(&rig.role, SETUP);
    let before = state(&rig.server, &rig.role);
    for (what, sql) in statements(BYPASSES) {
        let answer = rig.client.query("pg", &sql).await;
        assert!(answer.is_error(), "{what}: {sql}: {}", answer.raw());
        assert_eq!(state(&rig.server, &rig.role), before, "{what}: {sql}");
    }
    assert_eq!(objects(&rig.server, &rig.role), "0");
    assert_eq!(rig.cell("SELECT count(*) FROM ledger").await, "1", "reading still works");
}

#[tokio::test]
async fn innocents_through_everything() {
    let rig = Rig::start_with("innocent", &[(&["read_only"], json!(true))]).await;
    rig.server.sql_as(&rig.role, SETUP);
    let statements = statements(INNOCENTS);
    assert!(statements.len() >= 100);
    for (what, sql) in statements {
        let answer = rig.client.query("pg", &sql).await;
        assert!(!answer.is_error(), "{what}: {sql}: {}", answer.raw());
    }
}
