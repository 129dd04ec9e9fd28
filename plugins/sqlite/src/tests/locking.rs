//! The file with others: other connections, other processes, crashes, logs.

use super::native::{Folder, connect_options};
use crate::session::Session;
use bulkhead_driver::{ErrorKind, TransactionOptions};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const WRITING: TransactionOptions = TransactionOptions { isolation: None, read_only: false };
const ROWS_EACH: usize = 150;

/// A sqlite3 command that has run a script and waits for more.
fn command_after(file: &std::path::Path, script: &str) -> std::process::Child {
    use std::io::{BufRead, BufReader, Write};
    let mut command =
        Command::new("sqlite3").arg(file).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the sqlite3 command");
    command.stdin.as_mut().unwrap().write_all(format!("{script};\nSELECT 'ready';\n").as_bytes()).unwrap();
    let mut output = BufReader::new(command.stdout.as_mut().unwrap());
    let mut line = String::new();
    while line.trim() != "ready" {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0, "the command ended");
    }
    command
}

/// Adds a row in a transaction that reads first, so that a lost exclusion shows as a wrong running number.
fn add(session: &mut Session, who: &str) {
    loop {
        let attempt = session.begin(WRITING).and_then(|()| {
            session.ask(&format!("INSERT INTO log(number, who) SELECT count(*) + 1, '{who}' FROM log"))?;
            session.ask("UPDATE total SET rows = rows + 1")?;
            session.commit()
        });
        match attempt {
            Ok(()) => return,
            Err(error) => {
                assert!(error.retryable && error.kind == ErrorKind::Resources, "{error:?}");
                session.rollback().unwrap();
            }
        }
    }
}

