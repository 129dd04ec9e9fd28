use crate::support::{Client, options, param, run, run_with, through_pgbouncer};
use bulkhead_driver::{QueryOptions, TransactionOptions, Value};
use bulkhead_postgres::session::Session;

fn connect() -> Client {
    let (wire, options) = through_pgbouncer();
    Session::connect(wire, &options).unwrap()
}

#[test]
fn sessions_share_servers_without_meeting() {
    // More than there are servers behind it.
    let mut clients: Vec<Client> = (0..5).map(|_| connect()).collect();
    for round in 0..20_usize {
        for (number, client) in clients.iter_mut().enumerate() {
            let value = i64::try_from(round * 10 + number).unwrap();
            let guarded = QueryOptions { read_only: round % 2 == 0, timeout_ms: Some(5_000), ..options() };
            let sql = ["SELECT $1::int8 AS a", "SELECT $1::int8 AS a, 'b' AS b"][number % 2];
            let table = run_with(client, sql, &[param(Value::Int64(value))], guarded).unwrap();
            assert_eq!(table.rows[0][0].as_deref(), Some(value.to_string().as_str()));
            client.reset().unwrap();
        }
    }
}

#[test]
fn large_results_transactions_and_errors() {
    let mut client = connect();
    for read_only in [false, true] {
        let small = QueryOptions { batch_rows: 700, read_only, ..options() };
        assert_eq!(run_with(&mut client, "SELECT generate_series(1, 5000)", &[], small).unwrap().rows.len(), 5_000);
    }
    client.begin(TransactionOptions { isolation: None, read_only: false }).unwrap();
    run(&mut client, "CREATE TEMP TABLE bounced (a int) ON COMMIT DROP").unwrap();
    run(&mut client, "INSERT INTO bounced VALUES (1)").unwrap();
    assert_eq!(run(&mut client, "SELECT a FROM bounced").unwrap().one(), Some("1"));
    client.reset().unwrap();
    assert!(run(&mut client, "SELECT a FROM bounced").is_err());
    assert_eq!(run(&mut client, "SELECT 1").unwrap().one(), Some("1"));
}

#[test]
fn a_sleep_is_stopped() {
    let (wire, options_) = through_pgbouncer();
    let outside = wire.outside.clone();
    let mut client = Session::connect(wire, &options_).unwrap();
    outside.deadline.set(Some(std::time::Instant::now() + std::time::Duration::from_millis(100)));
    let error = run(&mut client, "SELECT pg_sleep(20)").unwrap_err();
    assert!(error.connection_usable);
    assert_eq!(run(&mut client, "SELECT 1").unwrap().one(), Some("1"));
}
