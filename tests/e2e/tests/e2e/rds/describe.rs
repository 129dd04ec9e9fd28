//! `list_tables` and `describe_table` through the service, on a schema that has one of everything.

use serde_json::{Value, json};

use super::Rig;
use crate::shelf::{ODD, SETUP, lists_only_what_users_made, misses_what_is_not_there, names};

async fn rig() -> Rig {
    let rig = Rig::start("describe").await;
    rig.server.sql_as(&rig.role, SETUP);
    rig
}

#[tokio::test]
async fn tables_are_listed() {
    let rig = rig().await;
    let all = rig.client.call("list_tables", json!({"database_id": "rds", "schema": rig.role.name})).await.ok();
    assert_eq!(names(&all), [ODD, "author", "counted", "parts", "parts_2024", "shelf"]);
    let text = all.structured().to_string();
    for word in ["who writes", "materialized-view", "partitioned-table", "view"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    lists_only_what_users_made(&rig.client, "rds").await;
}

/// The same as the driver that speaks PostgreSQL's protocol, but for what depends on the moment.
#[tokio::test]
async fn a_table_is_described_as_by_the_other_driver() {
    let rig = rig().await;
    let config = bulkhead_tests::Config::new().database("pg", rig.server.entry(&rig.role));
    let other = bulkhead_tests::Host::start(config).await;
    let client = other.client().await;
    for table in [ODD, "author", "shelf", "counted", "parts"] {
        let arguments = |id: &str| json!({"database_id": id, "schema": rig.role.name, "table": table});
        let ours = rig.client.call("describe_table", arguments("rds")).await.ok();
        let theirs = client.call("describe_table", arguments("pg")).await.ok();
        assert_eq!(settled(ours.structured()), settled(theirs.structured()), "{table}");
    }
    let odd = rig.client.call("describe_table", json!({"database_id": "rds", "table": ODD})).await.ok();
    for word in ["numeric(10,2)", "1.50", "text[]", "CASCADE", "RESTRICT", "pair", "lower(tags[1])", "id > 10", "btree"] {
        assert!(odd.structured().to_string().contains(word), "{word}: {}", odd.raw());
    }
}

fn settled(answer: &Value) -> Value {
    let mut answer = answer.clone();
    if let Some(object) = answer.as_object_mut() {
        object.retain(|key, _| !["database_id", "elapsed_ms", "size", "size_bytes", "rows"].contains(&key.as_str()));
    }
    answer
}

#[tokio::test]
async fn a_table_that_is_not_there() {
    let rig = rig().await;
    misses_what_is_not_there(&rig.client, "rds").await;
}
