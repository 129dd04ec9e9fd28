//! Statements, cursors and limits.

use super::native::{Folder, all, spell};
use crate::query::{Ending, Portion};
use crate::session::Session;
use bulkhead_driver::{ErrorKind, QueryOptions};
use std::time::{Duration, Instant};

const COUNT: &str = "WITH RECURSIVE c(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM c WHERE v < 10) SELECT v FROM c";

fn read(session: &mut Session, options: &QueryOptions, rows: u32, bytes: u32) -> Vec<usize> {
    let answer = session.query(COUNT, &[], options).unwrap();
    let mut sizes = vec![answer.batch.map_or(0, |batch| batch.rows as usize)];
    let mut ending = answer.ending;
    while let Ending::Rest(cursor) = ending {
        let (batch, done) = session.next(cursor, Portion { rows, bytes }).unwrap();
        sizes.push(batch.map_or(0, |batch| batch.rows as usize));
        ending = done.map_or(Ending::Rest(cursor), Ending::Done);
    }
    sizes
}

#[test]
fn a_result_comes_in_portions() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    let options = |batch_rows, batch_bytes, max_rows| QueryOptions { batch_rows, batch_bytes, max_rows, ..all() };
    let much = u32::MAX;
    assert_eq!(read(&mut session, &options(100, much, None), 100, much), [10]);
    assert_eq!(read(&mut session, &options(10, much, None), 100, much), [10], "the end is seen with the last row");
    assert_eq!(read(&mut session, &options(4, much, None), 5, much), [4, 5, 1]);
    assert_eq!(read(&mut session, &options(0, much, None), 100, much), [0, 10]);
    assert_eq!(read(&mut session, &options(100, 24, None), 100, 16), [3, 2, 2, 2, 1]);
    assert_eq!(read(&mut session, &options(100, 1, None), 100, 1), [1; 10], "one row always passes");
    assert_eq!(read(&mut session, &options(100, much, Some(3)), 100, much), [3]);
    assert_eq!(read(&mut session, &options(2, much, Some(3)), 100, much), [2, 1]);
    assert_eq!(read(&mut session, &options(100, much, Some(0)), 100, much), [0]);
}

#[test]
fn rows_that_wait_for_the_next_portion_are_not_lost() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    session.does("CREATE TABLE t(a INTEGER, b)");
    session.does("INSERT INTO t VALUES (1, NULL), (2, 'two'), (3, 3), (NULL, 4.5), (5, x'05')");
    for bytes in 1..60 {
        let options = QueryOptions { batch_bytes: bytes, ..all() };
        let answer = session.query("SELECT * FROM t", &[], &options).unwrap();
        let mut rows = spell(&answer.batch.unwrap());
        let mut ending = answer.ending;
        while let Ending::Rest(cursor) = ending {
            let (batch, done) = session.next(cursor, Portion { rows: 10, bytes }).unwrap();
            rows.extend(batch.iter().flat_map(spell));
            ending = done.map_or(Ending::Rest(cursor), Ending::Done);
        }
        let wanted = [["i1", "NULL"], ["i2", "ttwo"], ["i3", "i3"], ["NULL", "f4.5"], ["i5", "x05"]];
        assert_eq!(rows, wanted, "{bytes} bytes");
    }
}

#[test]
fn another_call_closes_the_cursor_and_gives_up_its_lock() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    session.does("CREATE TABLE t(a)");
    session.does("INSERT INTO t VALUES (1), (2), (3)");
    let options = QueryOptions { batch_rows: 1, ..all() };
    let Ending::Rest(cursor) = session.query("SELECT a FROM t", &[], &options).unwrap().ending else { panic!("ended") };
    assert_eq!(session.next(cursor, Portion { rows: 1, bytes: 100 }).unwrap().0.unwrap().rows, 1);
    session.ping().unwrap();
    assert!(session.next(cursor, Portion { rows: 1, bytes: 100 }).is_err());
    folder.sqlite3("a.db", "INSERT INTO t VALUES (4)");
    let Ending::Rest(cursor) = session.query("SELECT a FROM t", &[], &options).unwrap().ending else { panic!("ended") };
    session.close_cursor(cursor);
    folder.sqlite3("a.db", "INSERT INTO t VALUES (5)");
    assert_eq!(session.one("SELECT count(*) FROM t"), "i5");
}

#[test]
fn changes_are_counted_and_named() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    let mut of = |sql: &str| {
        let completion = session.does(sql);
        (completion.command_tag.unwrap_or_default(), completion.rows_affected)
    };
    assert_eq!(of("CREATE TABLE t(a INTEGER PRIMARY KEY, b)"), ("CREATE TABLE".to_owned(), None));
    assert_eq!(of("INSERT INTO t(b) VALUES (1), (2), (3)"), ("INSERT 3".to_owned(), Some(3)));
    assert_eq!(of("UPDATE t SET b = 0 WHERE a > 1"), ("UPDATE 2".to_owned(), Some(2)));
    assert_eq!(of("UPDATE t SET b = 0 WHERE a > 100"), ("UPDATE 0".to_owned(), Some(0)));
    assert_eq!(of("SELECT * FROM t"), ("SELECT".to_owned(), None));
    assert_eq!(
        of("WITH x AS (SELECT 1 AS a) DELETE FROM t WHERE a IN (SELECT a FROM x) RETURNING b"),
        ("WITH 1".to_owned(), Some(1))
    );
    assert_eq!(of("DELETE FROM t"), ("DELETE 2".to_owned(), Some(2)));
    assert_eq!(of("VACUUM"), ("VACUUM".to_owned(), None));
}

