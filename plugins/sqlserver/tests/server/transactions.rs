use crate::support::{Client, connect, fresh, options, run, run_with};
use bulkhead_driver::{ErrorKind, Isolation, QueryOptions, TransactionOptions};

const PLAIN: TransactionOptions = TransactionOptions { isolation: None, read_only: false };

fn table(client: &mut Client) -> String {
    let table = fresh("moved");
    run(client, &format!("CREATE TABLE {table} (a int NOT NULL)")).unwrap();
    table
}

fn count(client: &mut Client, table: &str) -> String {
    run(client, &format!("SELECT COUNT(*) AS n FROM {table}")).unwrap().one().unwrap().to_owned()
}

#[test]
fn what_is_committed_stays_and_what_is_rolled_back_goes() {
    let (mut client, _) = connect();
    let table = table(&mut client);
    client.begin(PLAIN).unwrap();
    run(&mut client, &format!("INSERT INTO {table} VALUES (1)")).unwrap();
    client.commit().unwrap();
    client.begin(PLAIN).unwrap();
    run(&mut client, &format!("INSERT INTO {table} VALUES (2)")).unwrap();
    client.rollback().unwrap();
    assert_eq!(count(&mut client, &table), "1");
    run(&mut client, &format!("DROP TABLE {table}")).unwrap();
}

#[test]
fn there_is_one_at_a_time() {
    let (mut client, _) = connect();
    client.begin(PLAIN).unwrap();
    assert_eq!(client.begin(PLAIN).unwrap_err().kind, ErrorKind::InvalidValue);
    client.rollback().unwrap();
    assert_eq!(client.commit().unwrap_err().kind, ErrorKind::InvalidValue);
    client.rollback().unwrap();
    assert_eq!(run(&mut client, "SELECT @@TRANCOUNT AS n").unwrap().one(), Some("0"));
}

#[test]
fn levels_are_the_servers_own() {
    let (mut client, _) = connect();
    for (isolation, number) in [
        (Isolation::ReadUncommitted, "1"),
        (Isolation::ReadCommitted, "2"),
        (Isolation::RepeatableRead, "3"),
        (Isolation::Serializable, "4"),
        (Isolation::Snapshot, "5"),
    ] {
        client.begin(TransactionOptions { isolation: Some(isolation), read_only: false }).unwrap();
        let sql = "SELECT transaction_isolation_level FROM sys.dm_exec_sessions WHERE session_id = @@SPID";
        assert_eq!(run(&mut client, sql).unwrap().one(), Some(number), "{isolation:?}");
        client.rollback().unwrap();
    }
}

#[test]
fn a_transaction_that_the_text_ends_has_ended() {
    let (mut client, _) = connect();
    client.begin(PLAIN).unwrap();
    run(&mut client, "ROLLBACK").unwrap();
    assert_eq!(client.commit().unwrap_err().kind, ErrorKind::InvalidValue);
    run(&mut client, "BEGIN TRANSACTION").unwrap();
    client.rollback().unwrap();
    assert_eq!(run(&mut client, "SELECT @@TRANCOUNT AS n").unwrap().one(), Some("0"));
}

#[test]
fn a_read_only_transaction_takes_reads_and_is_rolled_back() {
    let (mut client, _) = connect();
    client.begin(TransactionOptions { isolation: None, read_only: true }).unwrap();
    let reading = QueryOptions { read_only: true, ..options() };
    assert_eq!(run_with(&mut client, "SELECT 1 AS a", &[], reading).unwrap().one(), Some("1"));
    assert_eq!(run(&mut client, "SELECT @@TRANCOUNT AS n").unwrap().one(), Some("1"));
    client.commit().unwrap();
    client.begin(PLAIN).unwrap();
    let error = run_with(&mut client, "SELECT 1 AS a", &[], reading).unwrap_err();
    assert_eq!((error.kind, error.connection_usable), (ErrorKind::ReadOnly, true));
    client.rollback().unwrap();
}
