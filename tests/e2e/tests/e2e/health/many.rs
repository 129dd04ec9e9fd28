//! A check of many databases: who isn't used isn't woken.

use bulkhead_tests::{Config, Host};
use serde_json::json;

const DATABASES: usize = 60;

#[tokio::test]
async fn a_check_of_many_asks_those_that_are_used() {
    let mut config = Config::new();
    for number in 0..DATABASES {
        let folder = config.folder().join(format!("d{number}"));
        std::fs::create_dir(&folder).expect("a folder");
        let entry = json!({"driver": "sqlite", "directory": folder, "catalog": "lite.db", "options": {"create": true}});
        config = config.database(&format!("d{number}"), entry);
    }
    let host = Host::start(config).await;
    let client = host.client().await;
    let health = client.call("health_check", json!({})).await.ok();
    assert_eq!(health.structured()["not_asked"], DATABASES);
    assert_eq!(health.structured()["healthy"], true);
    let _ = client.query("d7", "SELECT 1").await.ok();
    let health = client.call("health_check", json!({})).await.ok();
    assert_eq!(health.structured()["not_asked"], DATABASES - 1);
    let asked = health.structured()["databases"].as_array().expect("databases");
    assert_eq!(asked.len(), 1, "{}", health.raw());
    assert_eq!((&asked[0]["database_id"], &asked[0]["state"]), (&json!("d7"), &json!("healthy")));
    // One that is named is asked, whether it was used or not.
    let health = client.call("health_check", json!({"database_id": "d8"})).await.ok();
    assert_eq!(health.structured()["databases"][0]["state"], "healthy");
    assert!(health.structured()["not_asked"].is_null());
}
