//! Sessions over a script: what is sent, in which order, and what is sent again. The values of answers are elsewhere's tests.

use super::Session;
use crate::protocol::Operation;
use crate::service::{Answer, Service, Unanswered};
use bulkhead_driver::call::Interruption;
use bulkhead_driver::{
    ConnectOptions, Error, ErrorKind, ExplainOptions, Isolation, QueryOptions, Readiness, TransactionOptions, Value,
};
use serde_json::{Value as Json, json};
use std::collections::VecDeque;

type Told = Result<Answer, Unanswered>;

/// Answers in order, and what was asked.
#[derive(Debug, Default)]
struct Script {
    answers: VecDeque<Told>,
    asked: Vec<(Operation, Json)>,
    waits: Vec<u32>,
    notes: Vec<String>,
    /// What every wait is answered with.
    interruption: Option<Interruption>,
}

impl Service for Script {
    fn call(&mut self, operation: Operation, body: &[u8]) -> Told {
        self.asked.push((operation, serde_json::from_slice(body).unwrap()));
        self.answers.pop_front().expect("a request that the script doesn't have")
    }

    fn wait(&mut self, milliseconds: u32) -> Option<Interruption> {
        self.waits.push(milliseconds);
        self.interruption
    }

    fn random(&mut self) -> u32 {
        u32::MAX
    }

    fn note(&mut self, message: &str) {
        self.notes.push(message.to_owned());
    }
}

fn ok(body: Json) -> Told {
    Ok(Answer { status: 200, error_type: None, body: body.to_string().into_bytes() })
}

fn exception(status: u16, name: &str, message: &str) -> Told {
    let body = json!({ "message": message }).to_string().into_bytes();
    Ok(Answer { status, error_type: Some(name.to_owned()), body })
}

fn rows(values: &[i64]) -> Told {
    let records: Vec<Json> = values.iter().map(|value| json!([{ "longValue": value }])).collect();
    ok(json!({"records": records, "columnMetadata": [{"name": "n", "typeName": "INT"}]}))
}

fn written(count: i64) -> Told {
    ok(json!({"numberOfRecordsUpdated": count, "generatedFields": []}))
}

fn begun() -> Told {
    ok(json!({"transactionId": "t-1"}))
}

fn ended() -> Told {
    ok(json!({"transactionStatus": "done"}))
}

fn resuming() -> Told {
    exception(400, "DatabaseResumingException", "resuming")
}

fn lost() -> Told {
    Err(Unanswered::Lost("cut off".into()))
}

fn session(engine: &str, answers: Vec<Told>) -> Session<Script> {
    let options = json!({"resource_arn": "r", "secret_arn": "s", "engine": engine, "max_retries": 3}).to_string();
    let options = ConnectOptions {
        catalog: Some("c".into()),
        user: None,
        application_name: "test".into(),
        read_only: false,
        timeout_ms: 1_000,
        options,
    };
    Session::connect(Script { answers: answers.into(), ..Script::default() }, &options).unwrap()
}

fn query(read_only: bool) -> QueryOptions {
    QueryOptions { read_only, timeout_ms: None, max_rows: None, batch_rows: 100, batch_bytes: 1 << 20 }
}

fn run(session: &mut Session<Script>, sql: &str, read_only: bool) -> Result<super::Answer, Error> {
    session.query(sql, &[], &query(read_only))
}

/// Operations and statements, as they were sent.
fn sent(session: &Session<Script>) -> Vec<String> {
    let shown = |(operation, body): &(Operation, Json)| match body["sql"].as_str() {
        Some(sql) => sql.to_owned(),
        None => operation.path().to_owned(),
    };
    session.service.asked.iter().map(shown).collect()
}

#[test]
fn a_statement_is_one_request() {
    let mut session = session("mysql", vec![written(3)]);
    let answer = session.query("INSERT INTO t VALUES (?)", &[parameter(7)], &query(false)).unwrap();
    assert_eq!(answer.done.unwrap().rows_affected, Some(3));
    let (operation, body) = &session.service.asked[0];
    assert_eq!(
        (*operation, &body["database"], &body["sql"]),
        (Operation::Execute, &json!("c"), &json!("INSERT INTO t VALUES (:p1)"))
    );
    assert_eq!(body["parameters"], json!([{"name": "p1", "value": {"longValue": 7}}]));
}

