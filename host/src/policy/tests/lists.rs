//! Lists of tables, schemas and functions: every place where a statement can name one, and every way past.

use super::super::{Policy, Refusal, Request, Rule, Subject, Verdict, decide};
use super::{LITE, MS, MY, PG};
use crate::config::PolicyConfig;

fn policy(dialect: &str, json: &str) -> Policy {
    let config: PolicyConfig = serde_json::from_str(json).unwrap();
    Policy::new(&config, dialect, Some("shop"))
}

fn judged(policy: &Policy, sql: &str) -> Result<Verdict, Refusal> {
    decide(policy, &Request { subject: Subject::Statement(sql), read_only: false, agreed: false })
}

/// All allowed of the first, and none of the second, each with what is wrong.
fn holds(dialect: &str, json: &str, allowed: &[&str], refused: &[(&str, Rule)]) {
    let policy = policy(dialect, json);
    for sql in allowed {
        assert_eq!(judged(&policy, sql), Ok(Verdict::Checked), "{sql}");
    }
    for (sql, rule) in refused {
        match judged(&policy, sql) {
            Ok(_) => panic!("let through: {sql}"),
            Err(why) => assert_eq!(why.rule(), *rule, "{sql}: {why}"),
        }
    }
}

const ORDERS: &str = r#"{"tables": ["orders", "reporting.daily_*"]}"#;

