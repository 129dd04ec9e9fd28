use crate::support::{connect, connect_with, fresh, options, run, run_all, run_with};
use bulkhead_driver::{ErrorKind, QueryOptions};

const READING: fn() -> QueryOptions = || QueryOptions { read_only: true, ..options() };

#[test]
fn what_writes_is_refused_before_it_is_sent() {
    let (mut client, outside) = connect();
    let table = fresh("kept");
    run(&mut client, &format!("CREATE TABLE {table} (a int NOT NULL)")).unwrap();
    let before = outside.crossings.get();
    for sql in [
        format!("INSERT INTO {table} VALUES (1)"),
        format!("SELECT 1 AS a INSERT INTO {table} VALUES (1)"),
        format!("SELECT 1 AS a; INSERT INTO {table} VALUES (1)"),
        format!("SELECT a INTO {table}_copy FROM {table}"),
        format!("DROP TABLE {table}"),
        "EXEC sp_who".to_owned(),
        "COMMIT".to_owned(),
    ] {
        let error = run_with(&mut client, &sql, &[], READING()).unwrap_err();
        assert_eq!((error.kind, error.connection_usable), (ErrorKind::ReadOnly, true), "{sql}");
    }
    assert_eq!(outside.crossings.get(), before);
    assert_eq!(run(&mut client, &format!("SELECT COUNT(*) AS n FROM {table}")).unwrap().one(), Some("0"));
    run(&mut client, &format!("DROP TABLE {table}")).unwrap();
}

#[test]
fn it_runs_in_a_transaction_that_is_over_afterwards() {
    let (mut client, _) = connect();
    let answer = run_with(&mut client, "SELECT @@TRANCOUNT AS n", &[], READING()).unwrap();
    assert_eq!(answer.one(), Some("1"));
    assert_eq!(run(&mut client, "SELECT @@TRANCOUNT AS n").unwrap().one(), Some("0"));
    // Also where the statement fails, or isn't read to its end.
    assert!(run_with(&mut client, "SELECT 1 / 0 AS n", &[], READING()).is_err());
    assert_eq!(run(&mut client, "SELECT @@TRANCOUNT AS n").unwrap().one(), Some("0"));
    let few = QueryOptions { batch_rows: 1, ..READING() };
    let answer = client.query("SELECT 1 AS a UNION ALL SELECT 2", &[], &few).unwrap();
    client.close_part(answer.run).unwrap();
    assert_eq!(run(&mut client, "SELECT @@TRANCOUNT AS n").unwrap().one(), Some("0"));
}

#[test]
fn a_read_only_connection_says_so_to_the_server() {
    let (mut client, _) = connect_with(|options| options.read_only = true);
    let error = run(&mut client, "DELETE FROM t").unwrap_err();
    assert_eq!(error.kind, ErrorKind::ReadOnly);
    let all = run_all(&mut client, "SELECT @@TRANCOUNT AS n", &[], options()).unwrap();
    assert_eq!(all[0].one(), Some("1"));
}