fn parameter(value: i64) -> bulkhead_driver::Parameter {
    bulkhead_driver::Parameter { name: None, value: Value::Int64(value), type_hint: None }
}

#[test]
fn generated_keys_are_outputs() {
    let answer = ok(json!({"numberOfRecordsUpdated": 2, "generatedFields": [{"longValue": 41}, {"longValue": 42}]}));
    let mut session = session("mysql", vec![answer]);
    let done = run(&mut session, "INSERT INTO t VALUES (1), (2)", false).unwrap().done.unwrap();
    assert_eq!(done.outputs.len(), 2);
    assert_eq!(done.outputs[1].name.as_deref(), Some("generated_2"));
}

#[test]
fn a_read_only_statement_has_a_transaction_of_its_own() {
    let mut session = session("mysql", vec![begun(), written(0), rows(&[1]), ended()]);
    run(&mut session, "SELECT 1", true).unwrap();
    assert_eq!(sent(&session), ["/BeginTransaction", "SET TRANSACTION READ ONLY", "SELECT 1", "/RollbackTransaction"]);
    assert_eq!(session.service.asked[2].1["transactionId"], "t-1");
    for sql in ["INSERT INTO t VALUES (1)", "COMMIT", "SET autocommit = 1", "CALL p()", "ROLLBACK"] {
        assert_eq!(run(&mut session, sql, true).unwrap_err().kind, ErrorKind::ReadOnly, "{sql}");
    }
    assert_eq!(session.service.asked.len(), 4, "nothing was sent for them");
}

/// MySQL's answer where the service has begun it in a way that settles it: it is rolled back whatever happens, also by `commit`.
#[test]
fn read_only_where_it_is_too_late() {
    let late = || {
        exception(
            400,
            "DatabaseErrorException",
            "Transaction characteristics can't be changed while a transaction is in progress; SQLState: 25001",
        )
    };
    let mut session = session("mysql", vec![begun(), late(), rows(&[1]), ended(), begun(), late(), ended()]);
    run(&mut session, "SELECT 1", true).unwrap();
    session.begin(TransactionOptions { isolation: None, read_only: true }).unwrap();
    session.commit().unwrap();
    assert_eq!(sent(&session).iter().filter(|one| *one == "/RollbackTransaction").count(), 2, "{:?}", sent(&session));
    assert!(!sent(&session).contains(&"/CommitTransaction".to_owned()));
}

#[test]
fn what_cannot_have_run_is_sent_again_with_growing_waits() {
    let throttled = || exception(400, "ThrottlingException", "slower");
    let mut session =
        session("postgresql", vec![throttled(), resuming(), exception(503, "ServiceUnavailableError", ""), written(1)]);
    run(&mut session, "DELETE FROM t", false).unwrap();
    assert_eq!(session.service.asked.len(), 4);
    let waits = &session.service.waits;
    assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]), "{waits:?}");
    assert!(waits.iter().zip([100, 200, 400]).all(|(wait, most)| (most / 2..=most).contains(wait)), "{waits:?}");
}

#[test]
fn it_ends_with_the_number_of_retries_or_with_the_time() {
    let mut patient = session("postgresql", (0..4).map(|_| resuming()).collect());
    let error = run(&mut patient, "SELECT 1", false).unwrap_err();
    assert_eq!((error.kind, error.retryable, patient.service.asked.len()), (ErrorKind::Connection, true, 4));
    let mut hurried = session("postgresql", vec![resuming()]);
    hurried.service.interruption = Some(Interruption::Timeout);
    let error = run(&mut hurried, "SELECT 1", false).unwrap_err();
    assert_eq!((error.kind, error.detail.as_deref()), (ErrorKind::Timeout, Some("resuming")));
}

