//! Statements, parameters, limits, errors and extensions.

use serde_json::{Value, json};

use super::{Rig, command};

#[tokio::test]
async fn reading_and_writing() {
    let rig = Rig::start("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, price REAL, photo BLOB)").await;
    let insert = "INSERT INTO t (name, price, photo) VALUES (?, ?, x'00ff')";
    let answer = rig.client.query_with("lite", insert, json!(["bolt", 1.25])).await.ok();
    assert!(answer.structured().to_string().contains('1'), "{}", answer.raw());
    let named = rig.client.query_with("lite", "INSERT INTO t (name) VALUES (:name)", json!({"name": "nut"})).await;
    assert!(!named.is_error(), "{}", named.raw());
    assert_eq!(command(&rig.file(), "SELECT id, name, price, hex(photo) FROM t"), "1|bolt|1.25|00FF\n2|nut||");
    let answer = rig.client.query("lite", "SELECT * FROM t ORDER BY id").await;
    assert_eq!(
        answer.rows(),
        [[json!(1), json!("bolt"), json!(1.25), json!("AP8=")], [json!(2), json!("nut"), Value::Null, Value::Null]]
    );
    let empty = rig.client.query("lite", "SELECT id, name FROM t WHERE 0").await;
    assert_eq!(empty.rows(), Vec::<Vec<Value>>::new());
    assert!(empty.structured()["columns"].to_string().contains("name"));
    let returned = rig.client.query("lite", "DELETE FROM t RETURNING id").await;
    assert_eq!(returned.rows().len(), 2);
}

#[tokio::test]
async fn a_column_of_every_storage_class() {
    let rig =
        Rig::start("CREATE TABLE m (v); INSERT INTO m VALUES (1), (1.5), ('one'), (x'01'), (NULL), (9223372036854775807)").await;
    let rows = rig.client.query("lite", "SELECT v FROM m ORDER BY rowid").await.rows();
    assert_eq!(rows[0], [json!(1)]);
    assert_eq!(rows[1], [json!(1.5)]);
    assert_eq!(rows[2], [json!("one")]);
    assert!(rows[3][0].to_string().contains("AQ=="), "{}", rows[3][0]);
    assert_eq!(rows[4], [Value::Null]);
    assert_eq!(rows[5], [json!("9223372036854775807")]);
}

#[tokio::test]
async fn limits() {
    let rig = Rig::start("").await;
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i FROM n";
    let answer = rig.client.query("lite", many).await;
    assert_eq!(answer.rows().len(), 1_000);
    assert!(
        !matches!(answer.structured()["truncated"], Value::Null | Value::Bool(false)),
        "{}",
        answer.structured()["truncated"]
    );
    let all = rig.client.call("query", json!({"database_id": "lite", "sql": many, "max_rows": 100_000})).await.rows();
    assert!(all.len() == 100_000 && all.iter().enumerate().all(|(at, row)| row[0] == json!(at + 1)));
}

#[tokio::test]
async fn errors_say_what_and_where() {
    let rig = Rig::start(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INT NOT NULL CHECK (n > 0), u TEXT UNIQUE); INSERT INTO t VALUES (1, 1, 'a')",
    )
    .await;
    for (sql, kind) in [
        ("SELEC 1", "syntax"),
        ("SELECT 1; SELECT 2", "syntax"),
        ("SELECT * FROM nowhere", "undefined"),
        ("SELECT nosuch FROM t", "undefined"),
        ("INSERT INTO t VALUES (1, 1, 'b')", "constraint"),
        ("INSERT INTO t VALUES (2, 0, 'b')", "constraint"),
        ("INSERT INTO t VALUES (2, NULL, 'b')", "constraint"),
        ("INSERT INTO t VALUES (2, 1, 'a')", "constraint"),
    ] {
        let answer = rig.client.query("lite", sql).await;
        assert_eq!(answer.error()["kind"], kind, "{sql}: {}", answer.error());
    }
    let answer = rig.client.query("lite", "SELECT 'é', nosuch FROM t").await;
    assert_eq!(answer.error()["position"], json!(13), "in characters: {}", answer.error());
    assert_eq!(command(&rig.file(), "SELECT count(*) FROM t"), "1");
}

/// A statement that would run for minutes ends when its time is up, and the connection is good for the next.
#[tokio::test]
async fn the_statement_timeout() {
    let rig = Rig::start_with("", &[(&["pool", "max"], json!(1))]).await;
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let start = std::time::Instant::now();
    let answer = rig.client.call("query", json!({"database_id": "lite", "sql": endless, "timeout_ms": 300})).await;
    assert_eq!(answer.error()["kind"], "timeout", "{}", answer.error());
    assert!(start.elapsed() < std::time::Duration::from_secs(3), "{:?}", start.elapsed());
    let call = rig.client.send("query", json!({"database_id": "lite", "sql": endless})).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    call.cancel(None).await.expect("cancelled");
    assert_eq!(rig.cell("SELECT 'next'").await, "next");
}

#[tokio::test]
async fn json_full_text_and_rtree() {
    let rig = Rig::start("").await;
    assert_eq!(rig.cell("SELECT json_extract('{\"a\": [1, 2]}', '$.a[1]')").await, "2");
    for sql in [
        "CREATE VIRTUAL TABLE words USING fts5(text)",
        "INSERT INTO words VALUES ('the quick brown fox'), ('the lazy dog')",
        "CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, y0, y1)",
        "INSERT INTO boxes VALUES (1, 0, 1, 0, 1), (2, 5, 6, 5, 6)",
    ] {
        assert!(!rig.client.query("lite", sql).await.is_error(), "{sql}");
    }
    assert_eq!(rig.cell("SELECT count(*) FROM words WHERE words MATCH 'lazy'").await, "1");
    assert_eq!(rig.cell("SELECT id FROM boxes WHERE x0 >= 4").await, "2");
}

#[tokio::test]
async fn in_memory() {
    let rig = Rig::start_with("", &[(&["catalog"], json!(":memory:")), (&["pool", "max"], json!(1))]).await;
    assert_eq!(rig.cell("SELECT sqlite_version() > '3'").await, "1");
    assert_eq!(std::fs::read_dir(&rig.directory).expect("the directory").count(), 1, "nothing was written");
}

#[tokio::test]
async fn tables_are_described() {
    let rig = Rig::start(
        "CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
         CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT DEFAULT 'untitled', author INT REFERENCES author (id) ON DELETE CASCADE);
         CREATE INDEX by_title ON book (title) WHERE title <> ''; CREATE VIEW titles AS SELECT title FROM book",
    )
    .await;
    let tables = rig.client.call("list_tables", json!({"database_id": "lite"})).await.ok().structured().to_string();
    for word in ["author", "book", "titles", "view"] {
        assert!(tables.contains(word), "{word}: {tables}");
    }
    let book =
        rig.client.call("describe_table", json!({"database_id": "lite", "table": "book"})).await.ok().structured().to_string();
    for word in ["title", "untitled", "author", "CASCADE", "by_title", "title <> ''"] {
        assert!(book.contains(word), "{word}: {book}");
    }
    let missing = rig.client.call("describe_table", json!({"database_id": "lite", "table": "nowhere"})).await;
    assert!(missing.error().to_string().contains("nowhere"), "{}", missing.raw());
}
