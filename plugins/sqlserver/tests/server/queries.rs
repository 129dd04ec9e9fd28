use crate::support::{connect, fresh, options, run, run_all, run_with};
use bulkhead_driver::{ColumnKind, ErrorKind, QueryOptions};

#[test]
fn one_crossing_for_a_statement() {
    let (mut client, outside) = connect();
    let before = outside.crossings.get();
    assert_eq!(run(&mut client, "SELECT 1 AS one").unwrap().one(), Some("1"));
    assert_eq!(outside.crossings.get() - before, 1);
}

#[test]
fn columns_are_known_without_rows() {
    let (mut client, _) = connect();
    let table = run(&mut client, "SELECT CAST(1 AS int) AS a, N'x' AS b WHERE 1 = 0").unwrap();
    assert_eq!(table.rows.len(), 0);
    assert_eq!((table.columns[0].name.as_str(), table.columns[0].kind), ("a", ColumnKind::Int64));
    assert_eq!((table.columns[1].name.as_str(), table.columns[1].kind), ("b", ColumnKind::Text));
}

/// A table of so many rows, of this session's own.
fn numbers(client: &mut crate::support::Client, count: u32) -> String {
    let table = format!("#{}", fresh("numbers"));
    run(client, &format!("CREATE TABLE {table} (i int NOT NULL, t nvarchar(50) NULL)")).unwrap();
    let mut at = 1;
    while at <= count {
        let end = (at + 999).min(count);
        let values: Vec<String> = (at..=end).map(|i| format!("({i}, N'row {i}')")).collect();
        run(client, &format!("INSERT INTO {table} (i, t) VALUES {}", values.join(","))).unwrap();
        at = end + 1;
    }
    table
}

#[test]
fn large_results_come_in_batches_however_they_are_cut() {
    let (mut client, outside) = connect();
    let table = numbers(&mut client, 10_000);
    for piece in [0, 1_000, 77] {
        outside.piece.set(piece);
        for read_only in [false, true] {
            let small = QueryOptions { batch_rows: 1_500, batch_bytes: 20_000, read_only, ..options() };
            let answer = run_with(&mut client, &format!("SELECT i, t FROM {table} ORDER BY i"), &[], small).unwrap();
            assert_eq!(answer.rows.len(), 10_000);
            assert_eq!(answer.rows[9_999], [Some("10000".to_owned()), Some("row 10000".to_owned())]);
            assert!(answer.batches >= 7, "{} batches", answer.batches);
            assert_eq!(answer.done.rows_affected, Some(10_000));
        }
    }
}

#[test]
fn no_more_than_was_asked_for() {
    let (mut client, outside) = connect();
    let table = numbers(&mut client, 20_000);
    let sql = format!("SELECT i, t FROM {table}");
    let limited = QueryOptions { max_rows: Some(10), ..options() };
    for _ in 0..3 {
        let before = outside.read.get();
        let answer = run_with(&mut client, &sql, &[], limited).unwrap();
        assert_eq!(answer.rows.len(), 10);
        assert!(outside.read.get() - before < 600_000, "the server was stopped");
    }
    assert_eq!(run(&mut client, "SELECT 1").unwrap().one(), Some("1"));
    assert_eq!(outside.dials.get(), 1);
}

#[test]
fn a_result_that_is_closed_or_forgotten_is_stopped() {
    let (mut client, _) = connect();
    let table = numbers(&mut client, 20_000);
    let sql = format!("SELECT i, t FROM {table}");
    let few = QueryOptions { batch_rows: 5, ..options() };
    let answer = client.query(&sql, &[], &few).unwrap();
    client.close_part(answer.run).unwrap();
    assert_eq!(client.next_part(answer.run, 5, 1_000).unwrap_err().kind, ErrorKind::Internal);
    let answer = client.query(&sql, &[], &few).unwrap();
    assert_eq!(run(&mut client, "SELECT 1").unwrap().one(), Some("1"));
    assert!(client.next_part(answer.run, 5, 1_000).is_err());
}

#[test]
fn several_results_come_one_after_the_other() {
    let (mut client, _) = connect();
    let table = numbers(&mut client, 3);
    let sql = format!("SELECT 1 AS a; UPDATE {table} SET t = N'x'; SELECT i FROM {table} ORDER BY i; SELECT 2 AS b WHERE 1 = 0");
    let all = run_all(&mut client, &sql, &[], options()).unwrap();
    let shapes: Vec<_> = all.iter().map(|table| (table.columns.len(), table.rows.len(), table.done.rows_affected)).collect();
    assert_eq!(shapes, [(1, 1, Some(1)), (0, 0, Some(3)), (1, 3, Some(3)), (1, 0, Some(0))]);
    let first = run_all(&mut client, &format!("DELETE FROM {table} WHERE i = 1; SELECT 1 AS a"), &[], options()).unwrap();
    assert_eq!(first.iter().map(|table| table.done.rows_affected).collect::<Vec<_>>(), [Some(1), Some(1)]);
}

