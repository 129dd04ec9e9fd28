//! The statements of tests/corpus against the driver alone: nothing has read them before it, and the role may write. What stops them is
//! one statement in each message, the refusal of COPY, and the READ ONLY transaction that it puts around each.

use crate::support::{Client, connect, connect_with, options, run, run_with};
use bulkhead_driver::QueryOptions;

const BYPASSES: &str = include_str!("../../../../tests/corpus/bypasses.postgresql.txt");
const INNOCENTS: &str = include_str!("../../../../tests/corpus/innocents.postgresql.txt");
const SETUP: &str = include_str!("../../../../tests/corpus/setup.postgresql.sql");

/// What PostgreSQL itself runs in a READ ONLY transaction and keeps, so that the host's reading and the role's rights alone stop it.
const RUN_BY_THE_SERVER: &[&str] =
    &["CREATE MATERIALIZED VIEW stolen", "lo_create(", "lo_from_bytea(", "EXPLAIN ANALYZE CREATE TABLE"];

include!("../../../../tests/corpus/statements.rs");

fn statements(text: &str) -> Vec<String> {
    read_statements(text).into_iter().map(|(_, sql)| sql).collect()
}

/// A schema for one test with what the statements name in it, and a session that looks there first.
fn set_up(schema: &str) -> Client {
    let (mut maker, _) = connect_with(|options| options.options = format!(r#"{{"search_path": "{schema}"}}"#));
    for sql in [format!("DROP SCHEMA IF EXISTS {schema} CASCADE"), format!("CREATE SCHEMA {schema}")] {
        run(&mut maker, &sql).unwrap();
    }
    for sql in SETUP.split(";\n") {
        run(&mut maker, sql).unwrap();
    }
    maker
}

fn guarded(client: &mut Client, sql: &str) -> Result<(), bulkhead_driver::Error> {
    run_with(client, sql, &[], QueryOptions { read_only: true, ..options() }).map(drop)
}

/// Everything that one of them could have changed.
fn state(client: &mut Client, schema: &str) -> Vec<Vec<Option<String>>> {
    let sql = format!(
        "SELECT (SELECT string_agg(l::text, ',' ORDER BY n) FROM {schema}.ledger l), (SELECT count(*) FROM {schema}.people),
         (SELECT last_value || is_called::text FROM {schema}.counter),
         (SELECT string_agg(relname || relkind::text || coalesce(relacl::text, ''), ',' ORDER BY relname) FROM pg_class
          WHERE relnamespace = '{schema}'::regnamespace),
         (SELECT string_agg(proname, ',' ORDER BY proname) FROM pg_proc WHERE pronamespace = '{schema}'::regnamespace),
         (SELECT count(*) FROM pg_attribute WHERE attrelid = '{schema}.ledger'::regclass),
         (SELECT obj_description('{schema}.ledger'::regclass)),
         (SELECT count(*) FROM pg_largeobject_metadata WHERE lomowner = current_user::regrole)"
    );
    run(client, &sql).unwrap().rows
}

#[test]
fn bypasses_change_nothing() {
    let mut maker = set_up("corpus_bypasses");
    let (mut watcher, _) = connect();
    let before = state(&mut watcher, "corpus_bypasses");
    let mut held = 0;
    for sql in statements(BYPASSES) {
        let answer = guarded(&mut maker, &sql);
        if RUN_BY_THE_SERVER.iter().any(|text| sql.contains(text)) {
            assert_ne!(state(&mut watcher, "corpus_bypasses"), before, "{sql} is refused by now; strike it off the list");
            let kind = if sql.contains("MATERIALIZED VIEW") { "MATERIALIZED VIEW" } else { "TABLE" };
            run(&mut watcher, &format!("DROP {kind} IF EXISTS corpus_bypasses.stolen")).unwrap();
            run(&mut watcher, "SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE lomowner = current_user::regrole")
                .unwrap();
        } else {
            held += 1;
        }
        assert_eq!(state(&mut watcher, "corpus_bypasses"), before, "{sql}: {answer:?}");
        // Whatever was loosened: the next read-only statement is refused all the same.
        assert!(guarded(&mut maker, "INSERT INTO ledger VALUES (9)").is_err(), "after {sql}");
    }
    assert!(held >= 60);
    run(&mut maker, "DROP SCHEMA corpus_bypasses CASCADE").unwrap();
}

#[test]
fn innocents_run() {
    let mut maker = set_up("corpus_innocents");
    let statements = statements(INNOCENTS);
    assert!(statements.len() >= 100);
    for sql in statements {
        guarded(&mut maker, &sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
    run(&mut maker, "DROP SCHEMA corpus_innocents CASCADE").unwrap();
}
