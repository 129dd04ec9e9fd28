//! What is refused, and that each of the ways to refuse it is enough.

use super::native::{Folder, all, reading};
use crate::rules::Mode;
use crate::session::Session;
use crate::sqlite::Flag;
use bulkhead_driver::{ErrorKind, TransactionOptions};

fn shop(folder: &Folder) {
    folder.sqlite3(
        "shop.db",
        "CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, 'one'); CREATE VIEW v AS SELECT * FROM t; \
         CREATE VIRTUAL TABLE r USING rtree(id, x0, x1); INSERT INTO r VALUES (1, 0, 1); \
         CREATE VIRTUAL TABLE f USING fts5(x); INSERT INTO f VALUES ('word')",
    );
}

const WRITES: [&str; 30] = [
    "INSERT INTO t VALUES (2, 'two')",
    "WITH x AS (SELECT 1) INSERT INTO t SELECT 3, 'three'",
    "/* SELECT */ INSERT INTO t VALUES (2, 'two')",
    "EXPLAIN QUERY PLAN INSERT INTO t VALUES (2, 'two')",
    "REPLACE INTO t VALUES (1, 'uno')",
    "UPDATE t SET b = 'x'",
    "DELETE FROM t RETURNING *",
    "CREATE TABLE u(a)",
    "CREATE TEMP TABLE u(a)",
    "CREATE INDEX i ON t(b)",
    "CREATE VIEW w AS SELECT 1",
    "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
    "ALTER TABLE t RENAME TO u",
    "DROP TABLE t",
    "DROP VIEW v",
    "VACUUM",
    "VACUUM INTO 'copy.db'",
    "REINDEX",
    "ANALYZE",
    "ATTACH 'other.db' AS o",
    "BEGIN IMMEDIATE",
    "BEGIN EXCLUSIVE",
    "INSERT INTO r VALUES (2, 0, 1)",
    "DELETE FROM r_node",
    "INSERT INTO f VALUES ('other')",
    "INSERT INTO f(f) VALUES ('optimize')",
    "PRAGMA user_version = 5",
    "PRAGMA journal_mode = TRUNCATE",
    "PRAGMA incremental_vacuum",
    "PRAGMA optimize",
];

fn all_refused(session: &mut Session, folder: &Folder, options: &bulkhead_driver::QueryOptions) {
    let before = std::fs::read(folder.file("shop.db")).unwrap();
    for sql in WRITES {
        let error = session.query(sql, &[], options).err().unwrap_or_else(|| panic!("{sql} passed"));
        assert!(matches!(error.kind, ErrorKind::ReadOnly | ErrorKind::Permission), "{sql}: {error:?}");
    }
    for sql in ["PRAGMA query_only = 0", "PRAGMA writable_schema = 1", "PRAGMA query_only(off)", "PRAGMA main.query_only = 0"] {
        assert_eq!(session.query(sql, &[], options).err().map(|error| error.kind), Some(ErrorKind::Permission), "{sql}");
    }
    assert_eq!(std::fs::read(folder.file("shop.db")).unwrap(), before);
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["shop.db"], "something was made");
}

#[test]
fn a_read_only_connection_reads_everything_and_writes_nothing() {
    let folder = Folder::new();
    shop(&folder);
    let mut session = folder.connect_read_only("shop.db");
    all_refused(&mut session, &folder, &all());
    assert_eq!(session.one("SELECT b FROM v"), "tone");
    assert_eq!(session.one("SELECT id FROM r"), "i1");
    assert_eq!(session.one("SELECT x FROM f WHERE f MATCH 'word'"), "tword");
    assert_eq!(session.one("PRAGMA journal_mode"), "tdelete");
    assert_eq!(session.one("PRAGMA integrity_check"), "tok");
    assert_eq!(session.table("PRAGMA table_info(t)").len(), 2);
    assert_eq!(session.one("SELECT count(*) FROM pragma_table_info('t')"), "i2");
}

#[test]
fn a_read_only_call_writes_nothing_on_a_connection_that_may() {
    let folder = Folder::new();
    shop(&folder);
    let mut session = folder.try_connect("shop.db", false, "{}").unwrap();
    all_refused(&mut session, &folder, &reading());
    session.does("INSERT INTO t VALUES (2, 'two')");
    // The text that was compiled for a writer is not the reader's.
    assert!(session.query("INSERT INTO t VALUES (3, 'x')", &[], &reading()).is_err());
    session.does("INSERT INTO t VALUES (3, 'x')");
    assert!(session.query("INSERT INTO t VALUES (3, 'x')", &[], &reading()).is_err());
    session.begin(TransactionOptions { isolation: None, read_only: true }).unwrap();
    assert_eq!(session.ask("DELETE FROM t").err().unwrap().kind, ErrorKind::ReadOnly);
    session.ask("COMMIT").unwrap();
    session.does("DELETE FROM t WHERE a = 3");
}

