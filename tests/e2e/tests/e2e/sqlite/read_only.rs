//! A read-only database isn't written, whatever the statement says.

use std::os::unix::fs::MetadataExt;

use serde_json::json;

use super::Rig;

const BYPASSES: &[&str] = &[
    "INSERT INTO ledger VALUES (2)",
    "WITH w AS (SELECT 2) INSERT INTO ledger SELECT * FROM w",
    "PRAGMA query_only = 0",
    "PRAGMA writable_schema = 1",
    "PRAGMA user_version = 7",
    "PRAGMA journal_mode = DELETE",
    "ATTACH 'other.db' AS other",
    "ATTACH ':memory:' AS other",
    "VACUUM",
    "VACUUM INTO 'copy.db'",
    "CREATE TABLE stolen (n)",
    "CREATE TEMP TABLE stolen (n)",
    "DROP TABLE ledger",
    "REINDEX",
    "ANALYZE",
    "BEGIN IMMEDIATE",
    "SELECT 1; INSERT INTO ledger VALUES (2)",
    "SELECT load_extension('evil')",
    "SELECT writefile('pwned', 'x')",
    "SELECT fts3_tokenizer('simple')",
    "UPDATE sqlite_master SET sql = ''",
    "EXPLAIN INSERT INTO ledger VALUES (2)",
];

#[tokio::test]
async fn nothing_is_written() {
    let rig = Rig::start_with("CREATE TABLE ledger (n); INSERT INTO ledger VALUES (1)", &[(&["read_only"], json!(true))]).await;
    let before = std::fs::read(rig.file()).expect("the file");
    let about = std::fs::metadata(rig.file()).expect("the file");
    for sql in BYPASSES {
        let answer = rig.client.query("lite", sql).await;
        assert_eq!(std::fs::read(rig.file()).expect("the file"), before, "{sql}: {}", answer.raw());
        let _ = rig.client.query("lite", "INSERT INTO ledger VALUES (3)").await;
        assert_eq!(std::fs::read(rig.file()).expect("the file"), before, "a write after {sql}");
    }
    let after = std::fs::metadata(rig.file()).expect("the file");
    assert_eq!((after.mtime_nsec(), after.mtime()), (about.mtime_nsec(), about.mtime()));
    let names: Vec<_> =
        std::fs::read_dir(&rig.directory).expect("the directory").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names, ["test.db"], "no other file was made");
    assert_eq!(rig.cell("SELECT count(*) FROM ledger").await, "1");
}
