use crate::support::{connect, options, run, run_with};
use bulkhead_driver::{QueryOptions, TransactionOptions};

#[test]
fn nothing_of_the_last_user_is_left() {
    let (mut client, outside) = connect();
    let (mut other, _) = connect();
    for sql in [
        "SET search_path = pg_catalog",
        "SET TimeZone = 'Asia/Tokyo'",
        "SET my.secret = 'x'",
        "CREATE TEMP TABLE left_behind (a int)",
        "CREATE TEMP SEQUENCE counter",
        "SELECT nextval('counter')",
        "PREPARE theirs AS SELECT 1",
        "DECLARE held CURSOR WITH HOLD FOR SELECT 1",
        "SELECT pg_advisory_lock(4711)",
        "SELECT pg_advisory_lock_shared(4712)",
        "SET ROLE pg_read_all_data",
        "SELECT set_config('default_transaction_read_only', 'on', false)",
    ] {
        let _ = run(&mut client, sql);
    }
    client
        .begin(TransactionOptions {
            isolation: None,
            read_only: false,
        })
        .unwrap();
    let before = outside.crossings.get();
    client.reset().unwrap();
    assert!(outside.crossings.get() - before <= 3);
    for (sql, expected) in [
        ("SHOW search_path", "\"$user\", public"),
        ("SHOW TimeZone", "UTC"),
        (
            "SELECT count(*) FROM pg_class WHERE relname IN ('left_behind', 'counter')",
            "0",
        ),
        (
            "SELECT count(*) FROM pg_prepared_statements WHERE from_sql",
            "0",
        ),
        ("SELECT count(*) FROM pg_cursors WHERE is_holdable", "0"),
        (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
            "0",
        ),
        ("SELECT CURRENT_USER = SESSION_USER", "true"),
        ("SHOW default_transaction_read_only", "off"),
        (
            "SELECT coalesce(current_setting('my.secret', true), '')",
            "",
        ),
    ] {
        assert_eq!(
            run(&mut client, sql).unwrap().one(),
            Some(expected),
            "{sql}"
        );
    }
    assert!(run(&mut client, "SELECT lastval()").is_err());
    assert_eq!(
        run(&mut other, "SELECT pg_try_advisory_lock(4711)")
            .unwrap()
            .one(),
        Some("true")
    );
}

#[test]
fn a_failed_transaction_and_an_open_cursor_are_ended() {
    let (mut client, _) = connect();
    client
        .begin(TransactionOptions {
            isolation: None,
            read_only: false,
        })
        .unwrap();
    assert!(run(&mut client, "SELECT x").is_err());
    client.reset().unwrap();
    let small = QueryOptions {
        batch_rows: 2,
        ..options()
    };
    let answer = client
        .query("SELECT generate_series(1, 100000)", &[], &small)
        .unwrap();
    assert!(answer.done.is_none());
    client.reset().unwrap();
    assert_eq!(run(&mut client, "SELECT 1").unwrap().one(), Some("1"));
}

#[test]
fn the_drivers_own_statements_stay() {
    let (mut client, outside) = connect();
    let limited = QueryOptions {
        max_rows: Some(2),
        batch_rows: 2,
        timeout_ms: Some(5_000),
        ..options()
    };
    run_with(&mut client, "SELECT 1", &[], limited).unwrap();
    client.reset().unwrap();
    let before = outside.crossings.get();
    run_with(&mut client, "SELECT 1", &[], limited).unwrap();
    assert_eq!(outside.crossings.get() - before, 1);
    client.reset().unwrap();
    let before = outside.crossings.get();
    client.reset().unwrap();
    assert_eq!(outside.crossings.get(), before, "nothing ran since");
}

#[test]
fn a_statement_put_in_the_place_of_a_kept_one_is_not_run() {
    let (mut client, _) = connect();
    assert_eq!(
        run(&mut client, "SELECT 'good'").unwrap().one(),
        Some("good")
    );
    let name = run(
        &mut client,
        "SELECT name FROM pg_prepared_statements WHERE statement = 'SELECT ''good'''",
    )
    .unwrap();
    let name = name.one().unwrap().to_owned();
    run(&mut client, &format!("DEALLOCATE {name}")).unwrap();
    run(&mut client, &format!("PREPARE {name} AS SELECT 'evil'")).unwrap();
    client.reset().unwrap();
    assert_eq!(
        run(&mut client, "SELECT 'good'").unwrap().one(),
        Some("good")
    );
}
