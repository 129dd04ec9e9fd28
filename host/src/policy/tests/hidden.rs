//! What the parser and a database read differently, or what reaches a table that it doesn't name. Each went past the host once.

use super::super::{Policy, Request, Subject, decide};
use super::{LITE, MS, MY, PG, check};
use crate::config::PolicyConfig;

/// The parser sees no write in these, and the database does.
const WRITES: &[(&str, &str)] = &[
    // Quotes whose ends differ.
    (MS, "SELECT x'\\' FROM (SELECT 1 AS x) AS y DROP TABLE orders --'"),
    (MS, "SELECT X'\\'SHUTDOWN --'"),
    (MY, "SELECT x'\\' INTO OUTFILE '/tmp/x' -- '"),
    (MY, "SELECT b\"\\\" /* \" INTO OUTFILE '/tmp/x' FROM (SELECT 1 AS b) t -- */"),
    (PG, "SELECT X'\\'; DROP TABLE t; --'"),
    (PG, "SELECT b\"; DROP TABLE t; --\""),
    (LITE, "SELECT x'\\' FROM (SELECT 1 AS x);DELETE FROM t;--'"),
    // Comments that begin elsewhere.
    (PG, "SELECT '{}'::jsonb ?-- '\n'||'; DROP TABLE t; --'"),
    (PG, "SELECT point '(0,0)' ?-- '\n'||'; DROP TABLE t; --'"),
    (PG, "SELECT |/* '*/ 3; DROP TABLE t; --'"),
    (MY, "SELECT 1 --\u{a0} INTO OUTFILE '/tmp/x' FROM (SELECT 1 AS `\u{a0}`) t"),
    (MY, "SELECT 1 --\u{3000} INTO OUTFILE '/tmp/x' FROM (SELECT 1 AS `\u{3000}`) t"),
    // Names that are skipped or hold more than they seem to.
    (LITE, "SELECT \u{feff}load_extension('x')"),
    (LITE, "SELECT :a::b(');DELETE/**/FROM/**/t;--')"),
    (LITE, "SELECT @a::b(');DELETE/**/FROM/**/t;--')"),
    (LITE, "SELECT :a(');DELETE/**/FROM/**/t;--')"),
    // Pragmas as tables, and functions that write.
    (LITE, "SELECT * FROM pragma_optimize"),
    (LITE, "SELECT * FROM \"pragma_optimize\"(65534)"),
    (LITE, "SELECT 1 WHERE EXISTS (SELECT 1 FROM main.pragma_optimize)"),
    (LITE, "SELECT optimize(docs) FROM docs"),
    (LITE, "SELECT sqlite_log(1, 'x')"),
    // Behind what is spelled otherwise for the parser.
    (PG, "WITH RECURSIVE a AS (DELETE FROM t RETURNING x) CYCLE x SET b USING c SELECT * FROM a"),
    (PG, "SELECT 'a'\n'b'; DELETE FROM t"),
    (PG, "SELECT 1 FROM t JOIN u USING (a) AS j; DELETE FROM t"),
    (PG, "SELECT collation for (nextval('s'))"),
    (MS, "SELECT * FROM a LEFT MERGE JOIN USING b ON 1 = 1 WHEN MATCHED THEN DELETE;"),
    (MS, "SELECT * FROM a INNER MERGE t USING b ON 1 = 1 WHEN MATCHED THEN DELETE;"),
    (MS, "SELECT 1 AS a INNER MERGE JOIN DROP TABLE t"),
    (MS, "SELECT 1 WITH ROLLUP DROP TABLE t"),
    (MS, "SELECT 1 FROM t FOR SYSTEM_TIME ALL DROP TABLE t"),
    (MS, "SELECT PARSE('1' AS int USING 'x') DROP TABLE t"),
    (MS, "SELECT a::SHUTDOWN"),
    (MY, "SELECT 1 MOD 2 INTO OUTFILE '/tmp/x'"),
    (MY, "SELECT !1; DELETE FROM t"),
    // What acts outside of a transaction.
    (PG, "SELECT cron.schedule('x', '* * * * *', 'DELETE FROM t')"),
    (PG, "SELECT \"cron\" . /**/ schedule('x', '* * * * *', 'DELETE FROM t')"),
    (PG, "SELECT * FROM aws_lambda.invoke('arn', '{}')"),
    (PG, "SELECT aws_s3.query_export_to_s3('SELECT 1', 'b', 'k', 'r')"),
    (PG, "SELECT query_export_to_s3('SELECT 1', 'b')"),
    (PG, "SELECT net.http_post('http://x', '{}')"),
    (PG, "SELECT utl_file.put_line(1, 'x')"),
    (PG, "SELECT * FROM pgr_dijkstra('SELECT 1', 1, 2)"),
    (PG, "SELECT run_command_on_workers('DELETE FROM t')"),
    (PG, "SELECT heap_force_kill('t'::regclass, ARRAY['(0,1)']::tid[])"),
    (MY, "SELECT lambda_async('arn', '{}')"),
    (MY, "SELECT keyring_key_remove('a')"),
    (MY, "SELECT group_replication_set_as_primary('x')"),
];

