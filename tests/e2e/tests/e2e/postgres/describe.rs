//! `list_tables` and `describe_table` on a schema that has one of everything, with names that need quotes.

use serde_json::json;

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
    let list = async |more: serde_json::Value| {
        let mut arguments = json!({"database_id": "pg", "schema": rig.role.name});
        for (key, value) in more.as_object().expect("an object") {
            arguments[key] = value.clone();
        }
        rig.client.call("list_tables", arguments).await.ok()
    };
    let all = list(json!({})).await;
    let seen = names(&all);
    for name in ["author", ODD, "shelf", "counted", "parts", "parts_2024"] {
        assert!(seen.iter().any(|other| other == name), "{name}: {seen:?}");
    }
    let text = all.structured().to_string();
    for word in ["who writes", "materialized-view", "partitioned-table", "view"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    lists_only_what_users_made(&rig.client, "pg").await;
}

#[tokio::test]
async fn a_table_is_described() {
    let rig = rig().await;
    let describe = async |table: &str| {
        let arguments = json!({"database_id": "pg", "schema": rig.role.name, "table": table});
        rig.client.call("describe_table", arguments).await.ok()
    };
    let odd = describe(ODD).await.structured().to_string();
    for word in [
        "numeric(10,2)",
        "1.50",
        "text[]",
        "author_id",
        "CASCADE",
        "RESTRICT",
        "pair",
        "partial",
        "lower(tags[1])",
        "id > 10",
        "btree",
        "select",
    ] {
        assert!(odd.contains(word), "{word}: {odd}");
    }
    let author = describe("author").await.structured().to_string();
    for word in ["who writes", "as on the cover", "character varying(40)", "Odd"] {
        assert!(author.contains(word), "{word}: {author}");
    }
    let view = describe("shelf").await.structured().to_string();
    assert!(view.contains("SELECT"), "{view}");
}

#[tokio::test]
async fn a_table_that_is_not_there() {
    let rig = rig().await;
    misses_what_is_not_there(&rig.client, "pg").await;
}
