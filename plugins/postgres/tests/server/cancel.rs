use crate::support::{connect, options, run, run_with};
use bulkhead_driver::{ErrorKind, QueryOptions, TransactionOptions};
use std::time::{Duration, Instant};

#[test]
fn a_sleep_is_stopped_and_the_connection_stays() {
    let (mut client, outside) = connect();
    let pid = run(&mut client, "SELECT pg_backend_pid()").unwrap().one().unwrap().to_owned();
    for read_only in [false, true] {
        let began = Instant::now();
        outside.deadline.set(Some(began + Duration::from_millis(100)));
        let error = run_with(&mut client, "SELECT pg_sleep(30)", &[], QueryOptions { read_only, ..options() }).unwrap_err();
        assert_eq!((error.kind, error.sqlstate.as_deref()), (ErrorKind::Timeout, Some("57014")));
        assert!(error.connection_usable);
        assert!(began.elapsed() < Duration::from_secs(10));
        assert_eq!(run(&mut client, "SELECT pg_backend_pid()").unwrap().one(), Some(pid.as_str()));
    }
    assert_eq!(outside.dials.get(), 5, "each is cancelled twice, since it was sent just before");
}

#[test]
fn a_statement_is_stopped_however_soon() {
    let (mut client, outside) = connect();
    for _ in 0..40 {
        outside.deadline.set(Some(Instant::now()));
        let error = run(&mut client, "SELECT pg_sleep(20)").unwrap_err();
        assert!(error.kind == ErrorKind::Timeout && error.connection_usable);
    }
    assert_eq!(run(&mut client, "SELECT 1").unwrap().one(), Some("1"));
}

#[test]
fn a_result_is_stopped_between_its_rows() {
    let (mut client, outside) = connect();
    let sql = "SELECT i, pg_sleep(0.02) FROM generate_series(1, 100000) i";
    for transaction in [false, true] {
        if transaction {
            client.begin(TransactionOptions { isolation: None, read_only: false }).unwrap();
        }
        let answer = client.query(sql, &[], &QueryOptions { batch_rows: 5, ..options() }).unwrap();
        outside.deadline.set(Some(Instant::now() + Duration::from_millis(50)));
        let error = loop {
            if let Err(error) = client.next_part(answer.run, 5, 10_000) {
                break error;
            }
        };
        assert_eq!(error.kind, ErrorKind::Timeout);
        assert!(error.connection_usable);
        if transaction {
            assert_eq!(run(&mut client, "SELECT 1").unwrap_err().sqlstate.as_deref(), Some("25P02"));
            client.rollback().unwrap();
        }
        assert_eq!(run(&mut client, "SELECT 1").unwrap().one(), Some("1"));
    }
}

#[test]
fn the_server_knows_the_limit_too() {
    let (mut client, outside) = connect();
    let error =
        run_with(&mut client, "SELECT pg_sleep(30)", &[], QueryOptions { timeout_ms: Some(100), ..options() }).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(error.connection_usable);
    assert_eq!(outside.dials.get(), 1, "the server stopped it by itself");
    let table = run_with(&mut client, "SHOW statement_timeout", &[], QueryOptions { timeout_ms: Some(7_000), ..options() });
    assert_eq!(table.unwrap().one(), Some("7s"));
}

#[test]
fn somebody_else_may_cancel() {
    let (mut client, _) = connect();
    let error = run(&mut client, "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(10)").unwrap_err();
    assert_eq!((error.kind, error.connection_usable), (ErrorKind::Cancelled, true));
}
