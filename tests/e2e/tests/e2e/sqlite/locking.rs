//! Locks that hold against other connections and other processes: everybody writes, and no row is lost.

use std::process::{Command, Stdio};

use bulkhead_tests::environment::wanted;
use bulkhead_tests::{Client, Config, Era, Host};
use serde_json::json;

use super::{Rig, command};

const ROWS: usize = 60;

/// Two connections of one host and the `sqlite3` command write the same file at once.
#[tokio::test]
async fn three_writers_of_one_file() {
    let rig = Rig::start_with(
        "CREATE TABLE log (id INTEGER PRIMARY KEY, who TEXT, n INT); CREATE TABLE total (n INT); INSERT INTO total VALUES (0)",
        &[(&["options", "busy_timeout_ms"], json!(20_000)), (&["statement_timeout"], json!("60s"))],
    )
    .await;
    // The other process: one transaction after another, each a read and a write, so that it holds locks most of the time.
    let transaction =
        "BEGIN IMMEDIATE; INSERT INTO log (who, n) SELECT 'command', count(*) FROM log; UPDATE total SET n = n + 1; COMMIT;\n";
    let script = format!(".timeout 20000\n{}", transaction.repeat(ROWS));
    let path = rig.directory.join("script.sql");
    std::fs::write(&path, script).expect("a script");
    let mut process = Command::new(wanted("BULKHEAD_TEST_SQLITE3"))
        .args(["-batch", "-bail", "-init", "/dev/null"])
        .arg(rig.file())
        .stdin(Stdio::from(std::fs::File::open(&path).expect("the script")))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sqlite3 starts");
    let writers: Vec<_> = ["first", "second"]
        .into_iter()
        .map(|who| {
            let url = rig.host.url();
            tokio::spawn(async move {
                let client = Client::http(&url, Era::Stateless).await;
                for number in 0..ROWS {
                    let answer = client.query_with("lite", "INSERT INTO log (who, n) VALUES (?, ?)", json!([who, number])).await;
                    assert!(!answer.is_error(), "{who} {number}: {}", answer.raw());
                    let answer = client.query("lite", "UPDATE total SET n = n + 1").await;
                    assert!(!answer.is_error(), "{who} {number}: {}", answer.raw());
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("all its rows were written");
    }
    let mut said = String::new();
    std::io::Read::read_to_string(&mut process.stderr.take().expect("stderr"), &mut said).expect("what it said");
    assert!(process.wait().expect("its end").success(), "{said}");
    let counts = command(&rig.file(), "SELECT who, count(*) FROM log GROUP BY who ORDER BY who");
    assert_eq!(counts, format!("command|{ROWS}\nfirst|{ROWS}\nsecond|{ROWS}"));
    assert_eq!(command(&rig.file(), "SELECT n FROM total"), (3 * ROWS).to_string(), "no update was lost");
    assert_eq!(command(&rig.file(), "PRAGMA integrity_check"), "ok");
    assert_eq!(rig.cell("SELECT count(*) FROM log").await, (3 * ROWS).to_string());
}

/// While another process holds the write lock: reading works or waits, writing waits and then says why it can't.
#[tokio::test]
async fn a_lock_that_another_process_holds() {
    let rig = Rig::start_with("CREATE TABLE t (n)", &[(&["options", "busy_timeout_ms"], json!(200))]).await;
    let mut holder = Command::new(wanted("BULKHEAD_TEST_SQLITE3"))
        .args(["-batch", "-init", "/dev/null"])
        .arg(rig.file())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sqlite3 starts");
    let mut input = holder.stdin.take().expect("stdin");
    let mut output = std::io::BufReader::new(holder.stdout.take().expect("stdout"));
    std::io::Write::write_all(&mut input, b"BEGIN IMMEDIATE;\nINSERT INTO t VALUES (1);\nSELECT 'held';\n").expect("told");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut output, &mut line).expect("heard");
    assert_eq!(line, "held\n");

    assert_eq!(rig.cell("SELECT count(*) FROM t").await, "0", "a reserved lock lets readers in, and they see what was committed");
    let answer = rig.client.query("lite", "INSERT INTO t VALUES (2)").await;
    assert_eq!(answer.error()["retryable"], json!(true), "{}", answer.error());
    assert!(answer.error().to_string().contains("locked"), "{}", answer.error());

    std::io::Write::write_all(&mut input, b"COMMIT;\n.quit\n").expect("told");
    assert!(holder.wait().expect("its end").success());
    assert_eq!(rig.cell("SELECT count(*) FROM t").await, "1");
    assert!(!rig.client.query("lite", "INSERT INTO t VALUES (2)").await.is_error());
}

/// A transaction that another process left half done is taken back, as SQLite itself would.
#[tokio::test]
async fn a_hot_journal_is_rolled_back() {
    let config = Config::new();
    let directory = config.folder().join("data");
    std::fs::create_dir(&directory).expect("a directory");
    let file = directory.join("test.db");
    command(
        &file,
        "CREATE TABLE t (n, filler); WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 2000) INSERT INTO t SELECT n, hex(randomblob(200)) FROM i",
    );
    let mut crashing = Command::new(wanted("BULKHEAD_TEST_SQLITE3"))
        .args(["-batch", "-init", "/dev/null"])
        .arg(&file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sqlite3 starts");
    let mut input = crashing.stdin.take().expect("stdin");
    let mut output = std::io::BufReader::new(crashing.stdout.take().expect("stdout"));
    // So small a cache spills into the file before the transaction ends.
    std::io::Write::write_all(
        &mut input,
        b"PRAGMA cache_size = 5;\nBEGIN;\nUPDATE t SET n = -1, filler = hex(randomblob(200));\nSELECT 'spilt';\n",
    )
    .expect("told");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut output, &mut line).expect("heard");
    assert_eq!(line, "spilt\n");
    crashing.kill().expect("killed");
    let _ = crashing.wait();
    assert!(directory.join("test.db-journal").metadata().expect("the journal").len() > 0);

    let host = Host::start(config.sqlite("lite", &directory, "test.db")).await;
    let client = host.client().await;
    let answer = client.query("lite", "SELECT count(*), min(n), max(n) FROM t").await;
    assert_eq!(answer.rows(), [[json!(2_000), json!(1), json!(2_000)]]);
    assert_eq!(command(&file, "PRAGMA integrity_check"), "ok");
}

/// A file in WAL mode whose log holds what the file doesn't: read in full, or refused in words; never half read.
#[tokio::test]
async fn a_write_ahead_log_is_never_ignored() {
    let rig = Rig::start("CREATE TABLE t (n)").await;
    let mut writer = Command::new(wanted("BULKHEAD_TEST_SQLITE3"))
        .args(["-batch", "-init", "/dev/null"])
        .arg(rig.file())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sqlite3 starts");
    let mut input = writer.stdin.take().expect("stdin");
    let mut output = std::io::BufReader::new(writer.stdout.take().expect("stdout"));
    let sql =
        b"PRAGMA journal_mode = WAL;\nPRAGMA wal_autocheckpoint = 0;\nINSERT INTO t VALUES (1), (2), (3);\nSELECT 'written';\n";
    std::io::Write::write_all(&mut input, sql).expect("told");
    let mut line = String::new();
    while line != "written\n" {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut output, &mut line).expect("heard") > 0);
    }
    for file in ["with its writer", "after a crash"] {
        let answer = rig.client.query("lite", "SELECT count(*) FROM t").await;
        if answer.is_error() {
            assert!(answer.error().to_string().contains("WAL"), "{file}: {}", answer.error());
        } else {
            assert_eq!(answer.cell(), json!(3), "{file}");
        }
        let _ = writer.kill();
        let _ = writer.wait();
    }
    assert_eq!(command(&rig.file(), "SELECT count(*) FROM t"), "3", "and nothing was lost");
}