#[test]
fn what_may_have_run_is_sent_again_only_if_it_reads() {
    for (sql, times) in
        [("SELECT 1", 3), ("SHOW TABLES", 3), ("INSERT INTO t VALUES (1)", 1), ("SELECT 1 FOR UPDATE", 1), ("CALL p()", 1)]
    {
        let mut session = session("mysql", vec![lost(), lost(), lost()]);
        assert_eq!(run(&mut session, sql, false).unwrap_err().kind, ErrorKind::Connection);
        assert_eq!(session.service.asked.len(), times, "{sql}");
    }
    // In a transaction not even that: what was lost may have been its end.
    let mut session = session("mysql", vec![begun(), lost(), ended()]);
    session.begin(TransactionOptions { isolation: None, read_only: false }).unwrap();
    let error = run(&mut session, "SELECT 1", false).unwrap_err();
    assert!(!error.connection_usable, "its state isn't known");
    assert_eq!(sent(&session), ["/BeginTransaction", "SELECT 1", "/RollbackTransaction"]);
}

#[test]
fn a_commit_is_not_sent_twice() {
    let mut session = session("postgresql", vec![begun(), written(0), lost()]);
    session.begin(TransactionOptions { isolation: Some(Isolation::Serializable), read_only: false }).unwrap();
    let error = session.commit().unwrap_err();
    assert!(!error.retryable && error.detail.is_some_and(|detail| detail.contains("not known")));
    assert_eq!(sent(&session), ["/BeginTransaction", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "/CommitTransaction"]);
}

/// The word that the call should end comes once, to whatever is asked next; the rollback goes out all the same.
#[test]
fn an_interrupted_statement_is_ended_with_its_transaction() {
    let interrupted = || Err(Unanswered::Interrupted(Interruption::Cancelled));
    let mut session = session("postgresql", vec![begun(), written(0), interrupted(), ended()]);
    assert_eq!(run(&mut session, "SELECT pg_sleep(9)", true).unwrap_err().kind, ErrorKind::Cancelled);
    assert_eq!(sent(&session).last().unwrap(), "/RollbackTransaction");
}

#[test]
fn a_transaction_that_is_gone_is_rolled_back() {
    let gone = exception(404, "TransactionNotFoundException", "not found");
    let mut session = session("postgresql", vec![begun(), gone]);
    session.begin(TransactionOptions { isolation: None, read_only: false }).unwrap();
    session.reset().unwrap();
    session.reset().unwrap();
    assert_eq!(session.service.asked.len(), 2);
}

#[test]
fn plans_of_mysql() {
    let text = |text: &str| {
        ok(json!({"records": [[{"stringValue": text}]], "columnMetadata": [{"name": "EXPLAIN", "typeName": "VARCHAR"}]}))
    };
    let mut session = session("mysql", vec![text("{}"), begun(), text("-> Rows"), ended()]);
    let options = |analyze| ExplainOptions { analyze, read_only: false, timeout_ms: None };
    assert_eq!(session.explain("SELECT 1", &[], &options(false)).unwrap().json.as_deref(), Some("{}"));
    assert_eq!(session.explain("SELECT 1", &[], &options(true)).unwrap().text, "-> Rows");
    assert_eq!(
        sent(&session),
        ["EXPLAIN FORMAT=JSON SELECT 1", "/BeginTransaction", "EXPLAIN ANALYZE SELECT 1", "/RollbackTransaction"]
    );
}

#[test]
fn a_paused_cluster_answers_a_ping_that_it_is_resuming() {
    let mut session = session("postgresql", vec![resuming(), exception(404, "DatabaseNotFoundException", "gone")]);
    assert_eq!(session.ping().unwrap(), Readiness::Resuming);
    assert_eq!(session.service.notes.len(), 1);
    assert_eq!(session.ping().unwrap_err().kind, ErrorKind::Undefined);
}

/// Too large for one answer: MySQL has no cursor over the service, and says so.
#[test]
fn too_large_for_mysql() {
    let large = exception(400, "BadRequestException", "Database returned more than the allowed response size limit");
    let mut session = session("mysql", vec![large]);
    let error = run(&mut session, "SELECT * FROM t", false).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Resources);
    assert!(error.hint.is_some_and(|hint| hint.contains("1 MiB")));
}
