//! `list_tables` and `describe_table` on tables that have one of everything, with names that need quotes.

use bulkhead_tests::Answer;
use serde_json::json;

use super::Rig;

async fn rig() -> (Rig, String) {
    let rig = Rig::start("describe").await;
    let schema = format!("s_{}", rig.login.name);
    rig.server.sql(&format!("CREATE SCHEMA {schema}"));
    for statement in [
        "CREATE TABLE {}.author (id int IDENTITY(5, 2) PRIMARY KEY, name nvarchar(40) COLLATE Cyrillic_General_CI_AS NOT NULL UNIQUE)",
        "EXEC sp_addextendedproperty N'MS_Description', N'who writes', N'SCHEMA', N'{}', N'TABLE', N'author'",
        "EXEC sp_addextendedproperty N'MS_Description', N'as on the cover', N'SCHEMA', N'{}', N'TABLE', N'author', N'COLUMN', N'name'",
        "CREATE TABLE {}.[Odd \"name]]; --] (id bigint NOT NULL, [select] decimal(10, 2) DEFAULT 1.50, author_id int NOT NULL, \
         doubled AS [select] * 2, seen datetimeoffset(3) NULL, body varbinary(max), CONSTRAINT odd_key PRIMARY KEY NONCLUSTERED (id), \
         CONSTRAINT pair UNIQUE (id, author_id), CONSTRAINT positive CHECK ([select] > 0), \
         CONSTRAINT wrote FOREIGN KEY (author_id) REFERENCES {}.author (id) ON DELETE CASCADE)",
        "CREATE INDEX partial ON {}.[Odd \"name]]; --] (author_id DESC) INCLUDE (seen) WHERE author_id > 10",
        "INSERT INTO {}.author (name) VALUES (N'Анна'), (N'Lev')",
    ] {
        rig.server.sql(&statement.replace("{}", &schema));
    }
    rig.server.sql(&format!("CREATE VIEW {schema}.shelf AS SELECT name FROM {schema}.author"));
    (rig, schema)
}

fn names(answer: &Answer) -> Vec<String> {
    let tables = answer.structured()["tables"].as_array().unwrap_or_else(|| panic!("no tables: {}", answer.raw()));
    tables.iter().map(|table| table["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn tables_are_listed() {
    let (rig, schema) = rig().await;
    let all = rig.client.call("list_tables", json!({"database_id": "ms", "schema": schema})).await.ok();
    let mut seen = names(&all);
    seen.sort();
    assert_eq!(seen, ["Odd \"name]; --", "author", "shelf"]);
    let text = all.structured().to_string();
    for word in ["who writes", "view"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let elsewhere = rig.client.call("list_tables", json!({"database_id": "ms", "schema": "nowhere"})).await.ok();
    assert!(names(&elsewhere).is_empty());
}

#[tokio::test]
async fn a_table_is_described() {
    let (rig, schema) = rig().await;
    let describe = async |table: &str| {
        let arguments = json!({"database_id": "ms", "schema": schema, "table": table});
        rig.client.call("describe_table", arguments).await.ok().structured().to_string()
    };
    let odd = describe("Odd \"name]; --").await;
    for word in [
        "decimal(10,2)",
        "1.50",
        "datetimeoffset(3)",
        "varbinary(max)",
        "[select] * 2",
        "primary_key",
        "pair",
        "positive",
        "[select] > 0",
        "wrote",
        "CASCADE",
        "partial",
        "author_id DESC",
        "author_id > 10",
    ] {
        assert!(odd.contains(word), "{word}: {odd}");
    }
    let author = describe("author").await;
    for word in ["who writes", "as on the cover", "nvarchar(40)", "Cyrillic_General_CI_AS", "Odd"] {
        assert!(author.contains(word), "{word}: {author}");
    }
    let view = describe("shelf").await;
    assert!(view.contains("SELECT name FROM"), "{view}");
}

#[tokio::test]
async fn a_table_that_is_not_there() {
    let (rig, schema) = rig().await;
    for table in ["nowhere", "", "author; DROP TABLE author", "au%"] {
        let answer = rig.client.call("describe_table", json!({"database_id": "ms", "schema": schema, "table": table})).await;
        assert!(answer.is_error(), "{table}: {}", answer.raw());
    }
    assert_eq!(rig.cell(&format!("SELECT count(*) FROM {schema}.author")).await, "2");
}