#[test]
fn every_place_where_a_table_is_named() {
    let in_tables = |sql| (sql, Rule::Tables);
    let refused: Vec<_> = [
        "SELECT * FROM secret",
        "SELECT * FROM public.secret",
        "SELECT * FROM shop.public.secret",
        "SELECT * FROM other.orders",
        "SELECT * FROM reporting.orders",
        "SELECT * FROM orders, secret",
        "SELECT * FROM orders JOIN secret USING (id)",
        "SELECT * FROM orders LEFT JOIN LATERAL (SELECT * FROM secret s WHERE s.id = orders.id) x ON true",
        "SELECT (SELECT max(a) FROM secret) FROM orders",
        "SELECT * FROM orders WHERE id IN (SELECT id FROM secret)",
        "SELECT * FROM orders WHERE EXISTS (SELECT 1 FROM secret)",
        "SELECT * FROM orders WHERE id = ANY (ARRAY(SELECT id FROM secret))",
        "SELECT * FROM orders ORDER BY (SELECT 1 FROM secret)",
        "SELECT count(*) FROM orders GROUP BY (SELECT 1 FROM secret)",
        "SELECT count(*) FROM orders HAVING (SELECT true FROM secret)",
        "SELECT count(*) FILTER (WHERE (SELECT true FROM secret)) FROM orders",
        "SELECT sum(a) OVER (PARTITION BY (SELECT 1 FROM secret)) FROM orders",
        "SELECT * FROM orders LIMIT (SELECT 1 FROM secret)",
        "SELECT * FROM orders UNION SELECT * FROM secret",
        "VALUES ((SELECT 1 FROM secret))",
        "SELECT * FROM (orders CROSS JOIN secret)",
        "TABLE secret",
        "TABLE \"Orders\"",
        "(TABLE secret)",
        "SELECT 1 UNION TABLE secret",
        "WITH a AS (TABLE secret) SELECT * FROM a",
        "SELECT * FROM \"Orders\"",
        "SELECT * FROM \"secret\"",
        "SELECT * FROM ORDERS, SECRET",
        "SELECT * INTO secret FROM orders",
        "INSERT INTO secret VALUES (1)",
        "INSERT INTO orders SELECT * FROM secret",
        "INSERT INTO orders VALUES ((SELECT 1 FROM secret))",
        "INSERT INTO orders VALUES (1) ON CONFLICT (id) DO UPDATE SET a = (SELECT 1 FROM secret)",
        "INSERT INTO orders VALUES (1) RETURNING (SELECT 1 FROM secret)",
        "UPDATE secret SET a = 1",
        "UPDATE orders SET a = (SELECT 1 FROM secret)",
        "UPDATE orders SET a = 1 FROM secret",
        "DELETE FROM secret",
        "DELETE FROM orders USING secret",
        "DELETE FROM orders WHERE id IN (SELECT id FROM secret)",
        "MERGE INTO secret USING orders ON true WHEN MATCHED THEN DELETE",
        "MERGE INTO orders USING secret ON true WHEN MATCHED THEN DELETE",
        "TRUNCATE secret",
        "TRUNCATE orders, secret",
        "DROP TABLE secret",
        "DROP VIEW secret",
        "ALTER TABLE secret ADD a int",
        "ALTER TABLE orders RENAME TO secret",
        "ALTER TABLE orders ADD FOREIGN KEY (a) REFERENCES secret (a)",
        "ALTER TABLE orders ADD a int REFERENCES secret",
        "CREATE TABLE secret (a int)",
        "CREATE TABLE reporting.daily_x (a int REFERENCES secret)",
        "CREATE TABLE reporting.daily_x (a int, FOREIGN KEY (a) REFERENCES secret)",
        "CREATE TABLE reporting.daily_x (LIKE secret)",
        "CREATE TABLE reporting.daily_x () INHERITS (secret)",
        "CREATE TABLE reporting.daily_x PARTITION OF secret FOR VALUES IN (1)",
        "CREATE TABLE reporting.daily_x AS SELECT * FROM secret",
        "CREATE VIEW reporting.daily_x AS SELECT * FROM secret",
        "CREATE INDEX i ON secret (a)",
        "COPY secret TO STDOUT",
        "COPY (SELECT * FROM secret) TO STDOUT",
        "COMMENT ON TABLE secret IS 'x'",
        "ANALYZE secret",
        "EXPLAIN SELECT * FROM secret",
        "EXPLAIN ANALYZE DELETE FROM secret",
        "EXPLAIN (ANALYZE) TABLE secret",
        "SELECT * FROM pg_class",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM pg_temp.orders",
    ]
    .map(in_tables)
    .into();
    let allowed = [
        "SELECT 1",
        "SELECT * FROM orders",
        "SELECT * FROM public.orders o JOIN Orders USING (id)",
        "SELECT * FROM shop.public.orders",
        "SELECT * FROM \"orders\"",
        "SELECT * FROM reporting.daily_sales, reporting.daily_",
        "TABLE orders",
        "TABLE public.orders",
        "(TABLE orders)",
        "SELECT 1 UNION TABLE orders",
        "SELECT * FROM generate_series(1, 3) g",
        "SELECT * FROM orders, unnest(ARRAY[1]) u, jsonb_each('{}') e",
        "SELECT secret FROM orders",
        "SELECT secret.a FROM orders AS secret",
        "INSERT INTO orders SELECT * FROM reporting.daily_x RETURNING id",
        "UPDATE orders SET a = 1 FROM reporting.daily_x d WHERE d.id = orders.id",
        "DELETE FROM orders WHERE id = 1",
        "TRUNCATE orders",
        "CREATE TABLE reporting.daily_x (a int REFERENCES orders)",
        "CREATE VIEW reporting.daily_x AS SELECT * FROM orders",
        "ALTER TABLE orders ADD a int",
        "DROP TABLE orders",
        "COPY orders TO STDOUT",
        "BEGIN",
        "COMMIT",
        "SET statement_timeout = 5",
        "EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM orders",
        "SHOW server_version",
        "SELECT a::text, b::jsonb, c::citext FROM orders",
        "SELECT pg_typeof(1), pg_size_pretty(5::bigint), now()",
    ];
    holds(PG, ORDERS, &allowed, &refused);
}

#[test]
fn expressions_names_hide_tables_only_where_they_are_seen() {
    let allowed = [
        "WITH secret AS (SELECT * FROM orders) SELECT * FROM secret",
        "WITH \"secret\" AS (SELECT 1) SELECT * FROM SECRET",
        "WITH a AS (SELECT 1), b AS (SELECT * FROM a) SELECT * FROM b, a",
        "WITH RECURSIVE secret(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM secret WHERE n < 5) SELECT * FROM secret",
        "WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
        "WITH a AS (SELECT 1) SELECT * FROM orders WHERE id IN (SELECT * FROM a)",
        "WITH a AS (SELECT 1) INSERT INTO orders SELECT * FROM a",
        "WITH a AS (DELETE FROM orders RETURNING *) SELECT * FROM a",
        "SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) x",
    ];
    let refused = [
        // Outside of its query.
        "SELECT * FROM (WITH secret AS (SELECT 1) SELECT * FROM secret) x, secret",
        "SELECT * FROM secret WHERE a IN (WITH secret AS (SELECT 1) SELECT * FROM secret)",
        "(WITH secret AS (SELECT 1) SELECT * FROM secret) UNION SELECT * FROM secret",
        // Itself, and one that comes later.
        "WITH secret AS (SELECT * FROM secret) SELECT * FROM secret",
        "WITH a AS (SELECT * FROM secret), secret AS (SELECT 1) SELECT * FROM a",
        // With a schema, and in another case.
        "WITH secret AS (SELECT 1) SELECT * FROM public.secret",
        "WITH \"Secret\" AS (SELECT 1) SELECT * FROM secret",
        // What is written to is a table.
        "WITH secret AS (SELECT 1) DELETE FROM secret",
        "WITH secret AS (SELECT 1) UPDATE secret SET a = 1",
        "WITH secret AS (SELECT 1) INSERT INTO secret SELECT * FROM secret",
        // In the expression.
        "WITH a AS (SELECT * FROM secret) SELECT * FROM a",
        "WITH a AS (DELETE FROM secret RETURNING *) SELECT * FROM a",
    ];
    holds(PG, ORDERS, &allowed, &refused.map(|sql| (sql, Rule::Tables)));
}

