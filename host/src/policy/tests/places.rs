//! Less usual places where PostgreSQL lets a table be named: an expression that is walked past there would be read past the lists.

use super::super::{Policy, Request, Subject, decide};
use super::PG;
use crate::config::PolicyConfig;

const PLACES: &[&str] = &[
    "SELECT * FROM orders NATURAL JOIN secret",
    "SELECT * FROM orders JOIN secret AS j USING (id)",
    "SELECT * FROM orders CROSS JOIN (orders o JOIN secret ON true)",
    "SELECT * FROM orders WHERE EXISTS (TABLE secret)",
    "SELECT (TABLE secret)",
    "SELECT ARRAY(TABLE secret)",
    "SELECT 1 WHERE 1 IN (TABLE secret)",
    "SELECT 1 EXCEPT DISTINCT TABLE secret",
    "SELECT 1 UNION ALL (TABLE secret)",
    "VALUES ((TABLE secret))",
    "WITH x AS MATERIALIZED (TABLE secret) SELECT * FROM x",
    "WITH RECURSIVE x AS (SELECT 1 UNION ALL SELECT a FROM secret) SELECT * FROM x",
    "INSERT INTO orders TABLE secret",
    "CREATE TABLE orders AS TABLE secret",
    "CREATE VIEW orders AS TABLE secret",
    "CREATE MATERIALIZED VIEW orders AS SELECT * FROM secret",
    "CREATE OR REPLACE VIEW orders AS SELECT * FROM secret",
    "CREATE RECURSIVE VIEW orders (a) AS SELECT * FROM secret",
    "COPY (TABLE secret) TO STDOUT",
    "SELECT sum(a) OVER w FROM orders WINDOW w AS (ORDER BY (SELECT 1 FROM secret))",
    "SELECT sum(a) OVER (ROWS (SELECT 1 FROM secret) PRECEDING) FROM orders",
    "SELECT DISTINCT ON ((SELECT 1 FROM secret)) 1 FROM orders",
    "SELECT * FROM orders OFFSET (SELECT 1 FROM secret)",
    "SELECT * FROM orders FETCH FIRST (SELECT 1 FROM secret) ROWS ONLY",
    "SELECT a FROM orders GROUP BY GROUPING SETS ((a), ((SELECT 1 FROM secret)))",
    "SELECT a FROM orders GROUP BY ROLLUP ((SELECT 1 FROM secret))",
    "SELECT string_agg(a, ',' ORDER BY (SELECT 1 FROM secret)) FROM orders",
    "SELECT percentile_cont((SELECT 0.5 FROM secret)) WITHIN GROUP (ORDER BY a) FROM orders",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY (SELECT a FROM secret)) FROM orders",
    "SELECT CASE (SELECT 1 FROM secret) WHEN 1 THEN 2 END",
    "SELECT CASE WHEN true THEN 1 ELSE (SELECT 1 FROM secret) END",
    "SELECT a[(SELECT 1 FROM secret)] FROM orders",
    "SELECT a[1:(SELECT 1 FROM secret)] FROM orders",
    "SELECT ROW((SELECT 1 FROM secret))",
    "SELECT ((SELECT s FROM secret s)).a",
    "SELECT f(x => (SELECT 1 FROM secret))",
    "SELECT f(VARIADIC ARRAY(SELECT 1 FROM secret))",
    "SELECT coalesce(NULL, (SELECT 1 FROM secret))",
    "SELECT extract(year FROM (SELECT now() FROM secret))",
    "SELECT substring((SELECT a FROM secret) FROM 1 FOR 2)",
    "SELECT overlay('a' PLACING (SELECT a FROM secret) FROM 1)",
    "SELECT position((SELECT a FROM secret) IN 'a')",
    "SELECT trim(BOTH (SELECT a FROM secret) FROM 'a')",
    "SELECT CAST((SELECT a FROM secret) AS text)",
    "SELECT (SELECT a FROM secret)::text COLLATE \"C\" AT TIME ZONE 'UTC'",
    "SELECT 1 BETWEEN 0 AND (SELECT 1 FROM secret)",
    "SELECT 1 BETWEEN SYMMETRIC (SELECT 1 FROM secret) AND 0",
    "SELECT 'a' LIKE (SELECT a FROM secret) ESCAPE '!'",
    "SELECT 'a' SIMILAR TO (SELECT a FROM secret)",
    "SELECT (SELECT a FROM secret) IS DISTINCT FROM 1",
    "SELECT (1, 2) = (SELECT 1, 2 FROM secret)",
    "SELECT 1 = ANY (SELECT a FROM secret)",
    "SELECT 1 > ALL (TABLE secret)",
    "SELECT xmlelement(NAME a, (SELECT a FROM secret))",
    "SELECT * FROM generate_series(1, (SELECT 3 FROM secret))",
    "SELECT * FROM unnest(ARRAY(SELECT a FROM secret)) WITH ORDINALITY",
    "SELECT * FROM LATERAL (SELECT * FROM secret) s",
    "SELECT * FROM ROWS FROM (generate_series(1, (SELECT 1 FROM secret)))",
    "SELECT * FROM orders TABLESAMPLE SYSTEM ((SELECT 1 FROM secret))",
    "SELECT * FROM orders WHERE (SELECT true FROM ONLY secret)",
    "SELECT * FROM secret *",
    "UPDATE orders SET (a, b) = (SELECT 1, 2 FROM secret)",
    "UPDATE orders SET a = 1 WHERE id = (SELECT 1 FROM secret) RETURNING a",
    "UPDATE orders SET a = 1 RETURNING (SELECT 1 FROM secret)",
    "DELETE FROM orders RETURNING (SELECT 1 FROM secret)",
    "DELETE FROM orders o USING orders p JOIN secret ON true",
    "INSERT INTO orders (a) OVERRIDING SYSTEM VALUE SELECT a FROM secret",
    "INSERT INTO orders VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1 WHERE (SELECT true FROM secret)",
    "MERGE INTO orders USING (TABLE secret) s ON true WHEN MATCHED THEN DELETE",
    "MERGE INTO orders o USING orders p ON true WHEN MATCHED AND (SELECT true FROM secret) THEN DELETE",
    "MERGE INTO orders o USING orders p ON true WHEN MATCHED THEN UPDATE SET a = (SELECT 1 FROM secret)",
    "MERGE INTO orders o USING orders p ON true WHEN NOT MATCHED THEN INSERT VALUES ((SELECT 1 FROM secret))",
    "ALTER TABLE orders INHERIT secret",
    "ALTER TABLE orders ATTACH PARTITION secret DEFAULT",
    "ALTER TABLE orders SET SCHEMA hr",
    "ALTER INDEX orders_pkey RENAME TO secret",
    "CREATE TABLE reporting.daily_x (a int, LIKE secret INCLUDING ALL)",
    "CREATE TABLE reporting.daily_x OF secret",
    "CREATE RULE r AS ON SELECT TO orders DO INSTEAD SELECT * FROM secret",
    "CREATE POLICY p ON orders USING ((SELECT true FROM secret))",
    "CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW WHEN ((SELECT true FROM secret)) EXECUTE FUNCTION f()",
    "CREATE SEQUENCE s OWNED BY secret.a",
    "CREATE STATISTICS s ON a, b FROM secret",
    "DECLARE c CURSOR FOR SELECT * FROM secret",
    "PREPARE p AS SELECT * FROM secret",
    "EXPLAIN VERBOSE SELECT * FROM orders WHERE EXISTS (SELECT 1 FROM secret)",
    "LOCK TABLE secret",
    "SELECT * FROM orders FOR UPDATE OF orders; SELECT * FROM secret",
];

#[test]
fn each_is_seen() {
    for json in [r#"{"tables": ["orders", "reporting.daily_*"]}"#, r#"{"deny_tables": ["secret", "hr.*"]}"#] {
        let config: PolicyConfig = serde_json::from_str(json).unwrap();
        let policy = Policy::new(&config, PG, Some("shop"));
        let through: Vec<_> = PLACES
            .iter()
            .filter(|sql| decide(&policy, &Request { subject: Subject::Statement(sql), read_only: false, agreed: false }).is_ok())
            .collect();
        assert!(through.is_empty(), "{json} let through: {through:#?}");
    }
}
