use crate::support::{connect, connect_with, options, param, run, run_with};
use bulkhead_driver::{ColumnKind, ErrorKind, QueryOptions, Value};

#[test]
fn a_kept_statement_takes_one_crossing() {
    let (mut client, outside) = connect();
    let limited = QueryOptions { max_rows: Some(1_001), batch_rows: 1_001, ..options() };
    let before = outside.crossings.get();
    assert_eq!(run_with(&mut client, "SELECT 1 AS one", &[], limited).unwrap().one(), Some("1"));
    assert_eq!(outside.crossings.get() - before, 2, "parse and describe, then run");
    for _ in 0..3 {
        let before = outside.crossings.get();
        assert_eq!(run_with(&mut client, "SELECT 1 AS one", &[], limited).unwrap().one(), Some("1"));
        assert_eq!(outside.crossings.get() - before, 1);
    }
    // Also read-only, with BEGIN and COMMIT in the same message.
    let before = outside.crossings.get();
    let guarded = QueryOptions { read_only: true, ..limited };
    assert_eq!(run_with(&mut client, "SELECT 1 AS one", &[], guarded).unwrap().one(), Some("1"));
    assert_eq!(outside.crossings.get() - before, 1);
    // And with a time limit, once the server has been told.
    let timed = QueryOptions { timeout_ms: Some(10_000), ..limited };
    run_with(&mut client, "SELECT 1 AS one", &[], timed).unwrap();
    let before = outside.crossings.get();
    run_with(&mut client, "SELECT 1 AS one", &[], timed).unwrap();
    assert_eq!(outside.crossings.get() - before, 1);
}

#[test]
fn a_small_result_without_limit_is_learnt() {
    let (mut client, outside) = connect();
    run(&mut client, "SELECT 1").unwrap();
    let before = outside.crossings.get();
    run(&mut client, "SELECT 1").unwrap();
    assert_eq!(outside.crossings.get() - before, 1);
}

#[test]
fn large_results_come_in_batches() {
    let (mut client, _) = connect();
    let sql = "SELECT i, 'row ' || i AS t FROM generate_series(1, 50000) i";
    for read_only in [false, true] {
        // The second time its size is known, the third it comes from a transaction.
        for round in 0..3 {
            if round == 2 {
                let options = bulkhead_driver::TransactionOptions { isolation: None, read_only };
                client.begin(options).unwrap();
            }
            let small = QueryOptions { batch_rows: 1_500, batch_bytes: 20_000, read_only, ..options() };
            let table = run_with(&mut client, sql, &[], small).unwrap();
            assert_eq!(table.rows.len(), 50_000);
            assert_eq!(table.rows[49_999], [Some("50000".to_owned()), Some("row 50000".to_owned())]);
            assert!(table.batches >= 50, "{} batches", table.batches);
            assert_eq!(table.done.command_tag.as_deref(), Some("SELECT 50000"));
            assert_eq!(table.done.rows_affected, Some(50_000));
            if round == 2 {
                client.commit().unwrap();
            }
        }
    }
}

#[test]
fn a_limit_is_a_stop() {
    let (mut client, outside) = connect();
    // A thousand gigabytes, if it were all computed.
    let sql = "SELECT repeat('x', 1000), generate_series(1, 1000000000)";
    for (max_rows, batch_rows) in [(10, 1_000), (10_000, 1_000)] {
        let before = outside.read.get();
        let limited = QueryOptions { max_rows: Some(max_rows), batch_rows, ..options() };
        let table = run_with(&mut client, sql, &[], limited).unwrap();
        assert_eq!(table.rows.len() as u64, max_rows);
        assert!(outside.read.get() - before < max_rows as usize * 1_100 + 1_000);
    }
    assert_eq!(run(&mut client, "SELECT 2").unwrap().one(), Some("2"));
    assert_eq!(outside.dials.get(), 1, "nothing had to be cancelled");
}

#[test]
fn a_cursor_is_closed_without_reading_on() {
    let (mut client, outside) = connect();
    let sql = "SELECT repeat('x', 1000), generate_series(1, 100000000)";
    for (read_only, transaction) in [(false, false), (true, false), (false, true)] {
        if transaction {
            client.begin(bulkhead_driver::TransactionOptions { isolation: None, read_only: false }).unwrap();
        }
        let answer = client.query(sql, &[], &QueryOptions { batch_rows: 100, read_only, ..options() }).unwrap();
        assert_eq!(answer.batch.unwrap().rows, 100);
        let before = outside.read.get();
        client.close_part(answer.run).unwrap();
        client.close_part(answer.run).unwrap();
        assert!(outside.read.get() - before < 2_000_000);
        assert!(client.next_part(answer.run, 10, 10).is_err());
        assert_eq!(run(&mut client, "SELECT 3").unwrap().one(), Some("3"));
        if transaction {
            client.rollback().unwrap();
        }
    }
    assert_eq!(outside.dials.get(), 1);
}