/// What names what it reaches as a value, or as text, or changes how names are read.
#[test]
fn nothing_goes_past_the_lists() {
    let refused = [
        "SELECT query_to_xml('SELECT * FROM secret', true, true, '')",
        "SELECT table_to_xml('secret', true, true, '')",
        "SELECT schema_to_xml('public', true, true, '')",
        "SELECT * FROM dblink('', 'SELECT * FROM secret') AS t(a int)",
        "SELECT * FROM ts_stat('SELECT v FROM secret')",
        "SELECT pg_read_file('base/1/2')",
        "SELECT pg_relation_size('secret')",
        "SELECT pg_get_viewdef('secret')",
        "SELECT has_table_privilege('secret', 'SELECT')",
        "SELECT to_regclass('secret')",
        "SELECT 'secret'::regclass",
        "SELECT CAST('secret' AS regclass)",
        "SELECT ARRAY['secret']::regclass[]",
        "SELECT regclass 'secret'",
        "SELECT set_config('search_path', 'other', false)",
        "SET search_path = other",
        "SET search_path TO other, public",
        "SET SCHEMA 'other'",
        "SET ROLE other",
        "SET SESSION AUTHORIZATION other",
        "DO $$ BEGIN PERFORM * FROM secret; END $$",
        "CALL p()",
        "PREPARE p AS SELECT * FROM secret",
        "EXECUTE p",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM secret'",
        "CREATE SCHEMA other CREATE TABLE orders (a int)",
        "ALTER TABLE orders SET SCHEMA other",
        "ALTER TABLE orders ATTACH PARTITION secret FOR VALUES IN (1)",
        "ALTER TABLE orders INHERIT secret",
        "COPY orders TO PROGRAM 'sh'",
        "COPY orders FROM '/tmp/x'",
        "DECLARE c CURSOR FOR SELECT * FROM secret",
        "FETCH ALL FROM c",
        "VACUUM",
        "ANALYZE",
        "DISCARD ALL",
        "GRANT SELECT ON secret TO public",
        "REINDEX TABLE secret",
        "CLUSTER secret",
        "SELECT * FROM ONLY secret",
        "SELECT * FROM ONLY (secret)",
        "UPDATE ONLY secret SET a = 1",
        "DELETE FROM ONLY secret",
        "SELECT * FROM U&\"\\0073ecret\"",
        "SELECT 1; SELECT * FROM secret",
        "TABLE orders; SELECT 1",
        "SELEC 1",
    ];
    for sql in refused {
        for json in [ORDERS, r#"{"tables": ["*"], "deny_tables": ["secret"]}"#, r#"{"deny_tables": ["secret"]}"#] {
            assert!(judged(&policy(PG, json), sql).is_err(), "{json} let through: {sql}");
        }
    }
    let why = judged(&policy(PG, ORDERS), "SELEC 1").unwrap_err().to_string();
    assert!(why.starts_with("refused, since what it reaches can't be checked against `tables`: "), "{why}");
}

#[test]
fn schemas() {
    let json = r#"{"schemas": ["public", "app_*"]}"#;
    let allowed =
        ["SELECT * FROM a, public.b, app_x.c", "CREATE TABLE app_y.t (a int)", "WITH pg_x AS (SELECT 1) SELECT * FROM pg_x"];
    let refused = [
        "SELECT * FROM other.a",
        "SELECT * FROM pg_class",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM information_schema.columns",
        "SELECT NULL::other.a",
        "SELECT * FROM shop.other.a",
    ];
    holds(PG, json, &allowed, &refused.map(|sql| (sql, Rule::Schemas)));
    holds(PG, json, &["SELECT * FROM shop.public.a"], &[("SELECT * FROM elsewhere.public.a", Rule::Catalogs)]);
    let elsewhere = r#"{"schemas": ["app"], "default_schema": "app"}"#;
    holds(PG, elsewhere, &["SELECT * FROM a, app.b"], &[("SELECT * FROM public.a", Rule::Schemas)]);
}

