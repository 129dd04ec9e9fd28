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
    client.begin(TransactionOptions { isolation: None, read_only: false }).unwrap();
    let before = outside.crossings.get();
    client.reset().unwrap();
    assert_eq!(outside.crossings.get() - before, 1);
    for (sql, expected) in [
        ("SHOW search_path", "\"$user\", public"),
        ("SHOW TimeZone", "UTC"),
        ("SELECT count(*) FROM pg_class WHERE relname IN ('left_behind', 'counter')", "0"),
        ("SELECT count(*) FROM pg_prepared_statements WHERE from_sql", "0"),
        ("SELECT count(*) FROM pg_cursors WHERE is_holdable", "0"),
        ("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()", "0"),
        ("SELECT CURRENT_USER = SESSION_USER", "true"),
        ("SHOW default_transaction_read_only", "off"),
        ("SELECT coalesce(current_setting('my.secret', true), '')", ""),
    ] {
        assert_eq!(run(&mut client, sql).unwrap().one(), Some(expected), "{sql}");
    }
    assert!(run(&mut client, "SELECT lastval()").is_err());
    assert_eq!(run(&mut other, "SELECT pg_try_advisory_lock(4711)").unwrap().one(), Some("true"));
}

#[test]
fn the_role_is_the_next_callers_own() {
    let (wire, options) = crate::support::wire("superuser");
    let mut client = bulkhead_postgres::session::Session::connect(wire, &options).unwrap();
    let own = run(&mut client, "SELECT CURRENT_USER").unwrap().one().unwrap().to_owned();
    for change in [
        "SET ROLE pg_read_all_data",
        "SET SESSION AUTHORIZATION pg_read_all_data",
        "SELECT set_config('role', 'pg_read_all_data', false)",
    ] {
        run(&mut client, change).unwrap();
        assert_eq!(run(&mut client, "SELECT CURRENT_USER").unwrap().one(), Some("pg_read_all_data"));
        client.reset().unwrap();
        assert_eq!(run(&mut client, "SELECT CURRENT_USER").unwrap().one(), Some(own.as_str()), "{change}");
    }
}

#[test]
fn a_failed_transaction_and_an_open_cursor_are_ended() {
    let (mut client, _) = connect();
    client.begin(TransactionOptions { isolation: None, read_only: false }).unwrap();
    assert!(run(&mut client, "SELECT x").is_err());
    client.reset().unwrap();
    let small = QueryOptions { batch_rows: 2, ..options() };
    let answer = client.query("SELECT generate_series(1, 100000)", &[], &small).unwrap();
    assert!(answer.done.is_none());
    client.reset().unwrap();
    assert_eq!(run(&mut client, "SELECT 1").unwrap().one(), Some("1"));
}

#[test]
fn what_was_learnt_stays_and_no_name_does() {
    let (mut client, outside) = connect();
    let limited = QueryOptions { max_rows: Some(2), batch_rows: 2, timeout_ms: Some(5_000), ..options() };
    run_with(&mut client, "SELECT 1", &[], limited).unwrap();
    for read_only in [false, true] {
        let limited = QueryOptions { read_only, ..limited };
        // After reading: cleaned together with the next statement.
        let before = outside.crossings.get();
        client.reset().unwrap();
        client.reset().unwrap();
        assert_eq!(run_with(&mut client, "SELECT 1", &[], limited).unwrap().one(), Some("1"));
        assert_eq!(outside.crossings.get() - before, 1);
        assert_eq!(run_with(&mut client, "SHOW statement_timeout", &[], limited).unwrap().one(), Some("5s"));
        // After anything else: at once.
        let before = outside.crossings.get();
        client.reset().unwrap();
        assert_eq!(outside.crossings.get() - before, 1, "sent, and not waited for");
        client.reset().unwrap();
        assert_eq!(outside.crossings.get() - before, 1, "nothing ran since");
        assert_eq!(run_with(&mut client, "SELECT 1", &[], limited).unwrap().one(), Some("1"));
        assert_eq!(outside.crossings.get() - before, 3, "the reset's answer is read, then one exchange");
        client.reset().unwrap();
        let names = run_with(&mut client, "SELECT statement FROM pg_prepared_statements", &[], limited).unwrap();
        assert_eq!(names.rows.len(), 1, "its own only");
    }
}

#[test]
fn a_statement_between_two_resets_takes_one_crossing() {
    let (mut client, outside) = connect();
    let sql = "SELECT i AS id, 'customer ' || i AS name, i * 1.5::float8 AS amount, i % 2 = 0 AS active, \
               timestamp '2026-01-01 00:00:00' + i * interval '1 minute' AS created FROM generate_series(1, 10) AS i";
    for limit in [Some(11), None] {
        let limited = QueryOptions { max_rows: limit, batch_rows: 11, timeout_ms: Some(5_000), ..options() };
        for round in 0..4 {
            let before = outside.crossings.get();
            assert_eq!(run_with(&mut client, sql, &[], limited).unwrap().rows.len(), 10);
            client.reset().unwrap();
            assert!(round == 0 || outside.crossings.get() - before == 1, "{limit:?}, round {round}");
        }
    }
}