#[test]
fn two_connections_and_the_sqlite3_command_write_at_once() {
    let folder = Folder::new();
    folder.sqlite3(
        "a.db",
        "CREATE TABLE log(number INTEGER PRIMARY KEY, who TEXT, filler TEXT DEFAULT (hex(randomblob(200)))); \
         CREATE INDEX by_who ON log(who); CREATE TABLE total(rows); INSERT INTO total VALUES (0)",
    );
    std::thread::scope(|scope| {
        for who in ["first", "second"] {
            let folder = &folder;
            scope.spawn(move || {
                let mut session = folder.try_connect("a.db", false, r#"{"busy_timeout_ms": 20000}"#).unwrap();
                for _ in 0..ROWS_EACH {
                    add(&mut session, who);
                }
            });
        }
        let command = scope.spawn(|| {
            let mut script = String::from(".timeout 20000\n.bail on\n");
            for _ in 0..ROWS_EACH {
                script.push_str(
                    "BEGIN IMMEDIATE; INSERT INTO log(number, who) SELECT count(*) + 1, 'command' FROM log; \
                     UPDATE total SET rows = rows + 1; COMMIT;\n",
                );
            }
            let script_file = folder.file("script.sql");
            std::fs::write(&script_file, script).unwrap();
            let output = Command::new("sqlite3")
                .arg(folder.file("a.db"))
                .stdin(std::fs::File::open(script_file).unwrap())
                .stdout(Stdio::null())
                .output()
                .expect("the sqlite3 command");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        });
        let reader = scope.spawn(|| {
            let mut session = folder.try_connect("a.db", true, r#"{"busy_timeout_ms": 20000}"#).unwrap();
            let started = Instant::now();
            while started.elapsed() < Duration::from_millis(500) {
                let counts = session.table("SELECT (SELECT count(*) FROM log), (SELECT rows FROM total)");
                assert_eq!(counts[0][0], counts[0][1], "a transaction was seen in part");
            }
        });
        command.join().unwrap();
        reader.join().unwrap();
    });
    assert_eq!(folder.sqlite3("a.db", "PRAGMA integrity_check"), "ok\n");
    let counts = "SELECT count(*), max(number), (SELECT rows FROM total) FROM log; SELECT who, count(*) FROM log GROUP BY who";
    let all = ROWS_EACH * 3;
    assert_eq!(
        folder.sqlite3("a.db", counts),
        format!("{all}|{all}|{all}\ncommand|{ROWS_EACH}\nfirst|{ROWS_EACH}\nsecond|{ROWS_EACH}\n")
    );
    assert_eq!(folder.connect("a.db").one("PRAGMA integrity_check"), "tok");
}

#[test]
fn a_writer_keeps_others_out_and_says_how_long_they_waited() {
    let folder = Folder::new();
    let mut one = folder.connect("a.db");
    one.does("CREATE TABLE t(a)");
    let mut two = folder.try_connect("a.db", false, r#"{"busy_timeout_ms": 30}"#).unwrap();
    one.begin(WRITING).unwrap();
    one.does("INSERT INTO t VALUES (1)");
    assert_eq!(two.one("SELECT count(*) FROM t"), "i0", "a reader isn't kept out before the commit");
    let error = two.ask("INSERT INTO t VALUES (2)").err().unwrap();
    assert!(error.kind == ErrorKind::Resources && error.retryable && error.message.contains("waited 30 ms"), "{error:?}");
    let refused = Command::new("sqlite3").arg(folder.file("a.db")).arg("INSERT INTO t VALUES (3)").output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("locked"));
    one.commit().unwrap();
    two.does("INSERT INTO t VALUES (2)");
    assert_eq!(one.one("SELECT count(*) FROM t"), "i2");
}

#[test]
fn a_wait_for_a_lock_ends_with_the_call() {
    let folder = Folder::new();
    let mut one = folder.connect("a.db");
    one.does("CREATE TABLE t(a)");
    one.begin(WRITING).unwrap();
    let (environment, clock, _) = folder.environment(false);
    let mut two = Session::connect(environment, &connect_options("a.db", false, "{}")).unwrap();
    clock.deadline.set(Some(Instant::now() + Duration::from_millis(50)));
    let error = two.ask("INSERT INTO t VALUES (2)").err().unwrap();
    assert_eq!(error.kind, ErrorKind::Timeout, "{error:?}");
    assert!((1..500).contains(&clock.waited_ms.get()), "{}", clock.waited_ms.get());
}

#[test]
fn a_crashed_writers_journal_is_rolled_back() {
    let folder = Folder::new();
    folder.sqlite3(
        "a.db",
        "CREATE TABLE t(a, b); WITH RECURSIVE c(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM c WHERE v < 2000) \
         INSERT INTO t SELECT v, printf('%0100d', v) FROM c",
    );
    // A cache of a few pages, so that changed pages are in the file while the transaction is open; then the crash.
    let script = "PRAGMA cache_size = 5; PRAGMA cache_spill = 1; BEGIN; UPDATE t SET b = 'changed'; UPDATE t SET a = -a";
    let mut writer = command_after(&folder.file("a.db"), script);
    assert!(folder.file("a.db-journal").metadata().unwrap().len() > 0);
    writer.kill().unwrap();
    writer.wait().unwrap();
    // A reader that may not write can't roll it back, and must not read what is half done.
    let read_only = Session::connect(folder.environment(true).0, &connect_options("a.db", true, "{}"));
    let error = read_only.err().unwrap();
    assert!(error.message.contains("journal") && error.hint.is_some(), "{error:?}");
    let mut session = folder.connect("a.db");
    assert_eq!(session.one("SELECT count(*) FROM t WHERE b = 'changed' OR a < 0"), "i0");
    assert_eq!(session.one("PRAGMA integrity_check"), "tok");
    assert!(!folder.file("a.db-journal").exists());
    assert_eq!(folder.connect_read_only("a.db").one("SELECT sum(a) FROM t"), "i2001000");
}

#[test]
fn what_a_thrown_away_connection_left_is_rolled_back() {
    let folder = Folder::new();
    let (environment, _, _) = folder.environment(false);
    let options = connect_options("a.db", false, r#"{"create": true, "cache_kib": 64}"#);
    let mut session = Session::connect(environment, &options).unwrap();
    session.does("CREATE TABLE t(a, b)");
    session.does(
        "WITH RECURSIVE c(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM c WHERE v < 5000) INSERT INTO t SELECT v, printf('%0100d', v) FROM c",
    );
    session.begin(WRITING).unwrap();
    session.does("UPDATE t SET b = 'changed'");
    // As a host does that drops a Store: nothing of the guest's runs any more, and the files are closed.
    let path = folder.file("copy");
    std::fs::create_dir(&path).unwrap();
    for name in ["a.db", "a.db-journal"] {
        std::fs::copy(folder.file(name), path.join(name)).unwrap();
    }
    std::mem::forget(session);
    let output = Command::new("sqlite3")
        .arg(path.join("a.db"))
        .arg("PRAGMA integrity_check; SELECT count(*) FROM t WHERE b = 'changed'")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "ok\n0\n");
}

#[test]
fn a_write_ahead_log_is_refused_or_read_whole() {
    let folder = Folder::new();
    // The log isn't checkpointed: what is in it isn't in the file.
    folder.sqlite3("w.db", "PRAGMA journal_mode = WAL; CREATE TABLE t(a)");
    let mut other = command_after(&folder.file("w.db"), "PRAGMA wal_autocheckpoint = 0; INSERT INTO t VALUES (1)");
    assert!(folder.file("w.db-wal").metadata().unwrap().len() > 0);
    for read_only in [false, true] {
        let error = folder.try_connect("w.db", read_only, "{}").err().unwrap();
        assert_eq!(error.kind, ErrorKind::Unsupported);
        assert!(error.message.contains("WAL mode") && error.hint.is_some_and(|hint| hint.contains("journal_mode=DELETE")));
    }
    // Somebody has it open: an exclusive lock can't be had.
    let exclusive = r#"{"locking": "exclusive", "busy_timeout_ms": 20}"#;
    assert_eq!(folder.try_connect("w.db", false, exclusive).err().unwrap().kind, ErrorKind::Resources);
    other.kill().unwrap();
    other.wait().unwrap();
    let mut session = folder.try_connect("w.db", false, exclusive).unwrap();
    assert_eq!(session.one("SELECT a FROM t"), "i1", "what is in the log is read");
    session.does("INSERT INTO t VALUES (2)");
    let refused = Command::new("sqlite3").arg(folder.file("w.db")).arg("SELECT * FROM t").output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("locked"), "nobody else gets in: {refused:?}");
    session.close();
    assert_eq!(folder.sqlite3("w.db", "SELECT sum(a) FROM t"), "3\n");
}

#[test]
fn a_log_that_comes_later_is_noticed() {
    let folder = Folder::new();
    let mut session = folder.connect("a.db");
    session.does("CREATE TABLE t(a)");
    folder.sqlite3("a.db", "PRAGMA journal_mode = WAL; INSERT INTO t VALUES (1)");
    let error = session.ask("SELECT * FROM t").err().unwrap();
    assert!(error.message.contains("WAL mode"), "{error:?}");
    folder.sqlite3("a.db", "PRAGMA journal_mode = DELETE");
    assert_eq!(session.one("SELECT a FROM t"), "i1");
}
