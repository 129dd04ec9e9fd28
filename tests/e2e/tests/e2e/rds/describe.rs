//! `list_tables` and `describe_table` through the service, on a schema that has one of everything.

use bulkhead_tests::Answer;
use serde_json::{Value, json};

use super::Rig;

const SETUP: &str = r#"
    CREATE TABLE author (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(40) NOT NULL UNIQUE);
    COMMENT ON TABLE author IS 'who writes';
    COMMENT ON COLUMN author.name IS 'as on the cover';
    CREATE TABLE "Odd ""name""; :x --" (
        id bigserial PRIMARY KEY,
        "select" numeric(10,2) DEFAULT 1.50 CHECK ("select" > 0),
        author_id int NOT NULL REFERENCES author (id) ON DELETE CASCADE ON UPDATE RESTRICT,
        doubled numeric GENERATED ALWAYS AS ("select" * 2) STORED,
        tags text[] DEFAULT '{}',
        CONSTRAINT pair UNIQUE (id, author_id)
    );
    CREATE INDEX partial ON "Odd ""name""; :x --" USING btree (lower(tags[1])) INCLUDE (author_id) WHERE id > 10;
    CREATE VIEW shelf AS SELECT name FROM author;
    CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM author;
    CREATE TABLE parts (n int, d date) PARTITION BY RANGE (d);
"#;

async fn rig() -> Rig {
    let rig = Rig::start("describe").await;
    rig.server.sql_as(&rig.role, SETUP);
    rig
}

fn names(answer: &Answer) -> Vec<String> {
    let tables = answer.structured()["tables"].as_array().unwrap_or_else(|| panic!("no tables: {}", answer.raw()));
    tables.iter().map(|table| table["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn tables_are_listed() {
    let rig = rig().await;
    let all = rig.client.call("list_tables", json!({"database_id": "rds", "schema": rig.role.name})).await.ok();
    assert_eq!(names(&all), ["Odd \"name\"; :x --", "author", "counted", "parts", "shelf"]);
    let text = all.structured().to_string();
    for word in ["who writes", "materialized-view", "partitioned-table", "view"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let elsewhere = rig.client.call("list_tables", json!({"database_id": "rds", "schema": "nowhere"})).await.ok();
    assert!(names(&elsewhere).is_empty());
    let everywhere = names(&rig.client.call("list_tables", json!({"database_id": "rds"})).await.ok());
    assert!(!everywhere.iter().any(|name| name == "pg_class"), "the system's own aren't listed");
}

/// The same as the driver that speaks PostgreSQL's protocol, but for what depends on the moment.
#[tokio::test]
async fn a_table_is_described_as_by_the_other_driver() {
    let rig = rig().await;
    let config = bulkhead_tests::Config::new().database("pg", rig.server.entry(&rig.role));
    let other = bulkhead_tests::Host::start(config).await;
    let client = other.client().await;
    for table in ["Odd \"name\"; :x --", "author", "shelf", "counted", "parts"] {
        let arguments = |id: &str| json!({"database_id": id, "schema": rig.role.name, "table": table});
        let ours = rig.client.call("describe_table", arguments("rds")).await.ok();
        let theirs = client.call("describe_table", arguments("pg")).await.ok();
        assert_eq!(settled(ours.structured()), settled(theirs.structured()), "{table}");
    }
    let odd = rig.client.call("describe_table", json!({"database_id": "rds", "table": "Odd \"name\"; :x --"})).await.ok();
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
    for table in ["nowhere", "", "author; DROP TABLE author", "au%"] {
        let answer = rig.client.call("describe_table", json!({"database_id": "rds", "table": table})).await;
        assert!(answer.is_error(), "{table}: {}", answer.raw());
    }
    assert_eq!(rig.cell("SELECT count(*) FROM author").await, "0");
}
