//! The known ways past a read-only check, each with what it tries, and statements that people and models send all day and that
//! must not be refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod aliases;
mod corpus;
mod hidden;
mod lists;
mod places;

use proptest::prelude::*;

use super::{Policy, Refusal, Request, Subject, Verdict, decide};
use crate::config::PolicyConfig;

/// The decision where nothing but read-only is asked for.
pub(super) fn check(dialect: &str, read_only: bool, sql: &str) -> Result<Verdict, Refusal> {
    let policy = Policy::new(&PolicyConfig::default(), dialect, None);
    decide(&policy, &Request { subject: Subject::Statement(sql), read_only, agreed: false })
}

const PG: &str = "postgresql";
const LITE: &str = "sqlite";
const MS: &str = "mssql";
const MY: &str = "mysql";

const BYPASSES: &[(&str, &str)] = &[
    // A second statement.
    (PG, "SELECT 1; DROP TABLE t"),
    (PG, "COMMIT; DROP TABLE t"),
    (PG, "SELECT 1; COMMIT; DELETE FROM t;"),
    (PG, "SELECT 1;;DELETE FROM t"),
    (PG, "TABLE t; VACUUM"),
    (PG, "SELECT 1 UNION TABLE t; CHECKPOINT"),
    (PG, "TABLE t; TABLE"),
    (MY, "TABLE t; FLUSH"),
    (PG, "ROLLBACK; BEGIN; UPDATE t SET a = 1; COMMIT"),
    (PG, "SELECT ';'; DELETE FROM t"),
    (LITE, "SELECT 1; DELETE FROM t"),
    (MS, "SELECT 1; DELETE FROM t"),
    (MS, "SELECT 1 DELETE FROM t"),
    (MS, "SELECT 1 AS a DROP TABLE t"),
    (MS, "SELECT 1 SHUTDOWN"),
    (MS, "SELECT * FROM t CHECKPOINT"),
    (MS, "SELECT 1 x EXEC xp_cmdshell 'dir'"),
    // In PostgreSQL END may be a column's name, to a parser it may be an end.
    (PG, "SELECT 1 END; DROP TABLE t"),
    (PG, "SELECT * FROM t END; DROP TABLE t"),
    (PG, "SELECT 1 AS \"END\" END; DROP TABLE t"),
    // Hidden in comments, quotes and dollar quotes.
    (PG, "SELECT 1 -- x\r; DROP TABLE t"),
    (PG, "SELECT 1 /* /* */ */; DROP TABLE t"),
    (LITE, "SELECT 1 /* /* */; DROP TABLE t; -- */"),
    (LITE, "SELECT 1 -- x\r; DROP TABLE t"),
    (MS, "SELECT 1 -- x\rDROP TABLE t"),
    (PG, "SELECT $a$ ; $a$; DROP TABLE t"),
    (PG, "SELECT $é$ ' $é$; DROP TABLE t; -- '"),
    (PG, "SELECT $1$ ; DROP TABLE t; --$1$"),
    (PG, "SELECT '\\' || '; DROP TABLE t; --'"),
    (PG, "SELECT '\\''; DROP TABLE t; --'"),
    (PG, "SELECT E'\\''; DROP TABLE t; --'"),
    (PG, "SELECT E'\\\\'; DROP TABLE t; --'"),
    (PG, "SELECT 1 @-- '\n 2; DROP TABLE t; --'"),
    (PG, "SELECT 1 +/* ' */ 2; DROP TABLE t; --'"),
    (PG, "SELECT 1\0; DROP TABLE t"),
    (LITE, "SELECT $a(') ; DROP TABLE t; --')"),
    (LITE, "SELECT $a::b(');DROP/**/TABLE/**/t;--')"),
    (MY, "SELECT 1 /*! INTO OUTFILE '/tmp/x' */"),
    (MY, "SELECT /*!50000 1; DROP TABLE t */"),
    (MY, "SELECT '\\'; DROP TABLE t; -- '"),
    // Writing inside a read.
    (PG, "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x"),
    (PG, "WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM x"),
    (PG, "WITH x AS (UPDATE t SET a = 1 RETURNING a) SELECT a FROM x"),
    (PG, "SELECT * FROM a WHERE b IN (WITH x AS (DELETE FROM t RETURNING b) SELECT b FROM x)"),
    (PG, "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x"),
    (PG, "WITH x AS (SELECT 1) DELETE FROM t USING x"),
    (PG, "SELECT * INTO copy FROM t"),
    (PG, "SELECT 1 UNION SELECT a INTO copy FROM t"),
    (MS, "SELECT * INTO #copy FROM t"),
    (MY, "SELECT * FROM t INTO OUTFILE '/tmp/x'"),
    (PG, "SELECT * FROM t FOR UPDATE"),
    (PG, "SELECT * FROM t FOR NO KEY UPDATE SKIP LOCKED"),
    (PG, "SELECT * FROM t FOR SHARE"),
    (PG, "SELECT * FROM (SELECT * FROM t FOR KEY SHARE) s"),
    (PG, "EXPLAIN ANALYZE INSERT INTO t VALUES (1)"),
    (PG, "EXPLAIN (ANALYZE, FORMAT JSON) DELETE FROM t"),
    (PG, "EXPLAIN (ANALYZE true) UPDATE t SET a = 1"),
    (PG, "EXPLAIN ANALYZE CREATE TABLE c AS SELECT 1"),
    (PG, "EXPLAIN ANALYZE WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x"),
    (PG, "EXPLAIN ANALYZE EXECUTE p"),
    // Leaving read-only, and settings.
    (PG, "SET TRANSACTION READ WRITE"),
    (PG, "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE"),
    (PG, "SET default_transaction_read_only = off"),
    (PG, "SET ROLE postgres"),
    (PG, "RESET ALL"),
    (PG, "BEGIN READ WRITE"),
    (PG, "START TRANSACTION"),
    (PG, "COMMIT"),
    (PG, "ROLLBACK"),
    (PG, "SAVEPOINT a"),
    (PG, "SELECT set_config('transaction_read_only', 'off', false)"),
    (PG, "SELECT pg_catalog.set_config('transaction_read_only', 'off', false)"),
    (PG, "SELECT \"set_config\" ('transaction_read_only', 'off', false)"),
    (PG, "SELECT U&\"set\\005fconfig\"('transaction_read_only', 'off', false)"),
    (PG, "SELECT set_config/* */('a.b', 'c', false)"),
    (PG, "SELECT * FROM set_config('a.b', 'c', false)"),
    (LITE, "PRAGMA query_only = 0"),
    (LITE, "PRAGMA writable_schema(1)"),
    (LITE, "PRAGMA user_version = 7"),
    (LITE, "PRAGMA wal_checkpoint"),
    (LITE, "PRAGMA main.user_version(7)"),
    (LITE, "PRAGMA table_info(t); DELETE FROM t"),
    (LITE, "PRAGMA table_info = t"),
    (LITE, "PRAGMA journal_mode = DELETE"),
    (LITE, "PRAGMA temp_store_directory = '/tmp'"),
    // Programs, files, procedures and code.
    (PG, "COPY t TO PROGRAM 'sh'"),
    (PG, "COPY (SELECT 1) TO '/tmp/x'"),
    (PG, "COPY t FROM STDIN"),
    (PG, "DO $$ BEGIN DELETE FROM t; END $$"),
    (PG, "CALL p()"),
    (PG, "EXECUTE p"),
    (PG, "PREPARE p AS DELETE FROM t"),
    (PG, "DECLARE c CURSOR WITH HOLD FOR SELECT 1"),
    (PG, "LISTEN a"),
    (PG, "NOTIFY a"),
    (PG, "LOCK TABLE t"),
    (PG, "VACUUM"),
    (PG, "ANALYZE t"),
    (PG, "REFRESH MATERIALIZED VIEW v"),
    (PG, "LOAD 'x'"),
    (MS, "EXEC sp_who"),
    (MS, "EXEC('DELETE FROM t')"),
    (MS, "sp_who"),
    (MS, "SELECT * FROM OPENROWSET('SQLNCLI', 'x', 'DELETE FROM t')"),
    (MS, "SELECT * FROM OPENQUERY(other, 'DELETE FROM t')"),
    (LITE, "ATTACH DATABASE 'x' AS y"),
    (LITE, "VACUUM INTO 'x'"),
    (LITE, "SELECT load_extension('x')"),
    (LITE, "SELECT writefile('x', 'y')"),
    (LITE, "REPLACE INTO t VALUES (1)"),
    (MY, "SELECT load_file('/etc/passwd')"),
    // Functions that write, lock, signal or run text.
    (PG, "SELECT nextval('s')"),
    (PG, "SELECT setval('s', 1)"),
    (PG, "SELECT pg_terminate_backend(1)"),
    (PG, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"),
    (PG, "SELECT pg_reload_conf()"),
    (PG, "SELECT pg_read_file('/etc/passwd')"),
    (PG, "SELECT pg_read_binary_file('/etc/passwd')"),
    (PG, "SELECT * FROM pg_ls_dir('/')"),
    (PG, "SELECT pg_file_write('x', 'y', false)"),
    (PG, "SELECT lo_import('/etc/passwd')"),
    (PG, "SELECT lo_export(1, '/tmp/x')"),
    (PG, "SELECT lo_unlink(1)"),
    (PG, "SELECT * FROM dblink('host=x', 'DELETE FROM t') AS d(a int)"),
    (PG, "SELECT dblink_exec('x', 'DELETE FROM t')"),
    (PG, "SELECT pg_advisory_lock(1)"),
    (PG, "SELECT pg_try_advisory_xact_lock(1)"),
    (PG, "SELECT pg_notify('a', 'b')"),
    (PG, "SELECT pg_stat_reset()"),
    (PG, "SELECT pg_stat_statements_reset()"),
    (PG, "SELECT pg_switch_wal()"),
    (PG, "SELECT pg_create_restore_point('x')"),
    (PG, "SELECT pg_logical_emit_message(false, 'a', 'b')"),
    (PG, "SELECT pg_drop_replication_slot('x')"),
    (PG, "SELECT pg_promote()"),
    (PG, "SELECT query_to_xml('DELETE FROM t RETURNING *', true, true, '')"),
    (PG, "SELECT * FROM ts_stat('DELETE FROM t RETURNING v')"),
    (PG, "SELECT * FROM crosstab('DELETE FROM t RETURNING 1, 2, 3') AS c(a int, b int)"),
    (PG, "SELECT a FROM t ORDER BY (SELECT nextval('s'))"),
    (PG, "VALUES (nextval('s'))"),
    (PG, "SELECT CASE WHEN true THEN setval('s', 9) END"),
    (PG, "SELECT count(*) FILTER (WHERE pg_advisory_lock(1) IS NULL) FROM t"),
    // Plain writes and definitions.
    (PG, "INSERT INTO t VALUES (1)"),
    (PG, "UPDATE t SET a = 1"),
    (PG, "DELETE FROM t"),
    (PG, "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE"),
    (PG, "TRUNCATE t"),
    (PG, "CREATE TABLE t (a int)"),
    (PG, "CREATE TEMP TABLE t AS SELECT 1"),
    (PG, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    (PG, "ALTER TABLE t ADD b int"),
    (PG, "DROP TABLE t"),
    (PG, "GRANT ALL ON t TO public"),
    (PG, "COMMENT ON TABLE t IS 'x'"),
    (PG, "ALTER SYSTEM SET x = 1"),
    // Nothing, and nonsense.
    (PG, ""),
    (PG, " -- nothing"),
    (PG, "SELEC 1"),
    ("a dialect nobody knows", "DELETE FROM t"),
];

const INNOCENT: &[(&str, &str)] = &[
    (PG, "SELECT 1"),
    (PG, "select 1;"),
    (PG, "SELECT 1 AS x -- a comment"),
    (PG, "/* a; b */ SELECT 1"),
    (PG, "SELECT 'a;b', $$c;d$$, $q$it's$q$, E'tab\\t'"),
    (PG, "SELECT 'it''s' AS \"a;b\""),
    (PG, "SELECT * FROM orders WHERE id = $1"),
    (PG, "SELECT * FROM orders WHERE id = $1::int AND state = ANY($2::text[])"),
    (PG, "SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id ORDER BY o.id DESC LIMIT 10 OFFSET 20"),
    (PG, "SELECT count(*) FROM t"),
    (PG, "SELECT count(*) FILTER (WHERE a > 1), avg(b)::numeric(10,2) FROM t GROUP BY c HAVING count(*) > 1"),
    (PG, "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b DESC"),
    (PG, "SELECT * FROM a LEFT JOIN b USING (id) FULL OUTER JOIN c ON c.id = b.id CROSS JOIN d"),
    (PG, "SELECT * FROM a, LATERAL (SELECT * FROM b WHERE b.a = a.id LIMIT 1) x"),
    (PG, "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) FROM t"),
    (PG, "WITH a AS MATERIALIZED (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT * FROM a, b"),
    (PG, "SELECT a, rank() OVER (PARTITION BY b ORDER BY c DESC) FROM t"),
    (PG, "SELECT a, sum(b) OVER (ORDER BY c ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM t"),
    (PG, "SELECT * FROM generate_series(1, 10) AS g(i)"),
    (PG, "SELECT i, md5(i::text) FROM generate_series(1, 1000) i"),
    (PG, "SELECT * FROM unnest(ARRAY[1,2,3]) WITH ORDINALITY AS u(v, n)"),
    (PG, "SELECT data->'a'->>'b' FROM t WHERE data @> '{\"a\": 1}'::jsonb"),
    (PG, "SELECT data #>> '{a,b}' FROM t WHERE data ? 'a'"),
    (PG, "SELECT jsonb_build_object('a', 1, 'b', ARRAY[1,2])"),
    (PG, "SELECT jsonb_agg(t) FROM t"),
    (PG, "SELECT * FROM jsonb_to_recordset('[{\"a\":1}]') AS x(a int)"),
    (PG, "SELECT * FROM jsonb_array_elements('[1,2]'::jsonb) e"),
    (PG, "SELECT date_trunc('month', now() - interval '3 months')"),
    (PG, "SELECT EXTRACT(YEAR FROM created_at), extract(epoch from now()) FROM t"),
    (PG, "SELECT now() AT TIME ZONE 'UTC', CURRENT_DATE, current_timestamp"),
    (PG, "SELECT to_char(now(), 'YYYY-MM-DD'), to_tsvector('english', body) @@ plainto_tsquery('x') FROM t"),
    (PG, "SELECT a FROM t WHERE b ILIKE '%x%' AND c ~* '^y' AND d NOT LIKE 'z\\_%'"),
    (PG, "SELECT a FROM t WHERE b IS NOT DISTINCT FROM c AND d BETWEEN 1 AND 2"),
    (PG, "SELECT a FROM t WHERE (b, c) IN ((1, 2), (3, 4))"),
    (PG, "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a)"),
    (PG, "SELECT CASE WHEN a > 1 THEN 'x' ELSE 'y' END FROM t"),
    (PG, "SELECT COALESCE(a, b, 0), NULLIF(a, 0), GREATEST(a, b) FROM t"),
    (PG, "SELECT a FROM t UNION SELECT b FROM u EXCEPT SELECT c FROM v INTERSECT SELECT d FROM w"),
    (PG, "(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1"),
    (PG, "VALUES (1, 'a'), (2, 'b')"),
    (PG, "TABLE t"),
    (PG, "SELECT * FROM (TABLE a) x UNION ALL TABLE \"B\".c ORDER BY 1"),
    (PG, "SELECT 1 AS \"table\""),
    (PG, "SELECT \"update\", \"delete\" FROM \"insert\""),
    (PG, "SELECT updated_at, deleted FROM inserts"),
    (PG, "SELECT 'DELETE FROM t'"),
    (PG, "SELECT * FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"),
    (PG, "SELECT relname, pg_size_pretty(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r'"),
    (PG, "SELECT pid, query FROM pg_stat_activity WHERE state <> 'idle'"),
    (PG, "SELECT pg_get_viewdef('v'::regclass, true), obj_description('t'::regclass)"),
    (PG, "SELECT c.relname FROM pg_class c WHERE pg_table_is_visible(c.oid)"),
    (PG, "SELECT version(), current_user, current_database(), current_setting('server_version')"),
    (PG, "SELECT pg_sleep(0.1)"),
    (PG, "SELECT pg_backend_pid(), pg_is_in_recovery()"),
    (PG, "SELECT currval('s'), lastval()"),
    (PG, "SHOW server_version"),
    (PG, "SHOW ALL"),
    (PG, "EXPLAIN SELECT * FROM t"),
    (PG, "EXPLAIN ANALYZE SELECT * FROM t"),
    (PG, "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM t WHERE a = 1"),
    (PG, "EXPLAIN (COSTS false) WITH x AS (SELECT 1) SELECT * FROM x"),
    (PG, "SELECT a[1], a[2:3], array_length(a, 1) FROM t"),
    (PG, "SELECT ARRAY(SELECT a FROM t ORDER BY a)"),
    (PG, "SELECT ROW(1, 2), (1, 2)"),
    (PG, "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t"),
    (PG, "SELECT string_agg(a, ', ' ORDER BY a) FROM t"),
    (PG, "SELECT a, b, sum(c) FROM t GROUP BY ROLLUP (a, b)"),
    (PG, "SELECT a, b, sum(c) FROM t GROUP BY GROUPING SETS ((a), (b), ())"),
    (PG, "SELECT * FROM t TABLESAMPLE SYSTEM (1)"),
    (PG, "SELECT * FROM t FETCH FIRST 5 ROWS ONLY"),
    (PG, "SELECT a::text, CAST(b AS bigint), c::numeric(10, 2) FROM t"),
    (PG, "SELECT -a, a % 2, a ^ 2, a || 'x', NOT b, a << 1 FROM t"),
    (PG, "SELECT 1e10, 0.5, .5, 1_000"),
    (PG, "SELECT '{1,2}'::int[] && '{2}'::int[], int4range(1, 5) @> 3"),
    (PG, "SELECT '192.168.0.1'::inet << '192.168.0.0/16'::inet"),
    (PG, "SELECT interval '1 day', date '2024-01-01', timestamp '2024-01-01 00:00:00', time '10:00'"),
    (
        PG,
        "SELECT substring('abc' FROM 2 FOR 1), position('b' IN 'abc'), trim(BOTH ' ' FROM ' x '), overlay('abc' PLACING 'x' FROM 2)",
    ),
    (PG, "SELECT t.* FROM public.t AS t WHERE t.a IS NULL"),
    (PG, "SELECT grouping(a), a FROM t GROUP BY CUBE (a)"),
    (PG, "SELECT * FROM t WHERE a = ALL (SELECT b FROM u)"),
    (PG, "SELECT xmin, ctid, * FROM t"),
    (PG, "SELECT a COLLATE \"C\" FROM t ORDER BY a COLLATE \"C\" NULLS LAST"),
    (PG, "SELECT decode('deadbeef', 'hex'), encode('\\xdead'::bytea, 'base64')"),
    (PG, "SELECT format('%s %I', 'a', 'b')"),
    (PG, "SELECT regexp_replace(a, '[^0-9]', '', 'g') FROM t"),
    (PG, "SELECT similarity(a, 'x') FROM t WHERE a % 'x' ORDER BY a <-> 'x' LIMIT 5"),
    (PG, "SELECT width_bucket(a, 0, 100, 10), count(*) FROM t GROUP BY 1 ORDER BY 1"),
    (PG, "SELECT lag(a) OVER w, lead(a, 2) OVER w FROM t WINDOW w AS (ORDER BY b)"),
    (LITE, "SELECT 1"),
    (LITE, "SELECT * FROM sqlite_master WHERE type = 'table'"),
    (LITE, "SELECT name FROM sqlite_schema"),
    (LITE, "SELECT * FROM t WHERE a = ?"),
    (LITE, "SELECT * FROM t WHERE a = ?1 AND b = :name"),
    (LITE, "SELECT * FROM t WHERE path LIKE 'C:\\'"),
    (LITE, "SELECT [a b], `c d`, \"e f\" FROM t"),
    (LITE, "PRAGMA table_info(t)"),
    (LITE, "PRAGMA table_info('t')"),
    (LITE, "pragma main.table_info(\"t\");"),
    (LITE, "PRAGMA user_version"),
    (LITE, "PRAGMA integrity_check"),
    (LITE, "SELECT * FROM pragma_table_info('t')"),
    (LITE, "EXPLAIN QUERY PLAN SELECT * FROM t"),
    (LITE, "EXPLAIN SELECT * FROM t"),
    (LITE, "SELECT strftime('%Y', d), julianday('now'), date('now', '-1 day') FROM t"),
    (LITE, "SELECT json_extract(a, '$.b'), a ->> '$.c' FROM t"),
    (LITE, "SELECT * FROM docs WHERE docs MATCH 'word*' ORDER BY rank"),
    (LITE, "SELECT group_concat(a, ';') FROM t GROUP BY b"),
    (LITE, "SELECT iif(a > 1, 'x', 'y'), typeof(a), printf('%d', a), changes(), last_insert_rowid() FROM t"),
    (LITE, "SELECT a FROM t LIMIT 5, 10"),
    (LITE, "SELECT CAST(a AS REAL), a == 1, a != 2, a <> 3, x'00ff' FROM t"),
    (LITE, "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<5) SELECT x FROM c"),
    (LITE, "VALUES (1),(2)"),
    (LITE, "SELECT a FROM t WHERE b GLOB '*x*' AND c IS NOT NULL AND d REGEXP 'e'"),
    (MS, "SELECT TOP 10 * FROM dbo.orders WITH (NOLOCK) WHERE id = @id"),
    (MS, "SELECT [update] FROM [t] WHERE a = N'x'"),
    (MS, "SELECT a, ROW_NUMBER() OVER (ORDER BY b) AS n FROM t ORDER BY a OFFSET 10 ROWS FETCH NEXT 5 ROWS ONLY"),
    (MS, "WITH c AS (SELECT 1 AS a) SELECT * FROM c CROSS APPLY (SELECT 2 AS b) d"),
    (MS, "SELECT a FROM t FOR JSON PATH"),
    (MS, "SELECT DATEADD(day, -1, GETDATE()), ISNULL(a, 0), CONVERT(varchar(10), b) FROM t"),
    (MY, "SELECT `a` FROM `t` WHERE b = 'it''s' OR c = \"x\" LIMIT 5"),
    (MY, "SHOW TABLES"),
    (MY, "DESCRIBE t"),
    ("generic", "SELECT a FROM t WHERE b = 1"),
];

#[test]
fn no_bypass_gets_through() {
    assert!(BYPASSES.len() >= 60);
    let through: Vec<_> = BYPASSES.iter().filter(|(dialect, sql)| check(dialect, true, sql).is_ok()).collect();
    assert!(through.is_empty(), "let through: {through:#?}");
}

#[test]
fn no_innocent_statement_is_refused() {
    assert!(INNOCENT.len() >= 100);
    let refused: Vec<_> =
        INNOCENT.iter().filter_map(|(dialect, sql)| Some((sql, check(dialect, true, sql).err()?.to_string()))).collect();
    assert!(refused.is_empty(), "refused: {refused:#?}");
}

#[test]
fn nothing_is_refused_where_writing_is_allowed() {
    for (dialect, sql) in BYPASSES.iter().chain(INNOCENT) {
        assert_eq!(check(dialect, false, sql), Ok(Verdict::Unchecked));
    }
}

#[test]
fn deep_and_long_statements_are_refused_without_a_crash() {
    let deep = format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000));
    let not = format!("SELECT {} true", "NOT ".repeat(20_000));
    let nested = format!("{}SELECT 1{}", "SELECT * FROM (".repeat(5_000), ") x".repeat(5_000));
    let long = format!("SELECT '{}'", "x".repeat(super::decide::MAX_CHECKED_BYTES));
    let sum = format!("SELECT 1{}", " + 1".repeat(20_000));
    let union = format!("SELECT 1{}", " UNION SELECT 1".repeat(10_000));
    let casts = format!("SELECT 1{}", "::int".repeat(40_000));
    for sql in [deep, not, nested, long, sum, union, casts] {
        assert!(check(PG, true, &sql).is_err());
    }
    let list = format!("SELECT a FROM t WHERE b IN (1{})", ", 1".repeat(20_000));
    let most = format!("SELECT 1{}", " + 1".repeat(3_900));
    for sql in [list, most] {
        assert!(check(PG, true, &sql).is_ok());
    }
}