#[test]
fn changes_are_counted() {
    let (mut client, _) = connect();
    let table = numbers(&mut client, 7);
    let done = run(&mut client, &format!("DELETE FROM {table} WHERE i > 2")).unwrap();
    assert_eq!((done.columns.len(), done.done.rows_affected), (0, Some(5)));
    assert_eq!(run(&mut client, "DECLARE @a int").unwrap().done.rows_affected, None);
}

#[test]
fn prints_and_warnings_are_notices() {
    let (mut client, _) = connect();
    let table = run(&mut client, "PRINT N'hello é'; RAISERROR(N'careful', 10, 1); SELECT 1 AS a").unwrap();
    let notices: Vec<_> = table.done.notices.iter().map(|notice| (notice.severity.as_str(), notice.message.as_str())).collect();
    assert_eq!(notices, [("PRINT", "hello é"), ("INFO", "careful")]);
    let done = run(&mut client, "PRINT 'again'").unwrap();
    assert_eq!(done.done.notices.len(), 1);
}

#[test]
fn errors_have_all_that_the_server_said() {
    let (mut client, outside) = connect();
    for (sql, kind, code) in [
        ("SELECT FROM", ErrorKind::Syntax, None),
        ("SELECT * FROM nothing_of_that_name", ErrorKind::Undefined, Some("208")),
        ("SELECT 1 / 0", ErrorKind::InvalidValue, Some("8134")),
        ("SELECT CAST('x' AS int)", ErrorKind::InvalidValue, Some("245")),
        ("EXEC no_such_procedure", ErrorKind::Undefined, Some("2812")),
        ("RAISERROR(N'no', 16, 1)", ErrorKind::InvalidValue, Some("50000")),
    ] {
        let error = run(&mut client, sql).unwrap_err();
        assert_eq!(error.kind, kind, "{sql}: {error:?}");
        assert!(error.connection_usable, "{sql}");
        if let Some(code) = code {
            assert_eq!(error.native_code.as_deref(), Some(code), "{sql}: {error:?}");
        }
        assert_eq!(run(&mut client, "SELECT 1").unwrap().one(), Some("1"), "{sql}");
    }
    let error = run(&mut client, "SELECT 1 AS a;\n\nRAISERROR(N'late', 11, 7)").unwrap_err();
    assert_eq!((error.message.as_str(), error.detail.as_deref()), ("late", Some("class 11, state 7")));
    assert_eq!(outside.dials.get(), 1);
}

#[test]
fn what_breaks_a_rule_names_it() {
    let (mut client, _) = connect();
    let table = fresh("ruled");
    run(&mut client, &format!("CREATE TABLE {table} (a int NOT NULL CONSTRAINT PK_{table} PRIMARY KEY, b int NOT NULL)"))
        .unwrap();
    run(&mut client, &format!("INSERT INTO {table} VALUES (1, 1)")).unwrap();
    let error = run(&mut client, &format!("INSERT INTO {table} VALUES (1, 1)")).unwrap_err();
    assert_eq!((error.kind, error.native_code.as_deref()), (ErrorKind::Constraint, Some("2627")));
    assert!(error.message.contains(&table) && error.object.is_some(), "{error:?}");
    let error = run(&mut client, &format!("INSERT INTO {table} VALUES (2, NULL)")).unwrap_err();
    assert_eq!((error.kind, error.native_code.as_deref()), (ErrorKind::Constraint, Some("515")));
    run(&mut client, &format!("DROP TABLE {table}")).unwrap();
}

#[test]
fn a_long_statement_is_cut_into_packets() {
    let (mut client, _) = connect();
    let long = "x".repeat(60_000);
    let table = run(&mut client, &format!("SELECT LEN('{long}') AS n")).unwrap();
    assert_eq!(table.one(), Some("60000"));
}

#[test]
fn a_row_larger_than_the_limit_is_an_error_and_no_more() {
    let (mut client, _) = crate::support::connect_with(|options| options.options = r#"{"max_row_bytes": 10000}"#.into());
    let error = run(&mut client, "SELECT REPLICATE(CAST(N'x' AS nvarchar(max)), 100000) AS a").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Resources);
    assert!(error.connection_usable);
    assert_eq!(run(&mut client, "SELECT 1").unwrap().one(), Some("1"));
}
