use crate::support::{connect, run};
use bulkhead_driver::{ErrorKind, Isolation, TransactionOptions};

const PLAIN: TransactionOptions = TransactionOptions { isolation: None, read_only: false };

#[test]
fn what_is_committed_stays_and_what_is_rolled_back_goes() {
    let (mut client, _) = connect();
    run(&mut client, "CREATE TEMP TABLE t (a int)").unwrap();
    client.begin(PLAIN).unwrap();
    run(&mut client, "INSERT INTO t VALUES (1)").unwrap();
    client.commit().unwrap();
    client.begin(PLAIN).unwrap();
    run(&mut client, "INSERT INTO t VALUES (2)").unwrap();
    client.rollback().unwrap();
    client.rollback().unwrap();
    assert_eq!(run(&mut client, "SELECT a FROM t").unwrap().one(), Some("1"));
}

#[test]
fn isolation_levels() {
    let (mut client, _) = connect();
    for (isolation, name) in [
        (Isolation::ReadCommitted, "read committed"),
        (Isolation::RepeatableRead, "repeatable read"),
        (Isolation::Snapshot, "repeatable read"),
        (Isolation::Serializable, "serializable"),
    ] {
        client.begin(TransactionOptions { isolation: Some(isolation), read_only: true }).unwrap();
        assert_eq!(run(&mut client, "SHOW transaction_isolation").unwrap().one(), Some(name));
        assert_eq!(run(&mut client, "SHOW transaction_read_only").unwrap().one(), Some("on"));
        client.commit().unwrap();
    }
}

#[test]
fn mistakes_are_said() {
    let (mut client, _) = connect();
    assert!(client.commit().is_err());
    client.begin(PLAIN).unwrap();
    assert!(client.begin(PLAIN).is_err());
    assert_eq!(run(&mut client, "SELECT x").unwrap_err().kind, ErrorKind::Undefined);
    assert_eq!(run(&mut client, "SELECT 1").unwrap_err().sqlstate.as_deref(), Some("25P02"));
    let error = client.commit().unwrap_err();
    assert_eq!(error.sqlstate.as_deref(), Some("25P02"));
    assert!(error.connection_usable);
    client.ping().unwrap();
    assert_eq!(run(&mut client, "SELECT 1").unwrap().one(), Some("1"));
}

#[test]
fn a_serialization_failure_may_be_tried_again() {
    let (mut one, _) = connect();
    let (mut two, _) = connect();
    run(&mut one, "DROP TABLE IF EXISTS serial").unwrap();
    run(&mut one, "CREATE TABLE serial (a int)").unwrap();
    run(&mut one, "INSERT INTO serial VALUES (0)").unwrap();
    let strict = TransactionOptions { isolation: Some(Isolation::RepeatableRead), read_only: false };
    one.begin(strict).unwrap();
    run(&mut one, "SELECT a FROM serial").unwrap();
    run(&mut two, "UPDATE serial SET a = 1").unwrap();
    let error = run(&mut one, "UPDATE serial SET a = 2").unwrap_err();
    assert_eq!((error.kind, error.retryable), (ErrorKind::Serialization, true));
    one.rollback().unwrap();
    run(&mut one, "DROP TABLE serial").unwrap();
}
