//! Scripts, and how far a call is.

use bulkhead_tests::{Client, Era, Person};
use rmcp::model::ElicitationAction::Accept;
use serde_json::{Value, json};

use super::Rig;

async fn script(rig: &Rig, arguments: Value) -> bulkhead_tests::Answer {
    rig.client.call("execute_script", arguments).await
}

#[tokio::test]
async fn every_statement_is_listed() {
    let rig = Rig::start("script").await;
    for database in ["pg", "lite"] {
        let text = "-- a comment; with a semicolon\nCREATE TABLE s (n int, t text);\nINSERT INTO s VALUES (1, 'a;b'), (2, NULL);\n\
                    SELECT n, t FROM s ORDER BY n;\n";
        let answer = script(&rig, json!({"database_id": database, "script": text})).await.ok();
        let done = answer.structured();
        assert_eq!((done["kept"].clone(), done["not_run"].clone()), (json!(true), json!(0)), "{}", answer.raw());
        let lines: Vec<&Value> = done["statements"].as_array().expect("statements").iter().map(|one| &one["line"]).collect();
        assert_eq!(lines, [&json!(2), &json!(3), &json!(4)]);
        assert_eq!(done["statements"][1]["result"]["rows_affected"], 2);
        assert_eq!(done["statements"][2]["result"]["rows"], json!([[1, "a;b"], [2, null]]));
        assert_eq!(rig.client.query(database, "SELECT count(*) FROM s").await.cell_text(), "2");
    }
}

#[tokio::test]
async fn all_or_nothing() {
    let rig = Rig::start("script_tx").await;
    for database in ["pg", "lite"] {
        let text =
            "CREATE TABLE s (n int PRIMARY KEY);\nINSERT INTO s VALUES (1);\nINSERT INTO s VALUES (1);\nINSERT INTO s VALUES (2)";
        let answer = script(&rig, json!({"database_id": database, "script": text})).await;
        let told = answer.text();
        assert!(
            answer.is_error() && told.contains("Statement 3 (line 3)") && told.contains("Nothing of the script was kept"),
            "{told}"
        );
        assert_eq!((&answer.structured()["kept"], &answer.structured()["not_run"]), (&json!(false), &json!(1)));
        assert_eq!(answer.structured()["statements"].as_array().map(Vec::len), Some(3));
        assert!(rig.client.query(database, "SELECT * FROM s").await.is_error(), "the table isn't there");
        // Each for itself.
        let answer = script(&rig, json!({"database_id": database, "script": text, "single_transaction": false})).await;
        assert!(answer.is_error() && answer.structured()["not_run"] == 1, "{}", answer.raw());
        assert_eq!(rig.client.query(database, "SELECT count(*) FROM s").await.cell_text(), "1");
        let going_on = "INSERT INTO s VALUES (1); INSERT INTO s VALUES (2)";
        let on = json!({"database_id": database, "script": going_on, "single_transaction": false, "stop_on_error": false});
        assert_eq!(script(&rig, on).await.structured()["not_run"], 0);
        assert_eq!(rig.client.query(database, "SELECT count(*) FROM s").await.cell_text(), "2");
    }
    assert_eq!(rig.in_transaction(), 0);
}

#[tokio::test]
async fn what_would_end_the_transaction_is_refused_before_anything_runs() {
    let rig = Rig::start("script_commit").await;
    let answer = script(&rig, json!({"script": "CREATE TABLE s (n int);\nCOMMIT;\nSELECT 1/0"})).await;
    assert!(answer.error().to_string().contains("statement 2 (line 2)"), "{}", answer.raw());
    assert_eq!(rig.server.query(&format!("SELECT to_regclass('{}.s') IS NULL", rig.role.name)), "t");
}

#[tokio::test]
async fn only_where_writing_is_allowed() {
    let rig = Rig::start_with("script_ro", &[(&["databases", "pg", "read_only"], json!(true))]).await;
    assert_eq!(script(&rig, json!({"script": "SELECT 1"})).await.error()["kind"], "read-only");
    let session = rig.session(json!({"database_id": "lite", "read_only": true})).await;
    assert_eq!(script(&rig, json!({"session": session, "script": "SELECT 1"})).await.error()["kind"], "read-only");
    // Where nothing at all can be written there is no such tool.
    let both: [(&[&str], Value); 2] =
        [(&["databases", "pg", "read_only"], json!(true)), (&["databases", "lite", "read_only"], json!(true))];
    let rig = Rig::start_with("script_none", &both).await;
    assert!(!rig.client.tools().await.iter().any(|tool| tool.name == "execute_script"));
}

#[tokio::test]
async fn a_trigger_with_semicolons_of_its_own() {
    let rig = Rig::start("script_trigger").await;
    let text = "CREATE TABLE a (n); CREATE TABLE log (n);
        CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO log VALUES (new.n); INSERT INTO log VALUES (CASE WHEN 1 THEN 2 END); END;
        INSERT INTO a VALUES (1);";
    let _ = script(&rig, json!({"database_id": "lite", "script": text})).await.ok();
    assert_eq!(rig.client.query("lite", "SELECT count(*) FROM log").await.cell_text(), "2");
    let function = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; RETURN 2; END $$; SELECT f();";
    let answer = script(&rig, json!({"script": function})).await.ok();
    assert_eq!(answer.structured()["statements"][1]["result"]["rows"], json!([[2]]));
}

#[tokio::test]
async fn how_far_a_call_is() {
    let rig = Rig::start("progress").await;
    for era in [Era::Stateless, Era::Sessions] {
        let person = Person::says(Accept);
        let client = Client::with_person(&rig.host.url(), era, person.clone()).await;
        // rmcp's client gives every request a token for its progress.
        let answer = client.call("query", json!({"sql": "SELECT pg_sleep(2.6)"})).await;
        assert!(!answer.is_error(), "{}", answer.raw());
        let told = person.told();
        assert!(told.len() >= 2, "{era:?}: {told:?}");
        assert!(told.windows(2).all(|pair| pair[0].0 < pair[1].0), "{told:?}");
        assert!(told[0].1.contains("0 rows so far, 1 s"), "{told:?}");
    }
}