#[test]
fn refusals_say_what_and_what_to_do() {
    let text = |sql| check(PG, true, sql).unwrap_err().to_string();
    assert_eq!(text("DELETE FROM t"), "refused under read-only: DELETE is not a read");
    assert_eq!(text("DROP TABLE t"), "refused under read-only: DROP TABLE is not a read");
    assert_eq!(text("SELECT 1; SELECT 2"), "refused under read-only: another statement, at \"SELECT\"; send one at a time");
    assert_eq!(text("SELECT nextval('s')"), "refused under read-only: nextval() does more than read");
    assert!(text("SELEC 1").starts_with("refused under read-only, since it can't be checked: "));
    let refusal = check(PG, true, "DELETE FROM t").unwrap_err();
    assert!(refusal.is_write() && refusal.hint().contains("only reads"));
}

/// What statements are made of, and what confuses their readers.
const FRAGMENTS: &[&str] = &[
    "SELECT",
    "1",
    "'",
    "''",
    "\\'",
    "\"",
    "$$",
    "$a$",
    "$1",
    "--",
    "\n",
    "\r",
    "/*",
    "*/",
    ";",
    "(",
    ")",
    "FROM",
    "t",
    "WITH",
    "AS",
    "DELETE",
    "INSERT INTO",
    "UPDATE",
    "EXPLAIN",
    "ANALYZE",
    "PRAGMA",
    "=",
    "@",
    "::",
    "E'",
    "U&\"",
    "N'",
    "[",
    "]",
    "`",
    "?",
    ":a",
    "é",
    "\u{a0}",
    "INTO",
    "FOR",
    "nextval",
    ",",
    ".",
    "-",
    "+",
    "CASE",
    "END",
    "UNION",
    "IN",
    "NOT",
    "\0",
    "{",
    "}",
    "#",
    "/*!",
    "VALUES",
    "JOIN",
    "ON",
    "ORDER BY",
    "LIMIT",
];

proptest! {
    #[test]
    fn any_text_gets_an_answer(parts in prop::collection::vec((prop::sample::select(FRAGMENTS), prop::bool::ANY), 0..40), any in ".{0,20}") {
        let mut sql: String = parts.iter().map(|(part, space)| if *space { format!("{part} ") } else { (*part).to_owned() }).collect();
        sql.push_str(&any);
        for dialect in [PG, LITE, MS, MY, "generic"] {
            let _ = check(dialect, true, &sql);
        }
    }

    /// Whatever stands before it, a second statement is never let through; nothing here can hide it in a string or a comment.
    #[test]
    fn a_statement_that_follows_is_always_seen(parts in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..12)) {
        let sure = format!("SELECT 1 {}\n; DROP TABLE t", parts.join(" ").replace(['\'', '"', '$', '/', '[', '`', '\\', '-', '#', '\0'], " "));
        prop_assert!(check(PG, true, &sure).is_err(), "{}", sure);
    }
}
