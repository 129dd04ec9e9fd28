use crate::support::{connect, fresh, param, run};
use bulkhead_driver::{ErrorKind, ExplainOptions, Value};

const PLAN: ExplainOptions = ExplainOptions { analyze: false, read_only: false, timeout_ms: None };

#[test]
fn a_plan_without_running_anything() {
    let (mut client, _) = connect();
    let table = fresh("planned");
    run(&mut client, &format!("CREATE TABLE {table} (a int NOT NULL)")).unwrap();
    let plan = client.explain(&format!("SELECT a FROM {table}"), &[], &PLAN).unwrap();
    assert!(plan.text.contains("SELECT") && plan.text.contains("cost="), "{}", plan.text);
    client.explain(&format!("INSERT INTO {table} VALUES (1)"), &[], &PLAN).unwrap();
    client.explain(&format!("SELECT a FROM {table} WHERE a = @p1"), &[param(Value::Int64(1))], &PLAN).unwrap();
    assert_eq!(run(&mut client, &format!("SELECT COUNT(*) AS n FROM {table}")).unwrap().one(), Some("0"));
    run(&mut client, &format!("DROP TABLE {table}")).unwrap();
}

#[test]
fn after_an_error_statements_run_again() {
    let (mut client, _) = connect();
    let error = client.explain("SELECT a FROM nothing_of_that_name", &[], &PLAN).unwrap_err();
    assert!(error.connection_usable, "{error:?}");
    assert_eq!(run(&mut client, "SELECT 1 AS a").unwrap().one(), Some("1"));
}

#[test]
fn nothing_is_measured_and_nothing_leaves_the_plan_under_read_only() {
    let (mut client, _) = connect();
    let measured = ExplainOptions { analyze: true, ..PLAN };
    assert_eq!(client.explain("SELECT 1", &[], &measured).unwrap_err().kind, ErrorKind::Unsupported);
    let reading = ExplainOptions { read_only: true, ..PLAN };
    let error = client.explain("SET SHOWPLAN_XML OFF; DELETE FROM t", &[], &reading).unwrap_err();
    assert_eq!(error.kind, ErrorKind::ReadOnly);
}
