//! Whose a connected database is, and when it ends.

use bulkhead_tests::postgres::wait_until;
use bulkhead_tests::{Client, Era};
use rmcp::model::{PaginatedRequestParams, ReadResourceRequestParams};
use serde_json::json;

use super::{Rig, SOON, connected, query, user};

#[tokio::test]
async fn another_session_never_sees_it() {
    let rig = Rig::start("dynamic_isolation").await;
    let (one, two, newest) = (rig.older().await, rig.older().await, rig.host.client().await);
    let (of_one, place) = connected(&one, json!({"connection_string": rig.string(&rig.other), "select": true})).await;
    let (of_newest, with_handle) = connected(&newest, json!({"connection_string": rig.string(&rig.other)})).await;
    let opened = two.call("open_session", json!({})).await.ok().structured()["session"].clone();
    for (id, others) in [
        (
            &of_one,
            vec![
                (&two, json!({"database_id": of_one})),
                (&two, json!({"database_id": of_one, "session": opened})),
                (&newest, json!({"database_id": of_one})),
                (&newest, json!({"database_id": of_one, "session": with_handle["session"]})),
            ],
        ),
        (
            &of_newest,
            vec![
                (&newest, json!({"database_id": of_newest})),
                (&one, json!({"database_id": of_newest})),
                (&two, json!({"database_id": of_newest, "session": opened})),
            ],
        ),
    ] {
        for (client, place) in others {
            for tool in
                ["list_tables", "health_check", "test_connection", "use_database", "begin_transaction", "disconnect_database"]
            {
                let answer = client.call(tool, place.clone()).await;
                assert!(answer.is_error(), "{tool} {}", answer.raw());
            }
            let refused = query(client, &place, "SELECT 1").await;
            let never = query(client, &json!({"database_id": format!("dynamic-{}", "0".repeat(40))}), "SELECT 1").await;
            let words = |answer: &bulkhead_tests::Answer, id: &str| answer.error()["message"].as_str().unwrap().replace(id, "");
            assert_eq!(words(&refused, id), words(&never, &format!("dynamic-{}", "0".repeat(40))), "as one that never was");
            let unknown = query(client, &json!({"database_id": "nowhere"}), "SELECT 1").await;
            for answer in [unknown, client.call("list_databases", json!({})).await, client.call("health_check", json!({})).await]
            {
                let text = answer.raw().to_string();
                assert!(!text.contains(id.as_str()), "{text}");
            }
            let resources = client.peer().list_resources(None::<PaginatedRequestParams>).await.unwrap();
            assert!(!serde_json::to_string(&resources).unwrap().contains(id.as_str()));
            let read = ReadResourceRequestParams::new(format!("bulkhead://{id}/schema"));
            assert!(client.peer().read_resource(read).await.is_err());
        }
    }
    // Its own session sees it everywhere.
    let resources = one.peer().list_resources(None::<PaginatedRequestParams>).await.unwrap();
    assert!(serde_json::to_string(&resources).unwrap().contains(&of_one));
    one.peer().read_resource(ReadResourceRequestParams::new(format!("bulkhead://{of_one}/schema"))).await.unwrap();
    assert_eq!(user(&one, &json!({})).await, rig.other.name);
    assert_eq!(user(&one, &place).await, rig.other.name);
    assert_eq!(user(&newest, &with_handle).await, rig.other.name);
    assert_eq!(user(&two, &json!({})).await, rig.role.name);
}

#[tokio::test]
async fn it_ends_with_its_session() {
    let rig = Rig::start("dynamic_end").await;
    let newest = rig.host.client().await;
    let (_, place) = connected(&newest, json!({"connection_string": rig.string(&rig.other)})).await;
    assert_eq!(rig.server.backends(&rig.other), 1);
    let _ = newest.call("close_session", json!({"session": place["session"]})).await.ok();
    wait_until("closed with its handle's session", SOON, || rig.server.backends(&rig.other) == 0).await;
    assert!(query(&newest, &place, "SELECT 1").await.is_error());

    // The protocol's own session, ended by its client.
    let older = rig.older().await;
    let _ = connected(&older, json!({"connection_string": rig.string(&rig.other)})).await;
    assert_eq!(rig.server.backends(&rig.other), 1);
    older.close().await;
    wait_until("closed with the protocol's session", SOON, || rig.server.backends(&rig.other) == 0).await;

    // A session with a short life, in the middle of a statement.
    let session = newest.call("open_session", json!({"ttl": 4})).await.ok().structured()["session"].clone();
    let (_, place) = connected(&newest, json!({"connection_string": rig.string(&rig.other), "session": session})).await;
    let slow = query(&newest, &place, "SELECT pg_sleep(20)").await;
    assert!(slow.is_error(), "{}", slow.raw());
    wait_until("closed with its session's life", SOON, || rig.server.backends(&rig.other) == 0).await;
}

#[tokio::test]
async fn it_is_closed_when_nobody_uses_it() {
    let rig = Rig::start_with("dynamic_idle", &[("idle_timeout", json!("2s"))]).await;
    for era in [Era::Stateless, Era::Sessions] {
        let client = Client::http(&rig.host.url(), era).await;
        let (_, place) = connected(&client, json!({"connection_string": rig.string(&rig.other)})).await;
        // A statement that runs longer is use.
        assert!(!query(&client, &place, "SELECT pg_sleep(4)").await.is_error());
        wait_until("closed when idle", SOON, || rig.server.backends(&rig.other) == 0).await;
        let gone = query(&client, &place, "SELECT 1").await;
        assert_eq!(gone.error()["kind"], "undefined", "{}", gone.raw());
    }
}

#[tokio::test]
async fn when_the_rules_change_it_ends() {
    let mut rig = Rig::start("dynamic_rules").await;
    let client = rig.host.client().await;
    let (_, place) = connected(&client, json!({"connection_string": rig.string(&rig.other)})).await;
    // Something else changes: it stays.
    rig.host.reconfigure(|config| config.put(&["databases", "pg", "description"], json!("new")));
    rig.host.hang_up();
    wait_until("the change is taken", SOON, || rig.host.log().contains("configuration taken")).await;
    assert_eq!(user(&client, &place).await, rig.other.name);
    rig.host.reconfigure(|config| config.put(&["dynamic", "ports"], json!([1])));
    rig.host.hang_up();
    wait_until("closed when it isn't allowed any more", SOON, || rig.server.backends(&rig.other) == 0).await;
    assert!(query(&client, &place, "SELECT 1").await.is_error());
    let again = client.call("connect_database", json!({"connection_string": rig.string(&rig.other)})).await;
    assert!(again.error()["message"].as_str().unwrap().contains("dynamic.ports"), "{}", again.raw());
}
