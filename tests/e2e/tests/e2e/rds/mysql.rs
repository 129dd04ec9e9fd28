//! The MySQL engine, with MariaDB behind the stand-in.

use std::sync::atomic::{AtomicU32, Ordering};

use bulkhead_tests::postgres::Server;
use bulkhead_tests::rds::{Fixture, Keys, SECRET};
use bulkhead_tests::{Answer, Client, Config, Host, environment};
use serde_json::{Value, json};

/// A host with the database `my`, a schema of this test's own, and `reader`, the same read-only.
struct Rig {
    fixture: Fixture,
    _host: Host,
    client: Client,
    schema: String,
}

impl Rig {
    async fn start(purpose: &str) -> Rig {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let schema = format!("bulkhead_{purpose}_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let server: Value = serde_json::from_str(&environment::wanted("BULKHEAD_TEST_MARIADB")).expect("JSON");
        let postgres = Server::from_environment();
        let settings = json!({
            "mysql": {"port": server["port"], "database": server["database"]},
            "secrets": {SECRET: {"user": server["user"], "password": server["password"]}},
        });
        let fixture = Fixture::start_as(&postgres, postgres.user("owner"), true, &[Keys::from_environment()], settings);
        let mut entry = fixture.entry();
        entry["options"] = json!({"engine": "mysql"});
        let with = |catalog: &str, read_only: bool| {
            let mut entry = entry.clone();
            (entry["catalog"], entry["read_only"]) = (json!(catalog), json!(read_only));
            entry
        };
        let config = Config::new()
            .set(&["server", "toolsets"], json!(["sessions", "transactions", "administration"]))
            .database("maker", with("bulkhead", false))
            .database("my", with(&schema, false))
            .database("reader", with(&schema, true));
        let host = Host::start(config).await;
        let client = host.client().await;
        let _ = client.query("maker", &format!("CREATE DATABASE {schema}")).await.ok();
        Rig { fixture, _host: host, client, schema }
    }

    async fn run(&self, sql: &str) -> Answer {
        self.client.query("my", sql).await.ok()
    }

    async fn ask(&self, tool: &str, more: Value) -> Answer {
        let mut arguments = json!({"database_id": "my"});
        arguments.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        self.client.call(tool, arguments).await.ok()
    }
}

#[tokio::test]
async fn statements_and_parameters() {
    let rig = Rig::start("query").await;
    let _ = rig.run("CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, name varchar(20), price decimal(10,2), data blob)").await;
    let values = json!(["O'Reilly \\ \"x\" ?", 1.5, {"base64": "AP8="}]);
    let inserted = rig.client.query_with("my", "INSERT INTO t (name, price, data) VALUES (?, ?, ?) -- ?", values).await.ok();
    assert_eq!(inserted.structured()["rows_affected"], 1);
    assert!(inserted.structured().to_string().contains("generated_1"), "{}", inserted.raw());
    let answer = rig.client.query_with("my", "SELECT id, name, price, data, '?' FROM t WHERE id = :id", json!({"id": 1})).await;
    assert_eq!(answer.rows(), [[json!(1), json!("O'Reilly \\ \"x\" ?"), json!("1.50"), json!("AP8="), json!("?")]]);
    let empty = rig.client.query("my", "SELECT id AS lonely FROM t WHERE false").await;
    assert!(empty.structured()["columns"].to_string().contains("lonely"), "{}", empty.raw());
    let limited = rig.client.call("query", json!({"database_id": "my", "sql": "SELECT 1 UNION SELECT 2", "max_rows": 1})).await;
    assert_eq!(limited.rows().len(), 1);
}

#[tokio::test]
async fn values() {
    let rig = Rig::start("types").await;
    let _ = rig
        .run(
            "CREATE TABLE v (a tinyint, b smallint unsigned, c mediumint, d int unsigned, e bigint, f bigint unsigned, g decimal(30,5),
             h float, i double, j bit(1), k bit(12), l date, m time, n datetime(3), o timestamp NULL, p year, q char(3), r varchar(9),
             s text, t binary(2), u varbinary(5), w blob, x enum('small','large'), y set('p','q'))",
        )
        .await;
    let row = "INSERT INTO v VALUES (-128, 65535, -8388608, 4294967295, -9223372036854775808, 18446744073709551615,
        -1234567890123456789012345.67890, 0.5, 1e300, b'1', b'101010101010', '2024-02-29', '-12:00:01', '2024-02-29 10:00:00.120',
        '2024-02-29 10:00:00', 1999, 'abc', 'é😀', 'long', x'00ff', x'00', x'ff', 'large', 'p,q')";
    let _ = rig.run(row).await;
    let _ = rig.run("INSERT INTO v () VALUES ()").await;
    let rows = rig.run("SELECT * FROM v ORDER BY a IS NULL").await.rows();
    let expected = json!([
        -128,
        65535,
        -8388608,
        4294967295_u32,
        "-9223372036854775808",
        "18446744073709551615",
        "-1234567890123456789012345.67890",
        0.5,
        "1e300",
        true,
        "Cqo=",
        "2024-02-29",
        "-12:00:01",
        "2024-02-29T10:00:00.12",
        "2024-02-29T10:00:00",
        1999,
        "abc",
        "é😀",
        "long",
        "AP8=",
        "AA==",
        "/w==",
        "large",
        "p,q"
    ]);
    let expected = expected.as_array().expect("an array");
    for (at, (ours, expected)) in rows[0].iter().zip(expected).enumerate() {
        let same = if at == 8 { ours.as_f64() == Some(1e300) } else { ours == expected };
        assert!(same, "column {at}: {ours}, not {expected}");
    }
    assert!(rows[1].iter().all(Value::is_null), "{:?}", rows[1]);
}

