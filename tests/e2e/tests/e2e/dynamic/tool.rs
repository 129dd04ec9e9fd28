//! `connect_database` and `disconnect_database`.

use bulkhead_tests::postgres::wait_until;
use bulkhead_tests::{Client, Config, Era, Host};
use serde_json::json;

use super::{Rig, SOON, config, connected, query, string, user};

#[tokio::test]
async fn a_caller_connects_uses_and_closes_its_own() {
    let rig = Rig::start("dynamic_use").await;
    let file = config(&rig.server, &rig.role, &[]);
    let clients = [rig.host.client().await, rig.older().await, Client::stdio(&file.write(), Era::Sessions).await];
    let newest_on_stdio = Client::stdio(&file.write(), Era::Stateless).await;
    for (which, client) in clients.iter().chain([&newest_on_stdio]).enumerate() {
        let (id, place) =
            connected(client, json!({"connection_string": rig.string(&rig.other), "description": "the other's"})).await;
        assert!(id.starts_with("dynamic-") && id.len() > 40, "{id}");
        assert_eq!(place.get("session").is_some(), which == 0, "where there is no session one is opened");
        assert_eq!(user(client, &place).await, rig.other.name);
        // It isn't selected, unless that is asked for.
        let session = place.get("session").map_or(json!({}), |session| json!({"session": session}));
        assert_eq!(user(client, &session).await, rig.role.name);
        let listed = client.call("list_databases", session.clone()).await.ok();
        let mine = listed.structured()["databases"]
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["database_id"] == json!(id))
            .unwrap()
            .clone();
        assert_eq!(
            (&mine["description"], &mine["connected"], &mine["read_only"]),
            (&json!("the other's"), &json!(true), &json!(true))
        );
        let _ = client.call("list_tables", place.clone()).await.ok();
        let health = client.call("health_check", place.clone()).await.ok();
        assert_eq!(health.structured()["databases"][0]["database_id"], json!(id));
        // Read-only is the rule.
        assert_eq!(query(client, &place, "CREATE TABLE no (n int)").await.error()["kind"], "read-only");

        assert!(rig.server.backends(&rig.other) > 0);
        assert_eq!(client.call("disconnect_database", place.clone()).await.ok().structured()["disconnected"], true);
        assert_eq!(query(client, &place, "SELECT 1").await.error()["kind"], "undefined");
        assert!(client.call("disconnect_database", place.clone()).await.is_error());
        wait_until("its connections are closed", SOON, || rig.server.backends(&rig.other) == 0).await;
    }
}

#[tokio::test]
async fn by_parts_and_selected() {
    let rig = Rig::start_with("dynamic_parts", &[("read_only", json!(false))]).await;
    let client = rig.older().await;
    let parts = json!({
        "driver": "postgres", "host": rig.server.host, "port": rig.server.port, "database": rig.server.database,
        "user": rig.other.name, "password": rig.other.password, "select": true,
    });
    let (id, place) = connected(&client, parts).await;
    assert_eq!(user(&client, &json!({})).await, rig.other.name);
    let _ = query(&client, &place, "CREATE TABLE mine (n int)").await.ok();
    let began = client.call("begin_transaction", place.clone()).await.ok();
    let transaction = began.structured()["transaction"].clone();
    let _ = query(&client, &json!({"transaction": transaction}), "INSERT INTO mine VALUES (1)").await.ok();
    let _ = client.call("disconnect_database", place).await.ok();
    // What was open on it is rolled back, and the selection isn't silently another's.
    assert_eq!(rig.server.query(&format!("SELECT count(*) FROM {}.mine", rig.other.name)), "0");
    let answer = query(&client, &json!({}), "SELECT 1").await;
    assert!(answer.error()["message"].as_str().unwrap().contains(&id), "{}", answer.raw());
    assert_eq!(user(&client, &json!({"database_id": "pg"})).await, rig.role.name);
}

#[tokio::test]
async fn without_the_section_there_is_none() {
    let server = bulkhead_tests::postgres::Server::from_environment();
    let role = server.role("dynamic_off");
    let host = Host::start(Config::new().database("pg", server.entry(&role))).await;
    for era in [Era::Stateless, Era::Sessions] {
        let client = Client::http(&host.url(), era).await;
        assert!(client.tools().await.iter().all(|tool| !tool.name.contains("connect")));
        let listed = client.tools().await.into_iter().find(|tool| tool.name == "list_databases").unwrap();
        assert!(listed.input_schema["properties"].as_object().unwrap().is_empty());
        let mut raw = bulkhead_tests::raw::Raw::http(&host.url(), era).await;
        let reply = raw.call("connect_database", json!({"connection_string": string(&server, &role)})).await;
        assert!(reply.error().contains("there is no tool"), "{}", reply.text);
    }
}
