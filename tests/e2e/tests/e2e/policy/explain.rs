//! `explain_policy` and `bulkhead policy explain` against what then happens.

use std::process::Stdio;

use bulkhead_tests::{Client, Era, Person, environment};
use rmcp::model::ElicitationAction::Decline;
use serde_json::{Value, json};

use super::Rig;

/// Database, statement, and what is decided: `allowed`, `asks`, or the rule that refuses it. What is allowed has an effect, where it can.
const DECISIONS: &[(&str, &str, &str)] = &[
    ("open", "INSERT INTO MAIN.orders VALUES (6, 'x')", "allowed"),
    ("open", "DELETE FROM MAIN.orders WHERE id = 6", "allowed"),
    ("open", "SELECT count(*) FROM OTHER.salaries", "allowed"),
    ("reads", "SELECT count(*) FROM MAIN.orders", "allowed"),
    ("reads", "INSERT INTO MAIN.orders VALUES (7, 'x')", "read_only"),
    ("reads", "SELECT nextval('x')", "read_only"),
    ("reads", "SELECT 1; DROP TABLE MAIN.orders", "read_only"),
    ("reads", "SELEC 1", "read_only"),
    ("reads", "SELECT '\\'", "read_only"),
    ("asks", "SELECT count(*) FROM MAIN.orders", "allowed"),
    ("asks", "DELETE FROM MAIN.orders", "asks"),
    ("few", "SELECT count(*) FROM orders", "allowed"),
    ("few", "UPDATE orders SET note = note", "allowed"),
    ("few", "SELECT * FROM OTHER.salaries", "tables"),
    ("few", "DELETE FROM customers", "tables"),
    ("few", "DO $$ BEGIN DELETE FROM customers; END $$", "tables"),
    ("one", "SELECT count(*) FROM customers", "allowed"),
    ("one", "SELECT * FROM OTHER.orders", "schemas"),
    ("not", "SELECT * FROM OTHER.salaries", "deny_tables"),
    ("quiet", "SELECT upper('a')", "allowed"),
    ("quiet", "SELECT md5('a')", "functions"),
    ("one", "SELECT * FROM elsewhere.MAIN.orders", "catalogs"),
];

fn policies() -> Vec<(&'static str, Value)> {
    vec![
        ("open", json!({})),
        ("reads", json!({"read_only": true})),
        ("asks", json!({"confirm_writes": true})),
        ("few", json!({"tables": ["orders"], "default_schema": "MAIN"})),
        ("one", json!({"schemas": ["MAIN"]})),
        ("not", json!({"deny_tables": ["salaries"]})),
        ("quiet", json!({"functions": {"deny": ["md5"]}})),
    ]
}

#[tokio::test]
async fn the_words_of_what_then_happens() {
    let rig = Rig::start("explains", &policies()).await;
    let mut all = Vec::new();
    for (database, sql, decided) in DECISIONS {
        let answer = rig.call("explain_policy", database, json!({"sql": sql})).await.ok();
        let said = answer.structured().clone();
        match *decided {
            "allowed" => assert!(said["allowed"] == true && said["asks_a_person"] == false, "{sql}: {said}"),
            "asks" => assert!(said["allowed"] == true && said["asks_a_person"] == true, "{sql}: {said}"),
            "read_only" => assert!(said["allowed"] == false && said["rule"] == *decided, "{sql}: {said}"),
            list => {
                assert!(said["allowed"] == false && said["rule"] == list, "{sql}: {said}");
                assert_eq!(said["reads"], sql.starts_with("SELECT"), "what it names is another question: {said}");
            }
        }
        all.push((said, answer.text()));
    }
    assert_eq!((rig.orders().as_str(), rig.server.backends(&rig.role)), ("5", 0), "nothing ran, and nothing was connected to");

    // The command says the same, to the letter.
    let file = rig.host.folder().join("bulkhead.yaml");
    for ((database, sql, _), (said, text)) in DECISIONS.iter().zip(&all).step_by(3) {
        let sql = rig.spelled(sql);
        let arguments = ["policy", "explain", "--config", file.to_str().expect("UTF-8"), "-d", database, &sql];
        let (code, out) = command(&arguments).await;
        assert_eq!(code, i32::from(said["allowed"] != true), "{sql}: {out}");
        assert_eq!(out.trim_end(), text.trim_end(), "{sql}");
        let (_, out) = command(&[&arguments[..], &["--json"]].concat()).await;
        let mut shown: Value = serde_json::from_str(&out).unwrap_or_else(|why| panic!("{why}: {out}"));
        shown["database_id"] = json!(database);
        assert_eq!(&shown, said, "{sql}");
    }
    assert_eq!((rig.orders().as_str(), rig.server.backends(&rig.role)), ("5", 0));

    for ((database, sql, decided), (said, _)) in DECISIONS.iter().zip(&all) {
        let answer = rig.query(database, sql).await;
        match *decided {
            "allowed" => assert!(!answer.is_error(), "{sql}: {}", answer.raw()),
            "asks" => assert!(answer.error().to_string().contains("elicitation"), "{sql}: {}", answer.raw()),
            _ => {
                let error = answer.error();
                assert_eq!((&error["message"], &error["hint"]), (&said["why"], &said["next_step"]), "{sql}: {error}");
            }
        }
    }
    assert_eq!(rig.orders(), "5");
}

#[tokio::test]
async fn a_person_is_asked_where_it_says_so() {
    let rig = Rig::start("explains_asking", &policies()).await;
    let person = Person::says(Decline);
    let client = Client::with_person(&rig.host.url(), Era::Stateless, person.clone()).await;
    for (database, sql, decided) in DECISIONS.iter().filter(|(database, ..)| *database == "asks") {
        let before = person.asked().len();
        let _ = client.call("explain_policy", json!({"database_id": database, "sql": rig.spelled(sql)})).await.ok();
        assert_eq!(person.asked().len(), before, "{sql}: explained");
        let answer = client.query(database, &rig.spelled(sql)).await;
        assert_eq!(
            (answer.is_error(), person.asked().len() - before),
            (*decided == "asks", usize::from(*decided == "asks")),
            "{sql}"
        );
    }
    assert_eq!(rig.orders(), "5");
}

/// As in a session that reads only.
#[tokio::test]
async fn read_only_of_a_session() {
    let rig = Rig::start("explains_reading", &[("open", json!({}))]).await;
    let write = "DELETE FROM MAIN.orders";
    let explained = rig.call("explain_policy", "open", json!({"sql": write, "read_only": true})).await.ok();
    let opened = rig.client.call("open_session", json!({"database_id": "open", "read_only": true})).await.ok();
    let session = opened.structured()["session"].clone();
    let in_session = rig.call("explain_policy", "open", json!({"sql": write, "session": session})).await.ok();
    assert_eq!(explained.structured(), in_session.structured());
    let answer = rig.call("query", "open", json!({"sql": write, "session": session})).await;
    assert_eq!(answer.error()["message"], explained.structured()["why"]);
    assert_eq!(rig.orders(), "5");
}

async fn command(arguments: &[&str]) -> (i32, String) {
    let child =
        tokio::process::Command::new(environment::binary()).args(arguments).stderr(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(std::time::Duration::from_secs(60), child).await.expect("it ends").expect("it starts");
    (output.status.code().expect("a code"), String::from_utf8(output.stdout).expect("UTF-8"))
}