#[test]
fn columns_that_changed_meanwhile_are_read_as_they_are() {
    let (mut client, _) = connect();
    let (mut other, _) = connect();
    let sql = "SELECT * FROM reset_columns";
    let make = |other: &mut crate::support::Client, columns: &str| {
        run(other, "DROP TABLE IF EXISTS reset_columns").unwrap();
        run(other, &format!("CREATE TABLE reset_columns AS SELECT {columns}")).unwrap();
    };
    for read_only in [false, true] {
        let guarded = QueryOptions { read_only, ..options() };
        make(&mut other, "1::int AS a, 'x'::text AS b");
        let texts = |columns: &[&str]| columns.iter().map(|text| Some((*text).to_owned())).collect::<Vec<_>>();
        assert_eq!(run_with(&mut client, sql, &[], guarded).unwrap().rows, [texts(&["1", "x"])]);
        for (columns, expected, native) in [
            ("1::int AS a, 'x'::text AS b", &["1", "x"][..], "int4"),
            ("2.50::numeric AS a, 7::int8 AS b", &["2.50", "7"], "numeric"),
            ("2.50::numeric AS a", &["2.50"], "numeric"),
            ("3::int AS a, 4::int AS b, 5::int AS c", &["3", "4", "5"], "int4"),
        ] {
            make(&mut other, columns);
            client.reset().unwrap();
            let table = run_with(&mut client, sql, &[], guarded).unwrap();
            assert_eq!((table.rows, table.columns[0].native_type.as_str()), (vec![texts(expected)], native));
        }
        // What was learnt last is that they are integers.
        run_with(&mut client, sql, &[], guarded).unwrap();
        // Now it comes in binary, and as that it can't be read: it is run again if it could only read.
        make(&mut other, "'(1,2)'::point AS a");
        client.reset().unwrap();
        let table = run_with(&mut client, sql, &[], guarded);
        if read_only {
            assert_eq!(table.unwrap().rows, [texts(&["(1,2)"])]);
        } else {
            let error = table.unwrap_err();
            assert!(error.message.contains("was run") && error.connection_usable);
            assert_eq!(run_with(&mut client, sql, &[], guarded).unwrap().rows, [texts(&["(1,2)"])]);
        }
    }
    run(&mut other, "DROP TABLE reset_columns").unwrap();
}

#[test]
fn what_is_owed_is_done_before_the_next_statement_whatever_becomes_of_it() {
    // `note` is a function of the caller's that a plain reading statement reaches through a view: it is judged harmless.
    let (mut client, _) = connect();
    let (mut other, _) = connect();
    for sql in [
        "DROP FUNCTION IF EXISTS reset_note() CASCADE",
        "CREATE FUNCTION reset_note() RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT set_config('my.note', 'secret', false) $$",
        "CREATE OR REPLACE VIEW reset_noted AS SELECT reset_note() AS note, pg_advisory_lock(815)::text AS lock",
    ] {
        run(&mut other, sql).unwrap();
    }
    for (sql, fails) in [("SELECT 1", false), ("SELECT 1 / 0", true), ("SELECT nothing", true)] {
        assert_eq!(
            run(&mut client, "SELECT note FROM (SELECT * FROM reset_noted OFFSET 0) x WHERE lock IS NOT NULL").unwrap().one(),
            Some("secret")
        );
        client.reset().unwrap();
        assert_eq!(run(&mut client, sql).is_err(), fails);
        let note = run(&mut client, "SELECT coalesce(current_setting('my.note', true), '')").unwrap();
        assert_eq!(note.one(), Some(""), "after {sql}");
        assert_eq!(
            run(&mut other, "SELECT pg_try_advisory_lock(815), pg_advisory_unlock(815)").unwrap().rows[0][0].as_deref(),
            Some("true")
        );
        client.reset().unwrap();
    }
    // Also before a call that isn't a statement.
    run(&mut client, "SELECT note FROM (SELECT * FROM reset_noted OFFSET 0) x WHERE lock IS NOT NULL").unwrap();
    client.reset().unwrap();
    client.ping().unwrap();
    assert_eq!(run(&mut other, "SELECT pg_try_advisory_lock(815)").unwrap().one(), Some("true"));
    run(&mut other, "SELECT pg_advisory_unlock(815)").unwrap();
    run(&mut other, "DROP VIEW reset_noted").unwrap();
    run(&mut other, "DROP FUNCTION reset_note").unwrap();
    // And before what has to be alone in its group.
    run(&mut other, "DROP TABLE IF EXISTS reset_vacuum").unwrap();
    run(&mut other, "CREATE TABLE reset_vacuum (a int)").unwrap();
    run(&mut client, "SELECT 1").unwrap();
    client.reset().unwrap();
    let timed = QueryOptions { timeout_ms: Some(9_000), ..options() };
    run_with(&mut client, "VACUUM reset_vacuum", &[], timed).unwrap();
    run(&mut other, "DROP TABLE reset_vacuum").unwrap();
    assert_eq!(run(&mut client, "SELECT 1").unwrap().one(), Some("1"));
}

#[test]
fn a_reset_that_fails_is_the_next_calls_to_say() {
    let (mut client, _) = connect();
    let (mut other, _) = connect();
    let pid = run(&mut client, "SELECT pg_backend_pid()").unwrap().one().unwrap().to_owned();
    client.reset().unwrap();
    run(&mut other, &format!("SELECT pg_terminate_backend({pid})")).unwrap();
    let error = run(&mut client, "SELECT 1").unwrap_err();
    assert!(!error.connection_usable);
}

#[test]
fn a_statement_put_in_the_place_of_a_kept_one_is_not_run() {
    let (mut client, _) = connect();
    assert_eq!(run(&mut client, "SELECT 'good'").unwrap().one(), Some("good"));
    let name = run(&mut client, "SELECT name FROM pg_prepared_statements WHERE statement = 'SELECT ''good'''").unwrap();
    let name = name.one().unwrap().to_owned();
    run(&mut client, &format!("DEALLOCATE {name}")).unwrap();
    run(&mut client, &format!("PREPARE {name} AS SELECT 'evil'")).unwrap();
    client.reset().unwrap();
    assert_eq!(run(&mut client, "SELECT 'good'").unwrap().one(), Some("good"));
}
