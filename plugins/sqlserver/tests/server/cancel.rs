use crate::support::{connect, options, run, run_with};
use bulkhead_driver::{ErrorKind, QueryOptions, TransactionOptions};
use std::time::{Duration, Instant};

const SLEEP: &str = "WAITFOR DELAY '00:00:30'";

#[test]
fn a_sleep_is_stopped_and_the_connection_stays() {
    let (mut client, outside) = connect();
    let session = run(&mut client, "SELECT @@SPID AS s").unwrap().one().unwrap().to_owned();
    for transaction in [false, true] {
        if transaction {
            client.begin(TransactionOptions { isolation: None, read_only: false }).unwrap();
        }
        let began = Instant::now();
        outside.deadline.set(Some(began + Duration::from_millis(100)));
        let error = run(&mut client, SLEEP).unwrap_err();
        assert_eq!((error.kind, error.connection_usable), (ErrorKind::Timeout, true), "{error:?}");
        assert!(began.elapsed() < Duration::from_secs(10));
        assert_eq!(run(&mut client, "SELECT @@SPID AS s").unwrap().one(), Some(session.as_str()));
    }
    client.rollback().unwrap();
    assert_eq!(outside.dials.get(), 1);
}

#[test]
fn a_statement_is_stopped_however_soon() {
    let (mut client, outside) = connect();
    for delay in 0..40 {
        outside.deadline.set(Some(Instant::now() + Duration::from_micros(delay * 100)));
        let error = run(&mut client, SLEEP).unwrap_err();
        assert!(error.kind == ErrorKind::Timeout && error.connection_usable, "{error:?}");
    }
    assert_eq!(run(&mut client, "SELECT 1 AS a").unwrap().one(), Some("1"));
}

/// The deadline may pass before, while and after the answer comes: whichever it is, the next answer is the next statement's.
#[test]
fn an_answer_is_never_another_statements() {
    let (mut client, outside) = connect();
    for round in 0..200_u64 {
        outside.deadline.set(Some(Instant::now() + Duration::from_micros(round * 13)));
        for read_only in [false, true] {
            let sql = format!("SELECT {round} AS a");
            match run_with(&mut client, &sql, &[], QueryOptions { read_only, ..options() }) {
                Ok(table) => assert_eq!(table.one(), Some(round.to_string().as_str())),
                Err(error) => assert!(error.kind == ErrorKind::Timeout && error.connection_usable, "{error:?}"),
            }
        }
        outside.deadline.set(None);
    }
    assert_eq!(run(&mut client, "SELECT @@TRANCOUNT AS n").unwrap().one(), Some("0"));
}
