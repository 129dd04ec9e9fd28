use crate::support::{Client, connect, connect_with, options, run, run_with};
use bulkhead_driver::{Error, ErrorKind, QueryOptions, TransactionOptions};

fn guarded(client: &mut Client, sql: &str) -> Result<(), Error> {
    run_with(client, sql, &[], QueryOptions { read_only: true, ..options() }).map(drop)
}

/// Statements that write, or try to.
const WRITES: &[&str] = &[
    "INSERT INTO guarded VALUES (2)",
    "WITH x AS (DELETE FROM guarded RETURNING 1) SELECT * FROM x",
    "EXPLAIN ANALYZE INSERT INTO guarded VALUES (2)",
    "SELECT a INTO guarded_too FROM guarded",
    "CREATE TABLE guarded_too (a int)",
    "DO $$ BEGIN SET TRANSACTION READ WRITE; INSERT INTO guarded VALUES (2); END $$",
    "DO $$ BEGIN COMMIT; INSERT INTO guarded VALUES (2); END $$",
    "COMMIT; INSERT INTO guarded VALUES (2)",
    "SELECT set_config('transaction_read_only', 'off', false), count(*) FROM guarded",
    "TRUNCATE guarded",
];

fn count(client: &mut Client) -> String {
    run(client, "SELECT count(*) FROM guarded").unwrap().one().unwrap().to_owned()
}

fn table(client: &mut Client) {
    run(client, "DROP TABLE IF EXISTS guarded, guarded_too").unwrap();
    run(client, "CREATE TABLE guarded (a int)").unwrap();
    run(client, "INSERT INTO guarded VALUES (1)").unwrap();
}

#[test]
fn no_statement_writes() {
    let (mut writer, _) = connect();
    table(&mut writer);
    let (mut client, _) = connect();
    let (mut whole, _) = connect_with(|options| options.read_only = true);
    for round in 0..2 {
        for sql in WRITES {
            assert!(guarded(&mut client, sql).is_err(), "{sql} in round {round}");
            assert!(run(&mut whole, sql).is_err(), "{sql} on a read-only connection");
        }
        // Allowed, and without effect on the next statement.
        for sql in [
            "SET TRANSACTION READ WRITE",
            "BEGIN READ WRITE",
            "COMMIT",
            "ROLLBACK",
            "COMMIT AND CHAIN",
            "SET default_transaction_read_only = off",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
            "SELECT set_config('default_transaction_read_only', 'off', false)",
        ] {
            for client in [&mut client, &mut whole] {
                let _ = guarded(client, sql);
                let error = guarded(client, "INSERT INTO guarded VALUES (3)").unwrap_err();
                assert_eq!((error.kind, error.sqlstate.as_deref()), (ErrorKind::ReadOnly, Some("25006")), "after {sql}");
            }
        }
    }
    assert_eq!(count(&mut writer), "1");
    // The guard is the statement's own: the next may write.
    assert!(run(&mut client, "INSERT INTO guarded VALUES (2)").is_ok());
    assert_eq!(count(&mut writer), "2");

    // In a transaction.
    let begin = |client: &mut Client, read_only| client.begin(TransactionOptions { isolation: None, read_only });
    for escape in ["SET TRANSACTION READ WRITE", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN", "SAVEPOINT a", "COMMIT"] {
        begin(&mut client, true).unwrap();
        let _ = guarded(&mut client, escape);
        let _ = guarded(&mut client, "SET TRANSACTION READ WRITE");
        assert!(guarded(&mut client, "INSERT INTO guarded VALUES (3)").is_err(), "after {escape}");
        client.rollback().unwrap();
    }
    begin(&mut client, false).unwrap();
    let error = guarded(&mut client, "SELECT 1").unwrap_err();
    assert_eq!((error.kind, error.connection_usable), (ErrorKind::ReadOnly, true));
    client.rollback().unwrap();
    begin(&mut whole, false).unwrap();
    assert_eq!(run(&mut whole, "INSERT INTO guarded VALUES (3)").unwrap_err().kind, ErrorKind::ReadOnly);
    whole.rollback().unwrap();
    assert_eq!(count(&mut writer), "2");
    run(&mut writer, "DROP TABLE guarded").unwrap();
}