#[tokio::test]
async fn errors() {
    let rig = Rig::start("errors").await;
    let _ = rig.run("CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL)").await;
    let _ = rig.run("INSERT INTO t VALUES (1, 1)").await;
    for (sql, kind, sqlstate) in [
        ("SELEC 1", "syntax", "42000"),
        ("SELECT * FROM nowhere", "undefined", "42S02"),
        ("SELECT nothing FROM t", "undefined", "42S22"),
        ("INSERT INTO t VALUES (1, 1)", "constraint", "23000"),
        ("INSERT INTO t VALUES (2, NULL)", "constraint", "23000"),
        ("SELECT * FROM mysql.user", "permission", "42000"),
    ] {
        let answer = rig.client.query("my", sql).await;
        assert_eq!(
            (&answer.error()["kind"], &answer.error()["sqlstate"]),
            (&json!(kind), &json!(sqlstate)),
            "{sql}: {}",
            answer.error()
        );
    }
    let answer = rig.client.query("my", "SELECT repeat('x', 600000), repeat('y', 600000)").await;
    assert_eq!(answer.error()["kind"], "resources", "{}", answer.error());
}

#[tokio::test]
async fn read_only_and_transactions() {
    let rig = Rig::start("readonly").await;
    let _ = rig.run("CREATE TABLE t (n int)").await;
    let _ = rig.run("CREATE FUNCTION write_it() RETURNS int BEGIN INSERT INTO t VALUES (9); RETURN 1; END").await;
    let _ = rig.run("CREATE VIEW innocent AS SELECT write_it() AS n").await;
    for sql in [
        "INSERT INTO t VALUES (2)",
        "COMMIT",
        "SELECT write_it()",
        "SELECT * FROM innocent",
        "SELECT 1 INTO @a",
        "SET autocommit = 1",
    ] {
        let _ = rig.client.query("reader", sql).await;
        assert_eq!(rig.run("SELECT count(*) FROM t").await.cell(), json!(0), "{sql}");
    }
    for sql in ["SELECT count(*) FROM t", "SHOW TABLES", "DESCRIBE t", "EXPLAIN SELECT * FROM t"] {
        let _ = rig.client.query("reader", sql).await.ok();
    }
    for (end, kept) in [("rollback", 0), ("commit", 1)] {
        let transaction = rig.ask("begin_transaction", json!({})).await.structured()["transaction"].clone();
        let insert = json!({"transaction": transaction, "sql": "INSERT INTO t VALUES (1)"});
        let _ = rig.client.call("query", insert).await.ok();
        let _ = rig.client.call(end, json!({"transaction": transaction})).await.ok();
        assert_eq!(rig.run("SELECT count(*) FROM t").await.cell(), json!(kept), "{end}");
    }
    assert_eq!(rig.fixture.seen().await["transactions"], 0);
}

#[tokio::test]
async fn what_is_there() {
    let rig = Rig::start("describe").await;
    for sql in [
        "CREATE TABLE author (id int AUTO_INCREMENT PRIMARY KEY, name varchar(40) NOT NULL UNIQUE COMMENT 'as on the cover') COMMENT 'who writes'",
        "CREATE TABLE book (id bigint PRIMARY KEY, author_id int NOT NULL, price decimal(10,2) DEFAULT 1.50, doubled decimal(11,2)
         GENERATED ALWAYS AS (price * 2) STORED, KEY by_price (price, author_id), CONSTRAINT wrote FOREIGN KEY (author_id)
         REFERENCES author (id) ON DELETE CASCADE ON UPDATE RESTRICT)",
        "CREATE VIEW shelf AS SELECT name FROM author",
        "CREATE TRIGGER stamped BEFORE INSERT ON book FOR EACH ROW SET NEW.price = NEW.price",
        "CREATE FUNCTION twice(n int) RETURNS int DETERMINISTIC RETURN 2 * n",
    ] {
        let _ = rig.run(sql).await;
    }
    let holds = |answer: &Answer, words: &[&str]| {
        let text = answer.structured().to_string();
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
    };
    holds(&rig.ask("list_tables", json!({})).await, &["author", "book", "shelf", "view", "who writes"]);
    holds(&rig.ask("list_schemas", json!({})).await, &[&rig.schema]);
    holds(&rig.ask("list_routines", json!({"name": "TWI%"})).await, &["twice", "n int", "function"]);
    holds(&rig.ask("server_info", json!({})).await, &["MySQL", "10.11", "bulkhead@", &rig.schema]);
    let book = rig.ask("describe_table", json!({"table": "book"})).await;
    holds(&book, &["decimal(10,2)", "1.50", "by_price", "wrote", "CASCADE", "RESTRICT", "stamped", "btree", "generated"]);
    let author = rig.ask("describe_table", json!({"table": "author", "schema": rig.schema})).await;
    holds(&author, &["as on the cover", "varchar(40)", "identity", "book", "referenced_by"]);
    holds(&rig.ask("describe_table", json!({"table": "shelf"})).await, &["select"]);
    let missing = rig.client.call("describe_table", json!({"database_id": "my", "table": "nowhere"})).await;
    assert_eq!(missing.error()["kind"], "undefined", "{}", missing.raw());
    holds(&rig.ask("search_objects", json!({"text": "COVER"})).await, &["name", "author", "varchar(40)"]);
    holds(&rig.ask("table_stats", json!({"table": "book"})).await, &["InnoDB", "data_bytes"]);
    holds(&rig.ask("user_info", json!({})).await, &["bulkhead@", "SELECT"]);
    holds(&rig.ask("explain", json!({"sql": "SELECT * FROM book"})).await, &["book"]);
}