#[test]
fn errors_say_what_where_and_which() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    session.does("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT NOT NULL UNIQUE, b CHECK (b > 0), c REFERENCES t(id))");
    session.does("INSERT INTO t VALUES (1, 'x', 1, 1)");
    for (sql, kind, code, object, position) in [
        ("SELECT é FORM t", ErrorKind::Syntax, "1", None, Some(15)),
        ("SELECT 'é', 'open", ErrorKind::Syntax, "1", None, Some(13)),
        ("SELECT (1", ErrorKind::Syntax, "1", None, None),
        ("SELECT 'é', nope FROM t", ErrorKind::Undefined, "1", None, Some(13)),
        ("SELECT * FROM nope", ErrorKind::Undefined, "1", None, None),
        ("SELECT nope(1)", ErrorKind::Undefined, "1", None, Some(8)),
        ("INSERT INTO t(nope) VALUES (1)", ErrorKind::Undefined, "1", None, None),
        ("INSERT INTO t VALUES (2, 'x', 1, 1)", ErrorKind::Constraint, "2067", Some("t.a"), None),
        ("INSERT INTO t VALUES (1, 'y', 1, 1)", ErrorKind::Constraint, "1555", Some("t.id"), None),
        ("INSERT INTO t VALUES (2, NULL, 1, 1)", ErrorKind::Constraint, "1299", Some("t.a"), None),
        ("INSERT INTO t VALUES (2, 'y', 0, 1)", ErrorKind::Constraint, "275", Some("b > 0"), None),
        ("INSERT INTO t VALUES (2, 'y', 1, 9)", ErrorKind::Constraint, "787", None, None),
        ("SELECT abs(-9223372036854775808)", ErrorKind::InvalidValue, "1", None, None),
        ("INSERT INTO t(id, a) VALUES ('x', 'y')", ErrorKind::InvalidValue, "20", None, None),
        ("SELECT json('{')", ErrorKind::InvalidValue, "1", None, None),
        ("SELECT zeroblob(20000000)", ErrorKind::Resources, "18", None, None),
    ] {
        let error = session.ask(sql).err().unwrap_or_else(|| panic!("{sql} passed"));
        assert_eq!(error.kind, kind, "{sql}: {error:?}");
        assert_eq!(error.native_code.as_deref(), Some(code), "{sql}: {error:?}");
        assert_eq!(error.object.as_deref(), object, "{sql}");
        if position.is_some() {
            assert_eq!(error.position, position, "{sql}: {error:?}");
        }
        assert!(error.connection_usable && !error.retryable, "{sql}");
    }
    assert_eq!(session.one("SELECT count(*) FROM t"), "i1");
}

#[test]
fn one_statement_a_call() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    for (sql, position) in [("SELECT 1; SELECT 2", 11), ("SELECT 'é' ;;-- x\n DROP TABLE t", 20), ("SELECT 1;\0", 10)] {
        let error = session.ask(sql).err().unwrap();
        assert_eq!((error.kind, error.position), (ErrorKind::Syntax, Some(position)), "{sql:?}");
    }
    for sql in ["", "  ", "-- only a comment", ";"] {
        assert_eq!(session.ask(sql).err().unwrap().kind, ErrorKind::Syntax, "{sql:?}");
    }
    assert_eq!(session.one("SELECT 1; -- and no more\n"), "i1");
}

#[test]
fn a_statement_ends_when_its_call_does() {
    let folder = Folder::new();
    let (environment, clock, _) = folder.environment(false);
    let options = super::native::connect_options("a.db", false, r#"{"create": true}"#);
    let mut session = Session::connect(environment, &options).unwrap();
    let started = Instant::now();
    clock.deadline.set(Some(started + Duration::from_millis(50)));
    let endless = "WITH RECURSIVE c(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM c) SELECT count(*) FROM c";
    let error = session.ask(endless).err().unwrap();
    assert_eq!(error.kind, ErrorKind::Timeout, "{error:?}");
    assert!(error.connection_usable && started.elapsed() < Duration::from_secs(2));
    clock.deadline.set(None);
    clock.questions.set(0);
    assert_eq!(session.one("SELECT 1"), "i1");
    assert_eq!(clock.questions.get(), 0, "a small statement asks nothing");
}

#[test]
fn what_was_promised_is_built_in() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    assert_eq!(session.one("SELECT json_extract('{\"a\": [1, 2]}', '$.a[1]')"), "i2");
    assert_eq!(session.one("SELECT round(sqrt(2), 3)"), "f1.414");
    session.does("CREATE VIRTUAL TABLE words USING fts5(text)");
    session.does("INSERT INTO words VALUES ('the quick brown fox'), ('a lazy dog')");
    assert_eq!(session.one("SELECT text FROM words WHERE words MATCH 'quick OR cat'"), "tthe quick brown fox");
    session.does("CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1)");
    session.does("INSERT INTO boxes VALUES (1, 0, 10), (2, 20, 30)");
    assert_eq!(session.one("SELECT id FROM boxes WHERE x0 > 15"), "i2");
    assert_eq!(session.one("SELECT strftime('%Y', 'now') >= '2026'"), "i1");
    assert_ne!(session.one("SELECT random()"), session.one("SELECT random()"));
    assert_eq!(session.one("SELECT name FROM dbstat WHERE aggregate = TRUE AND name = 'sqlite_schema'"), "tsqlite_schema");
    let plan = session
        .explain(
            "SELECT * FROM boxes JOIN words ON words.rowid = id",
            &[],
            &bulkhead_driver::ExplainOptions { analyze: false, read_only: true, timeout_ms: None },
        )
        .unwrap();
    assert!(plan.text.starts_with("QUERY PLAN\n|--SCAN"), "{}", plan.text);
    assert!(plan.json.unwrap().contains("VIRTUAL TABLE"));
}