/// The parser names another table than the database finds, or none.
const READS: &[(&str, &str)] = &[
    (LITE, "SELECT * FROM \u{feff}secret"),
    (LITE, "SELECT (SELECT max(a) || indexed by FROM secret) FROM (SELECT 1 AS indexed)"),
    (LITE, "SELECT (SELECT indexed by FROM secret WHERE a LIKE 'x%') FROM (SELECT 1 AS indexed)"),
    // Behind what is spelled otherwise for the parser.
    (PG, "WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT x FROM a) CYCLE x SET b USING c SELECT * FROM a, secret"),
    (PG, "WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT x FROM a) SEARCH DEPTH FIRST BY x SET y SELECT * FROM a, secret"),
    (PG, "SELECT * FROM (SELECT 1) cycle, secret"),
    (PG, "SELECT * FROM t o JOIN t p USING (id) AS j, secret"),
    (PG, "SELECT * FROM t o JOIN t p USING (id) AS secret JOIN secret s USING (id)"),
    (PG, "MERGE INTO t USING secret AS s ON true WHEN MATCHED THEN DELETE"),
    (PG, "SELECT 'a' 'b' FROM secret"),
    (PG, "SELECT text '1' FROM secret"),
    (PG, "SELECT U&'a' UESCAPE '!' FROM secret"),
    (PG, "SELECT * FROM secret WHERE a ISNULL"),
    (PG, "SELECT xmlserialize(content (SELECT a FROM secret) AS text)"),
    (PG, "SELECT * FROM t GROUP BY DISTINCT (SELECT a FROM secret)"),
    (MS, "SELECT * FROM t INNER MERGE JOIN secret ON 1 = 1"),
    (MS, "SELECT * FROM secret FOR SYSTEM_TIME ALL"),
    (MS, "SELECT * FROM secret FOR SYSTEM_TIME BETWEEN '1' AND '2'"),
    (MS, "SELECT * FROM t FOR SYSTEM_TIME FROM @a TO @b, secret"),
    (MS, "SELECT a FROM t GROUP BY GROUPING SETS ((a), (), ((SELECT 1 FROM secret)))"),
    (MS, "SELECT PARSE((SELECT a FROM secret) AS int USING 'x')"),
    (MS, "SELECT geography::Point((SELECT a FROM secret), 1, 1)"),
    (MY, "SELECT a MOD (SELECT 1 FROM secret) FROM t"),
    (MY, "SELECT !(SELECT 1 FROM secret)"),
    (LITE, "SELECT * FROM t WHERE a NOT GLOB (SELECT a FROM secret)"),
    (LITE, "SELECT * FROM t WHERE a ISNULL OR (SELECT 1 FROM secret)"),
    // A virtual table's rows.
    (LITE, "SELECT * FROM secret_content"),
    (LITE, "SELECT * FROM main.secret_segments"),
    (LITE, "SELECT rtreecheck('secret')"),
    (LITE, "SELECT * FROM bytecode('SELECT * FROM secret')"),
    (LITE, "DROP INDEX secret_index"),
    // An expression's name that is another's to the database.
    (LITE, "WITH \"to\u{212a}en\"(a) AS (SELECT 1) SELECT * FROM token"),
    (MS, "WITH Secret AS (SELECT 1 AS a) SELECT * FROM secret"),
    (MY, "WITH Secret AS (SELECT 1 AS a) SELECT * FROM secret"),
    (MY, "/*!99999 WITH secret AS (SELECT 1) */ SELECT * FROM secret"),
    // A quote in a name.
    (PG, "SELECT * FROM \"odd\"\"name\""),
    (LITE, "SELECT * FROM `odd\"name`"),
    (LITE, "SELECT * FROM 'odd\"name'"),
    (LITE, "PRAGMA table_info(\"odd\"\"name\")"),
    // What a table leaves elsewhere.
    (MS, "SELECT * FROM cdc.dbo_secret_CT"),
    (MS, "SELECT * FROM MSSQL_TemporalHistoryFor_1234"),
    (MY, "SHOW INDEX FROM secret"),
    (MY, "SHOW TABLE STATUS"),
    (MY, "CREATE TABLE t (LIKE secret)"),
    // A table's name is a type.
    (PG, "SELECT (NULL::secret[])[1]"),
    (PG, "SELECT '{}'::_secret"),
    (PG, "SELECT '{}'::public._secret"),
    (PG, "SELECT row_to_json(secret '(1,2)')"),
    (PG, "SELECT regtype '16385'"),
    (PG, "SELECT x.a FROM json_to_record('{}') AS x(a secret)"),
    (PG, "SELECT * FROM json_to_record('{}') AS x(a hr.people)"),
    (PG, "SELECT * FROM json_to_record('{\"a\": 16385}') AS x(a regclass)"),
    (PG, "SELECT * FROM xmltable('/a' PASSING '<a/>' COLUMNS a secret PATH '.')"),
    (PG, "CREATE TABLE t (a secret)"),
    (PG, "ALTER TABLE t ADD COLUMN a secret"),
    (PG, "ALTER TABLE t ALTER COLUMN a TYPE secret"),
    // Names and numbers of tables as values.
    (PG, "SELECT regclass('hr.people')"),
    (PG, "SELECT regclassout(16385)"),
    (PG, "SELECT format_type(i, NULL) FROM generate_series(16384, 17000) i"),
    (PG, "SELECT oidvectortypes('16385 16386')"),
    (PG, "SELECT pg_input_is_valid('hr.people', 'regclass')"),
    (PG, "SELECT get_raw_page('secret', 0)"),
    (PG, "SELECT * FROM pgstattuple('secret')"),
    (PG, "SELECT * FROM pgr_dijkstra('SELECT * FROM secret', 1, 2)"),
    // What goes with a table.
    (PG, "TRUNCATE t CASCADE"),
    (PG, "DROP TABLE t CASCADE"),
    (PG, "ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE"),
    (PG, "DROP INDEX secret_pkey"),
];