#[test]
fn another_call_closes_the_cursor() {
    let (mut client, _) = connect();
    let sql = "SELECT i FROM generate_series(1, 100000) i";
    let answer = client.query(sql, &[], &QueryOptions { batch_rows: 10, ..options() }).unwrap();
    assert_eq!(run(&mut client, "SELECT 4").unwrap().one(), Some("4"));
    assert!(client.next_part(answer.run, 10, 1_000).unwrap_err().message.contains("closed"));
}

#[test]
fn a_learnt_result_that_has_grown_is_stopped_by_cancelling() {
    let (mut client, outside) = connect();
    let sql = "SELECT repeat('x', 1000), generate_series(1, $1::int)";
    let rows = |count| [param(Value::Int64(count))];
    run_with(&mut client, sql, &rows(10), options()).unwrap();
    let answer = client.query(sql, &rows(1_000_000), &QueryOptions { batch_rows: 10, ..options() }).unwrap();
    client.close_part(answer.run).unwrap();
    assert_eq!(outside.dials.get(), 2);
    assert!(outside.read.get() < 100_000_000);
    assert_eq!(run(&mut client, "SELECT 5").unwrap().one(), Some("5"));
}

#[test]
fn one_row_may_be_larger_than_a_batch() {
    let (mut client, _) = connect();
    let sql = "SELECT repeat('x', 3000000) FROM generate_series(1, 3)";
    let table = run_with(&mut client, sql, &[], QueryOptions { batch_bytes: 1_000, ..options() }).unwrap();
    assert_eq!((table.rows.len(), table.batches), (3, 3));
    assert_eq!(table.rows[2][0].as_ref().unwrap().len(), 3_000_000);
}

#[test]
fn a_row_over_the_limit_is_an_error_and_no_more() {
    let (mut client, _) = connect_with(|options| options.options = r#"{"max_message_bytes": 100000}"#.into());
    for _ in 0..2 {
        let error = run(&mut client, "SELECT repeat('x', 1000000)").unwrap_err();
        assert_eq!(error.kind, ErrorKind::Resources);
        assert!(error.connection_usable && error.hint.is_some());
        assert_eq!(run(&mut client, "SELECT 6").unwrap().one(), Some("6"));
    }
}

#[test]
fn an_empty_result_has_columns() {
    let (mut client, _) = connect();
    let table = run(&mut client, "SELECT 1::numeric(10,2) AS a, 'x'::varchar(20) AS b WHERE false").unwrap();
    let described: Vec<_> = table.columns.iter().map(|column| (column.name.as_str(), column.native_type.as_str())).collect();
    assert_eq!(described, [("a", "numeric(10,2)"), ("b", "varchar(20)")]);
    assert_eq!(table.columns[0].kind, ColumnKind::Decimal);
    assert!(table.rows.is_empty());
    assert_eq!(table.done.rows_affected, Some(0));
}

#[test]
fn statements_without_rows() {
    let (mut client, _) = connect();
    let table = run(&mut client, "CREATE TEMP TABLE t (a int)").unwrap();
    assert!(table.columns.is_empty());
    assert_eq!(table.done.command_tag.as_deref(), Some("CREATE TABLE"));
    assert_eq!(table.done.rows_affected, None);
    let table = run(&mut client, "INSERT INTO t SELECT generate_series(1, 5)").unwrap();
    assert_eq!(table.done.rows_affected, Some(5));
    let table = run(&mut client, "INSERT INTO t VALUES (6), (7) RETURNING a").unwrap();
    assert_eq!((table.rows.len(), table.done.rows_affected), (2, Some(2)));
    for empty in ["", " ", "-- nothing", ";"] {
        let table = run(&mut client, empty).unwrap();
        assert!(table.columns.is_empty() && table.done.command_tag.is_none(), "{empty}");
    }
    let table = run(&mut client, "SELECT").unwrap();
    assert_eq!(table.columns.len(), 0);
}

#[test]
fn errors_say_where_and_what() {
    let (mut client, _) = connect();
    let error = run(&mut client, "SELECT 1 FORM t").unwrap_err();
    assert_eq!((error.kind, error.sqlstate.as_deref(), error.position), (ErrorKind::Syntax, Some("42601"), Some(15)));
    let error = run(&mut client, "SELECT nme FROM (SELECT 1 AS name) t").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Undefined);
    assert!(error.hint.unwrap().contains("name"));
    let error = run(&mut client, "SELECT 1; SELECT 2").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Syntax);
    // On the way, after rows.
    let error = run(&mut client, "SELECT 1 / (3000 - i) FROM generate_series(1, 5000) i").unwrap_err();
    assert_eq!((error.kind, error.sqlstate.as_deref()), (ErrorKind::InvalidValue, Some("22012")));
    assert!(error.connection_usable);
    run(&mut client, "CREATE TEMP TABLE u (a int CONSTRAINT u_key UNIQUE)").unwrap();
    let error = run(&mut client, "INSERT INTO u VALUES (1), (1)").unwrap_err();
    assert_eq!((error.kind, error.object.as_deref()), (ErrorKind::Constraint, Some("u_key")));
    assert!(error.detail.unwrap().contains("already exists"));
    // The commit's own error.
    run(&mut client, "CREATE TEMP TABLE d (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)").unwrap();
    let error = run(&mut client, "INSERT INTO d VALUES (1), (1)").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Constraint);
    assert_eq!(run(&mut client, "SELECT 7").unwrap().one(), Some("7"));
}

