use crate::support::{connect, fresh, options, run, run_with};
use bulkhead_driver::{QueryOptions, TransactionOptions};

#[test]
fn nothing_of_the_last_caller_is_left() {
    let (mut client, outside) = connect();
    let table = format!("#{}", fresh("left"));
    run(&mut client, &format!("CREATE TABLE {table} (a int)")).unwrap();
    run(&mut client, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE").unwrap();
    run(&mut client, "USE other").unwrap();
    client.begin(TransactionOptions { isolation: None, read_only: false }).unwrap();
    client.reset().unwrap();
    let gone = run(&mut client, &format!("SELECT a FROM {table}")).unwrap_err();
    assert_eq!(gone.native_code.as_deref(), Some("208"));
    assert_eq!(run(&mut client, "SELECT @@TRANCOUNT AS n").unwrap().one(), Some("0"));
    assert_eq!(run(&mut client, "SELECT DB_NAME() AS d").unwrap().one(), Some("shop"));
    let level = "SELECT transaction_isolation_level FROM sys.dm_exec_sessions WHERE session_id = @@SPID";
    assert_eq!(run(&mut client, level).unwrap().one(), Some("2"));
    assert_eq!(outside.dials.get(), 1);
}

#[test]
fn after_reading_it_costs_no_crossing() {
    let (mut client, outside) = connect();
    for _ in 0..3 {
        let before = outside.crossings.get();
        assert_eq!(run(&mut client, "SELECT 1 AS a").unwrap().one(), Some("1"));
        client.reset().unwrap();
        assert_eq!(outside.crossings.get() - before, 1);
    }
}

#[test]
fn an_open_result_is_stopped_first() {
    let (mut client, _) = connect();
    let few = QueryOptions { batch_rows: 1, ..options() };
    client.query("SELECT 1 AS a UNION ALL SELECT 2", &[], &few).unwrap();
    client.reset().unwrap();
    assert_eq!(run_with(&mut client, "SELECT 3 AS a", &[], options()).unwrap().one(), Some("3"));
}
