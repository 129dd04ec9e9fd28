//! Databases whose writes are put to the person at the client first.

use bulkhead_tests::{Client, Era, Person};
use rmcp::model::ElicitationAction::{Accept, Cancel, Decline};
use serde_json::{Value, json};

use super::Rig;

const ERAS: [Era; 2] = [Era::Stateless, Era::Sessions];

async fn rig(purpose: &str) -> Rig {
    let rig = Rig::start_with(purpose, &[(&["databases", "pg", "confirm_writes"], json!(true))]).await;
    rig.server.sql_as(&rig.role, &format!("CREATE TABLE {}.t (n int)", rig.role.name));
    rig
}

async fn rows(rig: &Rig) -> String {
    rig.server.query(&format!("SELECT count(*) FROM {}.t", rig.role.name))
}

#[tokio::test]
async fn a_yes_runs_it_and_a_no_does_not() {
    let rig = rig("confirm").await;
    let mut expected = 0;
    for era in ERAS {
        for says in [Accept, Decline, Cancel] {
            let person = Person::says(says.clone());
            let client = Client::with_person(&rig.host.url(), era, person.clone()).await;
            let writes = [
                ("query", json!({"sql": "INSERT INTO t VALUES (7)"})),
                ("execute_script", json!({"script": "INSERT INTO t VALUES (7);"})),
            ];
            for (tool, arguments) in writes {
                let before = person.asked().len();
                let answer = client.call(tool, arguments).await;
                assert_eq!(answer.is_error(), says != Accept, "{era:?} {says:?} {tool}: {}", answer.raw());
                expected += u32::from(says == Accept);
                assert_eq!(rows(&rig).await, expected.to_string(), "{era:?} {says:?} {tool}");
                let asked = person.asked();
                assert_eq!(asked.len(), before + 1, "asked once: {asked:?}");
                assert!(
                    asked.last().is_some_and(|text| text.contains("INSERT INTO t VALUES (7)") && text.contains("pg")),
                    "{asked:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn reading_asks_nobody() {
    let rig = rig("confirm_read").await;
    for era in ERAS {
        let person = Person::says(Decline);
        let client = Client::with_person(&rig.host.url(), era, person.clone()).await;
        for (tool, arguments) in [
            ("query", json!({"sql": "SELECT count(*) FROM t"})),
            ("explain", json!({"sql": "DELETE FROM t"})),
            ("list_tables", json!({})),
        ] {
            let _ = client.call(tool, arguments).await.ok();
        }
        assert_eq!(person.asked(), [""; 0]);
        let refused = client.call("explain", json!({"sql": "DELETE FROM t", "analyze": true})).await;
        assert!(refused.is_error() && person.asked().len() == 1, "{}", refused.raw());
    }
}

/// What reads by its text and writes all the same is stopped by the database, unasked.
#[tokio::test]
async fn what_only_seems_to_read_writes_nothing() {
    let rig = rig("confirm_sly").await;
    let name = &rig.role.name;
    rig.server.sql_as(
        &rig.role,
        &format!("CREATE FUNCTION {name}.sly() RETURNS int LANGUAGE sql AS 'INSERT INTO {name}.t VALUES (1) RETURNING n'"),
    );
    let person = Person::says(Decline);
    let client = Client::with_person(&rig.host.url(), Era::Stateless, person.clone()).await;
    let answer = client.call("query", json!({"sql": "SELECT sly()"})).await;
    assert!(answer.is_error(), "{}", answer.raw());
    assert_eq!(rows(&rig).await, "0");
}

#[tokio::test]
async fn a_transaction_asks_at_its_beginning_and_for_each_write() {
    let rig = rig("confirm_tx").await;
    for era in ERAS {
        let person = Person::says(Accept);
        let client = Client::with_person(&rig.host.url(), era, person.clone()).await;
        let begun = client.call("begin_transaction", json!({})).await.ok();
        let transaction = begun.structured()["transaction"].clone();
        for sql in ["INSERT INTO t VALUES (1)", "SELECT count(*) FROM t", "DELETE FROM t"] {
            let _ = client.call("query", json!({"transaction": transaction, "sql": sql})).await.ok();
        }
        let _ = client.call("rollback", json!({"transaction": transaction})).await.ok();
        assert_eq!(person.asked().len(), 3, "{:?}", person.asked());
        let sober = client.call("begin_transaction", json!({"read_only": true})).await.ok();
        assert_eq!(person.asked().len(), 3);
        let _ = client.call("rollback", json!({"transaction": sober.structured()["transaction"]})).await.ok();
    }
}

#[tokio::test]
async fn a_client_that_cannot_ask_writes_nothing() {
    let rig = rig("confirm_absent").await;
    for era in ERAS {
        let client = Client::with_person(&rig.host.url(), era, Person::absent()).await;
        let answer = client.call("query", json!({"sql": "INSERT INTO t VALUES (1)"})).await;
        assert!(answer.error().to_string().contains("elicitation"), "{}", answer.raw());
        assert!(client.call("execute_script", json!({"script": "INSERT INTO t VALUES (1)"})).await.is_error());
        assert!(client.call("begin_transaction", json!({})).await.is_error());
        let _ = client.call("query", json!({"sql": "SELECT 1"})).await.ok();
    }
    assert_eq!(rows(&rig).await, "0");
}

/// The newest protocol's answers come with the call: forged, repeated, or about another statement they are none.
#[tokio::test]
async fn answers_that_are_none() {
    let rig = rig("confirm_forged").await;
    let ask = |sql: &str, answer: Option<(&Value, &str)>| {
        let mut params = json!({
            "name": "query",
            "arguments": {"sql": sql},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
            },
        });
        if let Some((state, action)) = answer {
            params["requestState"] = state.clone();
            params["inputResponses"] = json!({"confirm": {"action": action}});
        }
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    };
    let send = async |body: Value| {
        let answer = reqwest::Client::new()
            .post(rig.host.url())
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", "query")
            .json(&body)
            .send()
            .await
            .expect("an answer");
        let text = answer.text().await.expect("text");
        let line = text.lines().find_map(|line| line.strip_prefix("data: ").filter(|data| data.starts_with('{')));
        let message: Value = serde_json::from_str(line.unwrap_or(&text)).unwrap_or_else(|why| panic!("{why}: {text}"));
        message["result"].clone()
    };
    let (one, other) = ("INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)");
    let asked = send(ask(one, None)).await;
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let state = &asked["requestState"];
    // About another statement; and who tried that has to ask again.
    assert_eq!(send(ask(other, Some((state, "accept")))).await["resultType"], "input_required");
    assert_eq!(send(ask(one, Some((state, "accept")))).await["resultType"], "input_required");
    assert_eq!(send(ask(one, Some((&json!("confirm-00"), "accept")))).await["resultType"], "input_required");
    assert_eq!(rows(&rig).await, "0");
    let state = &send(ask(one, None)).await["requestState"];
    let done = send(ask(one, Some((state, "accept")))).await;
    assert_ne!(done["isError"], true, "{done}");
    assert_eq!(rows(&rig).await, "1");
    // Once.
    assert_eq!(send(ask(one, Some((state, "accept")))).await["resultType"], "input_required");
    assert_eq!(rows(&rig).await, "1");
}

#[tokio::test]
async fn nobody_reads_a_wall_of_text() {
    let rig = rig("confirm_long").await;
    let person = Person::says(Accept);
    let client = Client::with_person(&rig.host.url(), Era::Stateless, person.clone()).await;
    let sql = format!("INSERT INTO t VALUES (1) /* {} */", "x".repeat(20_000));
    let answer = client.call("query", json!({"sql": sql})).await;
    assert!(answer.error().to_string().contains("too many to be put to a person"), "{}", answer.raw());
    assert_eq!(person.asked(), [""; 0]);
}
