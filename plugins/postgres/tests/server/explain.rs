use crate::support::{connect, param, run};
use bulkhead_driver::{ErrorKind, ExplainOptions, TransactionOptions, Value};

const PLAIN: ExplainOptions = ExplainOptions { analyze: false, read_only: false, timeout_ms: None };

#[test]
fn plans_as_json_and_text() {
    let (mut client, _) = connect();
    let plan = client.explain("SELECT * FROM pg_class WHERE oid = $1", &[param(Value::Int64(1259))], &PLAIN).unwrap();
    assert!(plan.text.contains("Index Scan using pg_class_oid_index on pg_class"), "{}", plan.text);
    assert!(plan.text.contains("Index Cond: (oid = "), "{}", plan.text);
    assert!(plan.json.unwrap().starts_with('['));
}

#[test]
fn a_measured_statement_changes_nothing() {
    let (mut client, _) = connect();
    run(&mut client, "CREATE TEMP TABLE e (a int)").unwrap();
    let analyze = ExplainOptions { analyze: true, ..PLAIN };
    for transaction in [false, true] {
        if transaction {
            client.begin(TransactionOptions { isolation: None, read_only: false }).unwrap();
            run(&mut client, "INSERT INTO e VALUES (1)").unwrap();
        }
        let plan = client.explain("INSERT INTO e SELECT generate_series(1, 10)", &[], &analyze).unwrap();
        assert!(plan.text.contains("actual time="), "{}", plan.text);
        let refused = ExplainOptions { read_only: true, ..analyze };
        let error = client.explain("INSERT INTO pg_catalog.pg_description VALUES (0)", &[], &refused).unwrap_err();
        assert!(error.connection_usable, "{error:?}");
        let count = run(&mut client, "SELECT count(*) FROM e").unwrap();
        assert_eq!(count.one(), Some(if transaction { "1" } else { "0" }));
        if transaction {
            client.commit().unwrap();
        }
    }
}

#[test]
fn an_error_points_into_the_statement() {
    let (mut client, _) = connect();
    let error = client.explain("SELECT nothing", &[], &PLAIN).unwrap_err();
    assert_eq!((error.kind, error.position), (ErrorKind::Undefined, Some(8)));
    assert_eq!(run(&mut client, "SELECT 1").unwrap().one(), Some("1"));
}