#[test]
fn query_only_alone_stops_writes() {
    let folder = Folder::new();
    shop(&folder);
    let mut session = folder.try_connect("shop.db", false, "{}").unwrap();
    session.begin_call(Mode::Internal).unwrap();
    session.set_query_only(true).unwrap();
    // No rules and a file open for writing: what is left is SQLite's own setting.
    let database = session.database().unwrap().clone();
    for sql in [
        "INSERT INTO t VALUES (2, 'two')",
        "CREATE TABLE u(a)",
        "CREATE TEMP TABLE u(a)",
        "DELETE FROM t",
        "PRAGMA user_version = 5",
    ] {
        assert_eq!(database.execute(sql).unwrap_err().primary(), crate::sqlite::codes::SQLITE_READONLY, "{sql}");
    }
}

#[test]
fn the_files_alone_stop_writes() {
    let folder = Folder::new();
    shop(&folder);
    let mut session = folder.connect_read_only("shop.db");
    session.begin_call(Mode::Internal).unwrap();
    session.set_query_only(false).unwrap();
    let database = session.database().unwrap().clone();
    database.set(Flag::Defensive, false).unwrap();
    for sql in ["INSERT INTO t VALUES (2, 'two')", "CREATE TABLE u(a)", "DELETE FROM t", "PRAGMA user_version = 5"] {
        assert_eq!(database.execute(sql).unwrap_err().primary(), crate::sqlite::codes::SQLITE_READONLY, "{sql}");
    }
}

#[test]
fn other_files_are_out_of_reach() {
    let folder = Folder::new();
    shop(&folder);
    let outside = Folder::new();
    shop(&outside);
    let path = outside.file("shop.db");
    let mut session = folder.try_connect("shop.db", false, "{}").unwrap();
    for sql in [
        format!("ATTACH '{}' AS o", path.display()),
        format!("ATTACH 'file:{}?vfs=unix' AS o", path.display()),
        "ATTACH ':memory:' AS o".to_owned(),
        "ATTACH '' AS o".to_owned(),
        format!("VACUUM INTO '{}'", path.display()),
        "VACUUM INTO 'copy.db'".to_owned(),
        "SELECT load_extension('x')".to_owned(),
        "PRAGMA temp_store_directory = '/tmp'".to_owned(),
        "PRAGMA locking_mode = EXCLUSIVE".to_owned(),
        "PRAGMA journal_mode = WAL".to_owned(),
        "PRAGMA journal_mode = OFF".to_owned(),
        "PRAGMA mmap_size = 100000".to_owned(),
        "PRAGMA synchronous = OFF".to_owned(),
        "PRAGMA made_up = 1".to_owned(),
        "UPDATE sqlite_schema SET sql = ''".to_owned(),
        "DELETE FROM f_data".to_owned(),
    ] {
        assert!(session.ask(&sql).is_err(), "{sql} passed");
    }
    assert_eq!(session.one("PRAGMA journal_mode"), "tdelete");
    session.does("VACUUM");
    assert_eq!(session.one("SELECT count(*) FROM t"), "i1");
    for catalog in [path.to_str().unwrap(), "../shop.db", "file:shop.db?vfs=unix", "", "shop.db/", "./shop.db", "a\0b"] {
        let error = folder.try_connect(catalog, false, "{}").err().unwrap_or_else(|| panic!("{catalog:?} was opened"));
        assert!(matches!(error.kind, ErrorKind::Permission | ErrorKind::Undefined | ErrorKind::Connection), "{error:?}");
    }
    std::os::unix::fs::symlink(&path, folder.file("link.db")).unwrap();
    assert_eq!(folder.try_connect("link.db", false, "{}").err().unwrap().kind, ErrorKind::Permission);
}

#[test]
fn files_that_are_no_databases_are_refused() {
    let folder = Folder::new();
    std::fs::write(folder.file("notes.txt"), "x".repeat(5000)).unwrap();
    let error = folder.try_connect("notes.txt", false, "{}").err().unwrap();
    assert!(error.message.contains("not a SQLite database") && !error.connection_usable, "{error:?}");
    let error = folder.try_connect("missing.db", false, "{}").err().unwrap();
    assert_eq!(error.kind, ErrorKind::Undefined);
    assert!(!folder.file("missing.db").exists());
    // Not made for a reader, whatever the options say.
    assert!(folder.try_connect("missing.db", true, r#"{"create": true}"#).is_err());
}
