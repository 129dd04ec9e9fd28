//! What is written to under another name: T-SQL's and MySQL's aliases, and T-SQL's OUTPUT … INTO and MERGE.

use super::super::{Policy, Refusal, Request, Subject, Verdict, decide};
use super::{MS, MY};
use crate::config::PolicyConfig;

const LISTED: &str = r#"{"tables": ["orders", "hr.orders"]}"#;
const DENIED: &str = r#"{"deny_tables": ["secret"]}"#;

fn judged(dialect: &str, json: &str, sql: &str) -> Result<Verdict, Refusal> {
    let config: PolicyConfig = serde_json::from_str(json).unwrap();
    let policy = Policy::new(&config, dialect, Some("shop"));
    decide(&policy, &Request { subject: Subject::Statement(sql), read_only: false, agreed: false })
}

#[test]
fn an_alias_is_the_table_that_it_stands_for() {
    for sql in [
        "UPDATE o SET a = 1 FROM orders AS o",
        "UPDATE O SET o.a = 1 FROM dbo.orders o JOIN hr.orders h ON h.id = o.id WHERE h.b = 2",
        "UPDATE h SET a = 1 FROM orders o JOIN hr.orders AS h ON h.id = o.id",
        "UPDATE secret SET a = 1 FROM orders AS secret",
        "UPDATE d SET a = 1 FROM (SELECT a FROM orders) AS d",
        "UPDATE orders SET a = 1 FROM orders",
        "DELETE o FROM orders AS o",
        "DELETE o FROM orders o INNER JOIN hr.orders h ON h.id = o.id WHERE h.b = 2",
        "DELETE orders FROM orders",
        "UPDATE o SET a = 1 OUTPUT inserted.a FROM orders AS o",
    ] {
        for json in [LISTED, DENIED] {
            assert_eq!(judged(MS, json, sql), Ok(Verdict::Checked), "{json}: {sql}");
        }
        assert!(judged(MS, r#"{"tables": ["o", "d", "h", "secret"]}"#, sql).is_err(), "an alias is listed: {sql}");
    }
    for sql in [
        "UPDATE s SET a = 1 FROM secret AS s",
        "UPDATE s SET a = 1 FROM orders o JOIN secret s ON s.id = o.id",
        "UPDATE o SET a = 1 FROM orders o JOIN secret s ON s.id = o.id",
        "UPDATE orders SET a = 1 FROM secret AS orders",
        "UPDATE secret SET a = 1 FROM orders AS o",
        "UPDATE secret SET a = 1 FROM orders",
        "UPDATE dbo.secret SET a = 1 FROM orders AS secret",
        "UPDATE o SET a = (SELECT 1 FROM secret) FROM orders AS o",
        "UPDATE d SET a = 1 FROM (SELECT a FROM secret) AS d",
        "UPDATE o SET a = 1 FROM (SELECT * FROM orders AS o) AS x, secret",
        "DELETE s FROM secret AS s",
        "DELETE secret FROM orders AS o",
        "DELETE secret FROM orders",
        "DELETE dbo.secret FROM orders AS secret",
        "DELETE o FROM orders AS o JOIN secret s ON s.id = o.id",
        "INSERT INTO orders (a) OUTPUT inserted.a INTO secret VALUES (1)",
        "INSERT orders (a) OUTPUT inserted.a INTO secret VALUES (1)",
        "UPDATE orders SET a = 1 OUTPUT inserted.a INTO secret",
        "DELETE FROM orders OUTPUT deleted.a INTO secret",
    ] {
        for json in [LISTED, DENIED] {
            assert!(judged(MS, json, sql).is_err(), "{json} let through: {sql}");
        }
    }
    for (sql, allowed) in [
        ("DELETE o FROM orders AS o", true),
        ("DELETE o, h FROM orders AS o JOIN hr.orders AS h ON h.id = o.id", true),
        ("DELETE s FROM orders AS o JOIN secret AS s ON s.id = o.id", false),
        ("DELETE secret FROM orders JOIN secret ON 1", false),
    ] {
        assert_eq!(judged(MY, r#"{"tables": ["orders", "hr.orders"], "default_schema": "shop"}"#, sql).is_ok(), allowed, "{sql}");
    }
}

#[test]
fn merges() {
    let on = "ON o.id = h.id WHEN MATCHED AND h.gone = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET o.a = h.a \
              WHEN NOT MATCHED BY TARGET THEN INSERT (id, a) VALUES (h.id, h.a) WHEN NOT MATCHED BY SOURCE THEN DELETE";
    for sql in [
        format!("MERGE INTO orders AS o USING hr.orders AS h {on};"),
        format!("MERGE dbo.orders o USING (SELECT * FROM hr.orders) AS h {on} OUTPUT $action, inserted.id;"),
        format!("MERGE INTO orders AS o USING (VALUES (1, 2, 0)) AS h (id, a, gone) {on};"),
    ] {
        for json in [LISTED, DENIED] {
            assert_eq!(judged(MS, json, &sql), Ok(Verdict::Checked), "{json}: {sql}");
        }
    }
    for sql in [
        format!("MERGE INTO secret AS o USING orders AS h {on};"),
        format!("MERGE INTO orders AS o USING secret AS h {on};"),
        format!("MERGE INTO orders AS o USING (SELECT * FROM secret) AS h {on};"),
        format!("MERGE INTO orders AS o USING hr.orders AS h {on} OUTPUT inserted.id INTO secret;"),
        format!("MERGE orders AS o USING hr.orders AS h {on} OUTPUT inserted.id INTO secret (id);"),
        format!("MERGE INTO orders AS o USING hr.orders AS h {on} DELETE FROM secret;"),
        format!("MERGE INTO orders AS o USING hr.orders AS h {on} OUTPUT inserted.id DELETE secret;"),
        format!("MERGE INTO orders AS o USING hr.orders AS h {on}; DELETE FROM secret;"),
        format!("MERGE INTO orders AS o USING hr.orders AS h {on} UPDATE secret SET a = 1;"),
        format!("MERGE INTO orders AS o USING hr.orders AS h {on} SHUTDOWN;"),
        format!(
            "MERGE INTO orders AS o USING hr.orders AS h {on} MERGE INTO secret USING orders ON 1 = 1 WHEN MATCHED THEN DELETE;"
        ),
        "MERGE INTO orders AS o USING hr.orders AS h ON (SELECT 1 FROM secret) = 1 WHEN MATCHED THEN DELETE;".to_owned(),
    ] {
        for json in [LISTED, DENIED] {
            assert!(judged(MS, json, &sql).is_err(), "{json} let through: {sql}");
        }
    }
    let read_only = judged(MS, r#"{"read_only": true}"#, &format!("MERGE INTO orders AS o USING hr.orders AS h {on};"));
    assert!(read_only.is_err_and(|why| why.is_write()));
}