fn through(config: &str, statements: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let config: PolicyConfig = serde_json::from_str(config).unwrap();
    let judged = |(dialect, sql): &(&str, &str)| {
        let policy = Policy::new(&config, dialect, Some("shop"));
        decide(&policy, &Request { subject: Subject::Statement(sql), read_only: false, agreed: false }).is_ok()
    };
    statements.iter().filter(|statement| judged(statement)).copied().collect()
}

#[test]
fn no_write_is_hidden() {
    let through: Vec<_> = WRITES.iter().filter(|(dialect, sql)| check(dialect, true, sql).is_ok()).collect();
    assert!(through.is_empty(), "let through: {through:#?}");
}

#[test]
fn no_table_is_hidden() {
    let through = through(r#"{"deny_tables": ["secret", "token", "odd\"name", "hr.*"]}"#, READS);
    assert!(through.is_empty(), "let through: {through:#?}");
}

#[test]
fn no_table_that_isnt_listed_is_hidden() {
    let listed = &[
        (PG, "SELECT (NULL::salaries)"),
        (PG, "SELECT row_to_json(NULL::salaries)"),
        (PG, "CREATE TABLE t (a salaries)"),
        (PG, "SELECT '{}'::_salaries"),
        (LITE, "WITH \"to\u{212a}en\"(a) AS (SELECT 1) SELECT * FROM token"),
    ];
    let through = through(r#"{"tables": ["t"]}"#, listed);
    assert!(through.is_empty(), "let through: {through:#?}");
}

/// What looks like one of them and is none.
#[test]
fn what_is_not_hidden() {
    let innocents = [
        (PG, "SELECT x'1F', B'101', E'\\\\'"),
        (PG, "SELECT 2*-1, 3 - -1, 4 / -2, |/ 16, a ?- b FROM t"),
        (PG, "SELECT a::citext, b::_int4, c::pg_catalog.text, d::t, '{}'::t[] FROM t"),
        (PG, "SELECT * FROM json_to_record('{}') AS x(a int, b text[], c numeric(10, 2))"),
        (PG, "SELECT date '2024-01-01', inet('::1'), interval '1 day'"),
        (PG, "DROP TABLE t"),
        (PG, "TRUNCATE t RESTART IDENTITY"),
        (PG, "SHOW server_version"),
        (LITE, "SELECT * FROM t INDEXED BY name WHERE a = :a AND b = @b"),
        (LITE, "SELECT * FROM t WHERE a IN (secret)"),
        (LITE, "WITH Data AS (SELECT 1 AS a) SELECT * FROM data"),
        (MS, "SELECT 0xDEADBEEF, x FROM t"),
        (MS, "WITH data AS (SELECT 1 AS a) SELECT * FROM data"),
        (MS, "DROP INDEX i ON t"),
        (MY, "SELECT 1--1, x'41' FROM t -- the end"),
    ];
    let refused: Vec<_> =
        innocents.iter().filter(|statement| through(r#"{"tables": ["t"]}"#, &[**statement]).is_empty()).collect();
    assert!(refused.is_empty(), "refused: {refused:#?}");
}
