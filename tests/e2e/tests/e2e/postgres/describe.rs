//! `list_tables` and `describe_table` on a schema that has one of everything, with names that need quotes.

use bulkhead_tests::Answer;
use serde_json::json;

use super::Rig;

const SETUP: &str = r#"
    CREATE TABLE author (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(40) NOT NULL UNIQUE);
    COMMENT ON TABLE author IS 'who writes';
    COMMENT ON COLUMN author.name IS 'as on the cover';
    CREATE TABLE "Odd ""name""; --" (
        id bigserial PRIMARY KEY,
        "select" numeric(10,2) DEFAULT 1.50 CHECK ("select" > 0),
        author_id int NOT NULL REFERENCES author (id) ON DELETE CASCADE ON UPDATE RESTRICT,
        doubled numeric GENERATED ALWAYS AS ("select" * 2) STORED,
        tags text[] DEFAULT '{}',
        CONSTRAINT pair UNIQUE (id, author_id)
    );
    CREATE INDEX partial ON "Odd ""name""; --" USING btree (lower(tags[1])) INCLUDE (author_id) WHERE id > 10;
    CREATE VIEW shelf AS SELECT name FROM author;
    CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM author;
    CREATE TABLE parts (n int, d date) PARTITION BY RANGE (d);
    CREATE TABLE parts_2024 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
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
    let list = async |more: serde_json::Value| {
        let mut arguments = json!({"database_id": "pg", "schema": rig.role.name});
        for (key, value) in more.as_object().expect("an object") {
            arguments[key] = value.clone();
        }
        rig.client.call("list_tables", arguments).await.ok()
    };
    let all = list(json!({})).await;
    let seen = names(&all);
    for name in ["author", "Odd \"name\"; --", "shelf", "counted", "parts", "parts_2024"] {
        assert!(seen.iter().any(|other| other == name), "{name}: {seen:?}");
    }
    let text = all.structured().to_string();
    for word in ["who writes", "materialized-view", "partitioned-table", "view"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let elsewhere = rig.client.call("list_tables", json!({"database_id": "pg", "schema": "nowhere"})).await.ok();
    assert!(names(&elsewhere).is_empty());
    let everywhere = names(&rig.client.call("list_tables", json!({"database_id": "pg"})).await.ok());
    assert!(!everywhere.iter().any(|name| name == "pg_class"), "the system's own aren't listed");
}

#[tokio::test]
async fn a_table_is_described() {
    let rig = rig().await;
    let describe = async |table: &str| {
        let arguments = json!({"database_id": "pg", "schema": rig.role.name, "table": table});
        rig.client.call("describe_table", arguments).await.ok()
    };
    let odd = describe("Odd \"name\"; --").await.structured().to_string();
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
    for table in ["nowhere", "", "author; DROP TABLE author", "au%"] {
        let answer = rig.client.call("describe_table", json!({"database_id": "pg", "table": table})).await;
        assert!(answer.is_error(), "{table}: {}", answer.raw());
    }
    assert_eq!(rig.cell("SELECT count(*) FROM author").await, "0");
}