#[test]
fn the_systems_own_are_listed_by_name_or_not_at_all() {
    let stars = r#"{"schemas": ["*"], "tables": ["*", "*.*"]}"#;
    for system in ["pg_class", "pg_catalog.pg_tables", "information_schema.tables", "pg_toast.x"] {
        assert!(judged(&policy(PG, stars), &format!("SELECT * FROM {system}")).is_err(), "{system}");
    }
    for json in [
        r#"{"schemas": ["public", "pg_catalog"]}"#,
        r#"{"tables": ["orders", "pg_catalog.pg_class"]}"#,
        r#"{"schemas": ["*", "pg_catalog"], "deny_tables": ["secret"]}"#,
    ] {
        holds(PG, json, &["SELECT * FROM pg_class", "SELECT * FROM pg_catalog.pg_class, orders"], &[]);
    }
    holds(
        PG,
        r#"{"schemas": ["*", "pg_catalog"], "deny_tables": ["pg_class"]}"#,
        &[],
        &[("SELECT * FROM pg_class", Rule::DenyTables)],
    );
    let lite = r#"{"tables": ["orders", "sqlite_schema"]}"#;
    holds(LITE, lite, &["SELECT * FROM sqlite_schema"], &[("SELECT * FROM sqlite_master", Rule::Tables)]);
}

