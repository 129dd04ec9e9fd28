//! The family `pool-registry`, whose `database_connect` takes connection strings, too.

use bulkhead_tests::postgres::Server;
use bulkhead_tests::{Client, Era, Host};
use serde_json::{Value, json};

use super::{config, string};

async fn value(client: &Client, mut arguments: Value) -> Value {
    arguments["sql"] = json!("SELECT current_user::text AS v");
    client.call("query", arguments).await.ok().structured()["rows"][0]["v"].clone()
}

#[tokio::test]
async fn it_connects_and_switches() {
    let server = Server::from_environment();
    let (role, other) = (server.role("dynamic_family"), server.role("dynamic_family"));
    let host = Host::start(config(&server, &role, &[]).set(&["server", "family"], json!("pool-registry"))).await;
    for era in [Era::Stateless, Era::Sessions] {
        for arguments in [
            json!({"connectionString": string(&server, &other)}),
            json!({"host": server.host, "port": server.port, "database": server.database, "username": other.name, "password": other.password, "ssl": true}),
        ] {
            let client = Client::http(&host.url(), era).await;
            let answer = client.call("database_connect", arguments).await.ok();
            let id = answer.structured()["currentDatabase"].clone();
            assert!(id.as_str().unwrap().starts_with("dynamic-"), "{}", answer.raw());
            let session = answer.structured().get("session").map_or(json!({}), |session| json!({"session": session}));
            assert_eq!(session.get("session").is_some(), era == Era::Stateless);
            assert_eq!(value(&client, session.clone()).await, json!(other.name));
            let listed = client.call("database_selector", session.clone()).await.ok();
            assert!(listed.raw().to_string().contains(id.as_str().unwrap()) && listed.structured()["currentDatabase"] == id);
            let mut switch = session.clone();
            switch["databaseId"] = json!("pg");
            let _ = client.call("database_connect", switch).await.ok();
            assert_eq!(value(&client, session.clone()).await, json!(role.name));
            let mut gone = session.clone();
            gone["database_id"] = id;
            let _ = client.call("disconnect_database", gone).await.ok();
        }
        let client = Client::http(&host.url(), era).await;
        let password = "tr0ub4dor-and-more";
        for arguments in [
            json!({"connectionString": format!("postgresql://a:{password}@db.example.com/x")}),
            json!({"host": "db.example.com", "user": "a", "password": password}),
            json!({"host": "localhost", "password": [password]}),
            json!({"databaseId": "pg", "port": password}),
        ] {
            let refused = client.call("database_connect", arguments).await;
            assert!(refused.is_error() && !refused.raw().to_string().contains(password), "{}", refused.raw());
        }
    }
    assert!(!host.log().contains("tr0ub4dor"));
}
