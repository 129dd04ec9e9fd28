//! A schema that has one of everything, with names that need quotes, for each driver that reaches PostgreSQL.

use bulkhead_tests::{Answer, Client};
use serde_json::json;

pub(crate) const SETUP: &str = r#"
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
    CREATE TABLE parts_2024 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
"#;
/// The table of [`SETUP`] whose name is the worst.
pub(crate) const ODD: &str = "Odd \"name\"; :x --";

/// The names in an answer of `list_tables`.
pub(crate) fn names(answer: &Answer) -> Vec<String> {
    let tables = answer.structured()["tables"].as_array().unwrap_or_else(|| panic!("no tables: {}", answer.raw()));
    tables.iter().map(|table| table["name"].as_str().expect("a name").to_owned()).collect()
}

/// What isn't there is said to be missing, whatever the name would do in a statement; and the tables of [`SETUP`] are as they were.
pub(crate) async fn misses_what_is_not_there(client: &Client, database: &str) {
    for table in ["nowhere", "", "author; DROP TABLE author", "au%"] {
        let answer = client.call("describe_table", json!({"database_id": database, "table": table})).await;
        assert!(answer.is_error(), "{table}: {}", answer.raw());
    }
    assert_eq!(client.query(database, "SELECT count(*) FROM author").await.cell_text(), "0");
}

/// What the system has of its own isn't listed, and nothing is where there is nothing.
pub(crate) async fn lists_only_what_users_made(client: &Client, database: &str) {
    let elsewhere = client.call("list_tables", json!({"database_id": database, "schema": "nowhere"})).await.ok();
    assert!(names(&elsewhere).is_empty());
    let everywhere = names(&client.call("list_tables", json!({"database_id": database})).await.ok());
    assert!(!everywhere.iter().any(|name| name == "pg_class"), "the system's own aren't listed");
}