#[test]
fn denied_tables() {
    let json = r#"{"deny_tables": ["secret", "hr.*", "*.\"a.b\""]}"#;
    let long = format!("SELECT * FROM \"{}z\"", "x".repeat(63));
    let allowed = ["SELECT * FROM orders, other.orders", "SELECT * FROM \"Secret\""];
    let refused = [
        "SELECT * FROM secret",
        "SELECT * FROM SeCrEt",
        "SELECT * FROM any.secret",
        "SELECT * FROM hr.people",
        "SELECT * FROM \"a.b\"",
        "SELECT * FROM pg_class",
        "SELECT (NULL::secret).*",
        "SELECT NULL::hr.people",
    ];
    holds(PG, json, &allowed, &refused.map(|sql| (sql, Rule::DenyTables)));
    // PostgreSQL cuts what is too long.
    let cut = format!(r#"{{"deny_tables": ["{}"]}}"#, "x".repeat(63));
    holds(PG, &cut, &[], &[(&long, Rule::DenyTables)]);
    // An unqualified name may be found in any schema that has one.
    let there = r#"{"deny_tables": ["hr.people"]}"#;
    holds(PG, there, &["SELECT * FROM public.people"], &[("SELECT * FROM people", Rule::DenyTables)]);
}

#[test]
fn sqlite() {
    let allowed = [
        "SELECT * FROM Orders",
        "SELECT * FROM main.orders, temp.orders",
        "SELECT * FROM [orders], `orders`, \"ORDERS\"",
        "SELECT * FROM json_each('[1]')",
        "WITH c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 5) SELECT * FROM c",
        "REPLACE INTO orders VALUES (1)",
        "PRAGMA table_info(orders)",
        "PRAGMA main.index_list('Orders')",
        "PRAGMA user_version",
        "CREATE TABLE main.orders (a)",
    ];
    let refused = [
        "SELECT * FROM secret",
        "SELECT * FROM main.secret",
        "SELECT * FROM temp.secret",
        "SELECT * FROM other.secret",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM main.sqlite_schema",
        "SELECT * FROM sqlite_temp_master",
        "SELECT * FROM pragma_table_list",
        "SELECT * FROM secret('word')",
        "WITH secret AS (SELECT 1) DELETE FROM secret",
        "INSERT INTO orders SELECT * FROM secret",
        "PRAGMA table_info(secret)",
        "PRAGMA table_xinfo('secret')",
        "PRAGMA main.foreign_key_list(\"secret\")",
    ];
    let json = r#"{"tables": ["orders", "temp.orders"]}"#;
    holds(LITE, json, &allowed, &refused.map(|sql| (sql, Rule::Tables)));
    for sql in [
        "PRAGMA table_list",
        "PRAGMA index_info('secret_index')",
        "PRAGMA integrity_check",
        "PRAGMA foreign_key_check",
        "PRAGMA writable_schema = 1",
        "SELECT * FROM pragma_table_info('secret')",
        "SELECT * FROM orders WHERE a IN secret",
        "ATTACH 'x' AS y",
        "VACUUM INTO 'x'",
        "CREATE TRIGGER t AFTER INSERT ON orders BEGIN DELETE FROM secret; END",
        "CREATE VIRTUAL TABLE orders USING fts5vocab('secret', 'row')",
        "SELECT load_extension('x')",
    ] {
        assert!(judged(&policy(LITE, json), sql).is_err(), "let through: {sql}");
        assert!(judged(&policy(LITE, r#"{"deny_tables": ["secret"]}"#), sql).is_err(), "deny let through: {sql}");
    }
}

#[test]
fn sql_server() {
    let allowed = [
        "SELECT * FROM Orders",
        "SELECT * FROM dbo.orders WITH (NOLOCK)",
        "SELECT * FROM shop.dbo.orders, shop..orders",
        "SELECT * FROM [dbo].[ORDERS]",
        "SELECT * FROM #mine",
        "WITH c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT * FROM c",
        "WITH c AS (SELECT * FROM orders) DELETE FROM c",
        "INSERT INTO orders (a) VALUES (1)",
        "UPDATE orders SET a = 1 WHERE b = 2",
        "DELETE FROM orders WHERE a = 1",
    ];
    let refused = [
        "SELECT * FROM secret",
        "SELECT * FROM secret (NOLOCK)",
        "SELECT * FROM shop..secret",
        "SELECT * FROM sys.objects",
        "SELECT * FROM sysobjects",
        "SELECT * FROM dbo.sysobjects",
        "SELECT * FROM INFORMATION_SCHEMA.TABLES",
        "INSERT INTO orders SELECT * FROM secret",
        "UPDATE secret SET a = 1",
        "SELECT * INTO secret FROM orders",
        "WITH c AS (SELECT * FROM secret) SELECT * FROM c",
    ];
    let json = r#"{"tables": ["orders"]}"#;
    holds(MS, json, &allowed, &refused.map(|sql| (sql, Rule::Tables)));
    holds(MS, json, &[], &[("SELECT * FROM other..orders", Rule::Catalogs)]);
    holds(MS, r#"{"tables": ["orders"], "catalogs": ["Other"]}"#, &["SELECT * FROM other..orders"], &[]);
    for sql in [
        "SELECT 1 SELECT * FROM secret",
        "DELETE FROM orders SELECT * FROM secret",
        "SELECT * FROM orders EXEC p",
        "SELECT 1 x EXEC('SELECT * FROM secret')",
        "UPDATE orders SET a = 1 DELETE FROM secret",
        "INSERT INTO orders EXEC p",
        "EXEC p",
        "sp_help secret",
        "SELECT OBJECT_DEFINITION(OBJECT_ID('secret'))",
        "SELECT * FROM linked.shop.dbo.orders",
        "SELECT * FROM OPENQUERY(linked, 'SELECT 1')",
        "SELECT * FROM ##theirs",
    ] {
        assert!(judged(&policy(MS, json), sql).is_err(), "let through: {sql}");
    }
}

#[test]
fn mysql() {
    let json = r#"{"tables": ["orders"]}"#;
    let allowed = ["SELECT * FROM orders", "SELECT * FROM shop.orders", "SELECT * FROM `ORDERS`"];
    let refused = ["SELECT * FROM secret", "SELECT * FROM other.orders", "SELECT * FROM information_schema.tables"];
    holds(MY, json, &allowed, &refused.map(|sql| (sql, Rule::Tables)));
}

#[test]
fn denied_functions() {
    let json = r#"{"functions": {"deny": ["pg_sleep*", "nextval", "audit_row"]}}"#;
    let allowed = ["SELECT now(), setval('s', 1)", "INSERT INTO t VALUES (lower('A'))", "SELECT a.pg_sleepy FROM a"];
    let refused = [
        "SELECT pg_sleep(1)",
        "SELECT pg_catalog.pg_sleep(1)",
        "SELECT \"pg_sleep\" (1)",
        "SELECT pg_sleep/**/(1)",
        "SELECT PG_SLEEP_FOR('1s')",
        "SELECT * FROM pg_sleep(1)",
        "INSERT INTO t VALUES (nextval('s'))",
        "UPDATE t SET a = nextval('s')",
        "CREATE VIEW v AS SELECT nextval('s')",
        "CREATE TABLE t (a int DEFAULT nextval('s'))",
        "SELECT t.audit_row FROM t",
        "SELECT (t).audit_row FROM t",
    ];
    holds(PG, json, &allowed, &refused.map(|sql| (sql, Rule::Functions)));
    for hidden in [
        "DO $$ BEGIN PERFORM pg_sleep(1); END $$",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT pg_sleep(1)'",
        "SELECT query_to_xml('SELECT pg_sleep(1)', true, true, '')",
        "CREATE OPERATOR !! (FUNCTION = pg_sleep, RIGHTARG = float8)",
        "SELECT U&\"pg\\005fsleep\"(1)",
        "PREPARE p AS SELECT 1",
    ] {
        assert!(judged(&policy(PG, json), hidden).is_err(), "let through: {hidden}");
    }
    // Those that an operator trusts.
    let trusting = policy(PG, r#"{"read_only": true, "functions": {"allow": ["nextval", "pg_advisory_*"], "deny": ["lower"]}}"#);
    for sql in ["SELECT nextval('s')", "SELECT pg_advisory_lock(1)"] {
        assert_eq!(judged(&trusting, sql), Ok(Verdict::Read), "{sql}");
    }
    assert_eq!(judged(&trusting, "SELECT setval('s', 1)").unwrap_err().rule(), Rule::ReadOnly);
    assert_eq!(judged(&trusting, "SELECT lower('A')").unwrap_err().rule(), Rule::Functions);
}

#[test]
fn a_person_is_asked_only_about_writes() {
    let policy = policy(PG, r#"{"confirm_writes": true, "tables": ["orders"]}"#);
    let by = |sql, agreed| decide(&policy, &Request { subject: Subject::Statement(sql), read_only: false, agreed });
    assert_eq!(by("SELECT * FROM orders", false), Ok(Verdict::Read));
    assert_eq!(by("DELETE FROM orders", false).unwrap_err().rule(), Rule::ConfirmWrites);
    assert_eq!(by("DELETE FROM orders", true), Ok(Verdict::Checked));
    assert_eq!(by("SELECT * FROM secret", false).unwrap_err().rule(), Rule::Tables);
    assert_eq!(by("DELETE FROM secret", true).unwrap_err().rule(), Rule::Tables);
}

#[test]
fn tools() {
    let by = |json: &str, shown, ours| {
        decide(&policy(PG, json), &Request { subject: Subject::Tool { shown, ours }, read_only: false, agreed: false }).is_ok()
    };
    let only = r#"{"tools": ["query", "list_tables"]}"#;
    assert!(by(only, "query", "query") && by(only, "execute_query", "query") && !by(only, "explain", "explain"));
    let except = r#"{"tools": {"query": false, "explain": true}}"#;
    assert!(!by(except, "query", "query") && !by(except, "execute_query", "query") && by(except, "explain", "explain"));
    assert!(by("{}", "anything", "anything"));
}

#[test]
fn what_may_be_seen() {
    let policy = policy(PG, r#"{"tables": ["orders", "reporting.*"], "deny_tables": ["salaries"]}"#);
    assert!(policy.shows_table(Some("public"), "orders") && policy.shows_table(None, "orders"));
    assert!(policy.shows_table(Some("reporting"), "daily") && !policy.shows_table(Some("reporting"), "salaries"));
    assert!(!policy.shows_table(Some("public"), "Orders") && !policy.shows_table(Some("pg_catalog"), "pg_class"));
    assert!(policy.shows_schema("public") && policy.shows_schema("reporting"));
    assert!(!policy.shows_schema("other") && !policy.shows_schema("pg_catalog"));
}

#[test]
fn facts() {
    let facts = policy(PG, "{}").facts("WITH c AS (SELECT 1) SELECT lower(a), Count(*) FROM Orders o, \"X\".y, c");
    assert_eq!(facts.kind.as_deref(), Some("SELECT"));
    assert_eq!(facts.tables, ["orders", "X.y"]);
    assert_eq!(facts.functions, ["count", "lower"]);
    assert_eq!(policy(PG, "{}").facts("DROP TABLE a").kind.as_deref(), Some("DROP TABLE"));
    assert_eq!(policy(PG, "{}").facts("SELEC 1").kind, None);
}