#[test]
fn notices_come_with_the_end() {
    let (mut client, _) = connect();
    let table =
        run(&mut client, "DO $$ BEGIN RAISE NOTICE 'hello %', 1 USING HINT = 'wave'; RAISE WARNING 'careful'; END $$").unwrap();
    let notices = table.done.notices;
    assert_eq!(notices.len(), 2);
    assert_eq!((notices[0].severity.as_str(), notices[0].message.as_str()), ("NOTICE", "hello 1"));
    assert_eq!(notices[0].hint.as_deref(), Some("wave"));
    assert_eq!(notices[1].severity, "WARNING");
    let table = run(&mut client, "DO $$ BEGIN FOR i IN 1..5000 LOOP RAISE NOTICE '%', i; END LOOP; END $$").unwrap();
    assert_eq!(table.done.notices.len(), 100);
}

#[test]
fn what_is_not_supported_leaves_the_connection_usable() {
    let (mut client, _) = connect();
    for sql in ["COPY (SELECT 1) TO STDOUT", "LISTEN a", "/* x */ copy pg_class to stdout", "START_REPLICATION 0/0"] {
        let error = run(&mut client, sql).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported, "{sql}");
        assert!(error.connection_usable);
    }
    assert_eq!(run(&mut client, "SELECT 8").unwrap().one(), Some("8"));
}

#[test]
fn a_kept_statement_survives_a_change_of_its_table() {
    let (mut client, _) = connect();
    run(&mut client, "CREATE TEMP TABLE s (a int)").unwrap();
    run(&mut client, "INSERT INTO s VALUES (1)").unwrap();
    let limited = QueryOptions { max_rows: Some(10), batch_rows: 10, ..options() };
    for read_only in [false, true] {
        let limited = QueryOptions { read_only, ..limited };
        assert_eq!(run_with(&mut client, "SELECT * FROM s", &[], limited).unwrap().columns.len(), 1);
        run(&mut client, "ALTER TABLE s ADD b text DEFAULT 'x', ALTER a TYPE text").unwrap();
        let table = run_with(&mut client, "SELECT * FROM s", &[], limited).unwrap();
        assert_eq!(table.rows, [[Some("1".to_owned()), Some("x".to_owned())]]);
        assert_eq!(table.columns[0].kind, ColumnKind::Text);
        run(&mut client, "ALTER TABLE s DROP b, ALTER a TYPE int USING a::int").unwrap();
    }
    // The types of its parameters, too.
    let by = |client: &mut _| run_with(client, "SELECT a FROM s WHERE a = $1", &[param(Value::Text("1".into()))], options());
    by(&mut client).unwrap();
    run(&mut client, "ALTER TABLE s ALTER a TYPE text").unwrap();
    assert_eq!(by(&mut client).unwrap().one(), Some("1"));
    // And being forgotten.
    run(&mut client, "DEALLOCATE ALL").unwrap();
    assert_eq!(by(&mut client).unwrap().one(), Some("1"));
    run(&mut client, "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$").unwrap();
    assert_eq!(by(&mut client).unwrap().one(), Some("1"));
}

#[test]
fn kept_statements_are_bounded() {
    let (mut client, _) = connect_with(|options| options.options = r#"{"statement_cache_size": 3}"#.into());
    for i in 0..20 {
        assert_eq!(run(&mut client, &format!("SELECT {i}")).unwrap().one(), Some(i.to_string().as_str()));
    }
    let kept = run(&mut client, "SELECT count(*) FROM pg_prepared_statements").unwrap();
    assert_eq!(kept.one(), Some("3"));
}

#[test]
fn without_named_statements() {
    let (mut client, _) = connect_with(|options| options.options = r#"{"prepared_statements": false}"#.into());
    for read_only in [false, true] {
        let guarded = QueryOptions { read_only, timeout_ms: Some(1_000), ..options() };
        for _ in 0..2 {
            let table =
                run_with(&mut client, "SELECT i FROM generate_series(1, $1) i", &[param(Value::Int64(3_000))], guarded).unwrap();
            assert_eq!(table.rows.len(), 3_000);
        }
    }
    assert_eq!(run(&mut client, "SELECT count(*) FROM pg_prepared_statements").unwrap().one(), Some("0"));
    assert_eq!(run(&mut client, "SHOW statement_timeout").unwrap().one(), Some("0"));
}

#[test]
fn a_terminated_backend_is_a_lost_connection() {
    let (mut client, _) = connect();
    let error = run(&mut client, "SELECT pg_terminate_backend(pg_backend_pid())").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connection);
    assert!(!error.connection_usable);
    assert!(!run(&mut client, "SELECT 1").unwrap_err().connection_usable);
    assert!(client.close().is_ok());
}
