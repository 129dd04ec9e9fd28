//! How many there may be.

use bulkhead_tests::{Answer, Client};
use serde_json::{Value, json};

use super::{Rig, connected, query, user};

fn message(answer: &Answer) -> String {
    assert_eq!(answer.error()["kind"], "resources", "{}", answer.raw());
    answer.error()["message"].as_str().unwrap().to_owned()
}

async fn connect(client: &Client, rig: &Rig, session: Option<&Value>) -> Answer {
    let mut arguments = json!({"connection_string": rig.string(&rig.other)});
    if let Some(session) = session {
        arguments["session"] = session.clone();
    }
    client.call("connect_database", arguments).await
}

#[tokio::test]
async fn of_one_session_and_of_all() {
    let rig = Rig::start_with("dynamic_limits", &[("max_per_session", json!(2)), ("max", json!(3))]).await;
    let one = rig.older().await;
    let (first, _) = connected(&one, json!({"connection_string": rig.string(&rig.other)})).await;
    let _ = connect(&one, &rig, None).await.ok();
    assert!(message(&connect(&one, &rig, None).await).contains("dynamic.max_per_session"));
    let newest = rig.host.client().await;
    let _ = connect(&newest, &rig, None).await.ok();
    assert!(message(&connect(&newest, &rig, None).await).contains("dynamic.max)"));
    let _ = one.call("disconnect_database", json!({"database_id": first})).await.ok();
    let _ = connect(&newest, &rig, None).await.ok();
}

/// What comes to nothing takes no place, and leaves no session.
#[tokio::test]
async fn a_failure_leaves_nothing() {
    let rig = Rig::start_with("dynamic_failure", &[("max", json!(1)), ("max_per_session", json!(1))]).await;
    let client = rig.older().await;
    let files = rig.host.open_files();
    let wrong = rig.string(&rig.other).replace("secret-of", "secret-off");
    for _ in 0..20 {
        let answer = client.call("connect_database", json!({"connection_string": wrong})).await;
        assert_eq!(answer.error()["kind"], "authentication", "{}", answer.raw());
        assert!(!answer.raw().to_string().contains("dynamic-"), "{}", answer.raw());
    }
    let listed = client.call("list_databases", json!({})).await.ok();
    assert!(!listed.raw().to_string().contains("dynamic-"));
    assert!(rig.host.open_files() < files + 10, "{files} {}", rig.host.open_files());
    let _ = connect(&client, &rig, None).await.ok();
}

/// All at once: as many as there may be connect, each of the others is told why not.
#[tokio::test]
async fn a_thousand_at_once() {
    let rig = Rig::start_with("dynamic_flood", &[("max", json!(8)), ("max_per_session", json!(5))]).await;
    let mut calls = tokio::task::JoinSet::new();
    let session = rig.host.client().await.call("open_session", json!({})).await.ok().structured()["session"].clone();
    for number in 0..20 {
        let (url, string, session) = (rig.host.url(), rig.string(&rig.other), session.clone());
        calls.spawn(async move {
            let client = Client::http(&url, bulkhead_tests::Era::Stateless).await;
            let mut outcomes = Vec::new();
            for _ in 0..50 {
                let mut arguments = json!({"connection_string": string});
                if number % 2 == 0 {
                    arguments["session"] = session.clone();
                }
                let answer = client.call("connect_database", arguments).await;
                let said = answer.is_error().then(|| answer.error()["message"].as_str().unwrap().to_owned());
                let known = |said: &String| said.contains("dynamic.max") || said.contains("connections of this session");
                assert!(said.as_ref().is_none_or(known), "{said:?}");
                outcomes.push(said.is_none());
            }
            outcomes
        });
    }
    let outcomes = calls.join_all().await.concat();
    assert_eq!(outcomes.len(), 1_000);
    let connected = outcomes.iter().filter(|connected| **connected).count();
    assert_eq!(connected, 8);
    assert_eq!(rig.server.backends(&rig.other), 8);
    let client = rig.host.client().await;
    assert_eq!(user(&client, &json!({})).await, rig.role.name);
    assert!(!query(&client, &json!({"session": session}), "SELECT 1").await.is_error());
}
