//! Transactions, and what a session leaves behind.

use super::native::{Folder, all};
use crate::session::Session;
use bulkhead_driver::{ErrorKind, QueryOptions, TransactionOptions};

const WRITING: TransactionOptions = TransactionOptions { isolation: None, read_only: false };

#[test]
fn transactions_are_kept_or_undone() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    session.does("CREATE TABLE t(a)");
    session.begin(WRITING).unwrap();
    assert!(session.begin(WRITING).is_err());
    session.does("INSERT INTO t VALUES (1)");
    assert_eq!(folder.sqlite3("a.db", "SELECT count(*) FROM t"), "0\n");
    session.commit().unwrap();
    assert_eq!(folder.sqlite3("a.db", "SELECT count(*) FROM t"), "1\n");
    assert!(session.commit().is_err());
    session.begin(WRITING).unwrap();
    session.does("DELETE FROM t");
    session.does("SAVEPOINT s");
    session.does("INSERT INTO t VALUES (2)");
    session.does("ROLLBACK TO s");
    assert_eq!(session.one("SELECT count(*) FROM t"), "i0");
    session.rollback().unwrap();
    session.rollback().unwrap();
    assert_eq!(session.one("SELECT a FROM t"), "i1");
}

#[test]
fn a_reset_leaves_nothing_behind() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    session.does("CREATE TABLE t(a)");
    session.begin(WRITING).unwrap();
    session.does("INSERT INTO t VALUES (1)");
    session.does("CREATE TEMP TABLE secret(a)");
    session.does("PRAGMA foreign_keys = OFF");
    session.does("PRAGMA case_sensitive_like = ON");
    session.reset().unwrap();
    assert_eq!(folder.sqlite3("a.db", "SELECT count(*) FROM t"), "0\n");
    assert!(session.ask("SELECT * FROM secret").is_err());
    assert_eq!(session.one("PRAGMA foreign_keys"), "i1");
    assert_eq!(session.one("SELECT 'A' LIKE 'a'"), "i1");
    session.does("INSERT INTO t VALUES (7)");
    assert_eq!(session.one("SELECT last_insert_rowid()"), "i1");
    session.reset().unwrap();
    assert_eq!(session.one("SELECT last_insert_rowid()"), "i0");
    session.begin(TransactionOptions { isolation: None, read_only: true }).unwrap();
    session.reset().unwrap();
    session.does("INSERT INTO t VALUES (8)");
}

#[test]
fn a_cheap_reset_keeps_what_was_compiled_and_cached() {
    let folder = Folder::new();
    let (environment, _, crossings) = folder.environment(false);
    folder.sqlite3("a.db", "CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, 'x')");
    let mut session = Session::connect(environment, &super::native::connect_options("a.db", false, "{}")).unwrap();
    let ask = |session: &mut Session| {
        crossings.set(0);
        assert_eq!(session.one("SELECT b FROM t WHERE a = 1"), "tx");
        crossings.get()
    };
    ask(&mut session);
    assert_eq!(ask(&mut session), 2, "in and out, nothing else");
    session.reset().unwrap();
    assert_eq!(ask(&mut session), 2);
    // Somebody else's change is seen all the same.
    folder.sqlite3("a.db", "UPDATE t SET b = 'y'");
    assert_eq!(session.one("SELECT b FROM t WHERE a = 1"), "ty");
}

#[test]
fn a_scan_reads_ahead() {
    let folder = Folder::new();
    folder.sqlite3(
        "a.db",
        "CREATE TABLE t(a INTEGER PRIMARY KEY, b); WITH RECURSIVE c(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM c WHERE v < 20000) \
         INSERT INTO t SELECT v, printf('%0100d', v) FROM c",
    );
    let (environment, _, crossings) = folder.environment(false);
    let mut session = Session::connect(environment, &super::native::connect_options("a.db", false, "{}")).unwrap();
    crossings.set(0);
    assert_eq!(session.one("SELECT sum(length(b)) FROM t"), "i2000000");
    let pages: u32 = session.one("PRAGMA page_count")[1..].parse().unwrap();
    assert!(crossings.get() * 8 < pages, "{} crossings for {pages} pages", crossings.get());
}

#[test]
fn a_large_transaction_writes_in_long_runs() {
    let folder = Folder::new();
    let (environment, _, crossings) = folder.environment(false);
    let options = super::native::connect_options("a.db", false, r#"{"create": true}"#);
    let mut session = Session::connect(environment, &options).unwrap();
    session.does("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
    session.does("WITH RECURSIVE c(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM c WHERE v < 20000) INSERT INTO t SELECT v, printf('%0100d', v) FROM c");
    crossings.set(0);
    session.does("UPDATE t SET b = printf('%0100d', a * 2)");
    let pages: u32 = session.one("PRAGMA page_count")[1..].parse().unwrap();
    // Each page is journalled and written, in runs of dozens.
    assert!(crossings.get() * 8 < pages, "{} crossings for {pages} pages", crossings.get());
    assert_eq!(folder.sqlite3("a.db", "PRAGMA integrity_check; SELECT sum(b) FROM t"), "ok\n400020000\n");
}

#[test]
fn memory_is_empty_for_each_session() {
    let folder = Folder::new();
    let mut session = folder.connect(":memory:");
    session.does("CREATE TABLE t(a)");
    session.does("INSERT INTO t VALUES (1)");
    assert_eq!(session.one("SELECT a FROM t"), "i1");
    session.reset().unwrap();
    assert!(session.ask("SELECT a FROM t").is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn sorting_more_than_memory_holds_goes_to_a_file() {
    let folder = Folder::new();
    let mut session = folder.try_connect("a.db", false, r#"{"create": true, "cache_kib": 256}"#).unwrap();
    let sql = "WITH RECURSIVE c(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM c WHERE v < 50000) \
               SELECT v FROM c ORDER BY printf('%0100d', (v * 7919) % 50000)";
    let rows = session.table(sql);
    assert_eq!(rows.len(), 50_000);
    assert_eq!(rows[0], ["i50000"]);
    session.does("CREATE TEMP TABLE t(a)");
    session.does("WITH RECURSIVE c(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM c WHERE v < 50000) INSERT INTO t SELECT printf('%0100d', v) FROM c");
    assert_eq!(session.one("SELECT sum(a) FROM t"), "i1250025000");
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["a.db"]);
}

#[test]
fn a_full_disk_is_an_error_and_the_transaction_is_undone() {
    let folder = Folder::new();
    let limits = bulkhead::files::Limits { file_bytes: 200_000, ..bulkhead::files::Limits::default() };
    let mut session = folder.connect_within(limits, "a.db");
    session.does("CREATE TABLE t(a)");
    session.does("INSERT INTO t VALUES ('kept')");
    let error = session
        .ask("WITH RECURSIVE c(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM c WHERE v < 20000) INSERT INTO t SELECT printf('%0100d', v) FROM c")
        .err()
        .unwrap();
    assert_eq!(error.kind, ErrorKind::Resources, "{error:?}");
    assert!(error.detail.as_deref().unwrap_or_default().contains("limit is 200000"), "{error:?}");
    assert_eq!(session.one("SELECT count(*) FROM t"), "i1");
    assert_eq!(folder.sqlite3("a.db", "PRAGMA integrity_check; SELECT * FROM t"), "ok\nkept\n");
}

#[test]
fn a_closed_connection_says_so() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    session.close();
    let error = session.query("SELECT 1", &[], &QueryOptions { read_only: true, ..all() }).err().unwrap();
    assert!(error.kind == ErrorKind::Connection && !error.connection_usable);
}
