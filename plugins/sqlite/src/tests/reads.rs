//! What the host calls a read leaves a real file as it was, where nothing but its reading stands before it.

use super::native::{Folder, all};
use bulkhead::config::PolicyConfig;
use bulkhead::policy::Policy;
use proptest::prelude::*;

/// What statements are made of, those that write among it.
const PIECES: &[&str] = &[
    "SELECT 1",
    "SELECT n FROM ledger",
    "SELECT * FROM (SELECT 1)",
    "FROM ledger",
    "WHERE n = 1",
    "UNION SELECT 2",
    "WITH w AS (SELECT 1)",
    "WITH w AS (DELETE FROM ledger RETURNING n)",
    "SELECT * FROM w",
    "ORDER BY 1",
    "LIMIT 1",
    "AS x",
    "EXPLAIN",
    "EXPLAIN QUERY PLAN",
    "PRAGMA user_version",
    "PRAGMA table_info(ledger)",
    "PRAGMA",
    "main.",
    "user_version",
    "= 7",
    "(7)",
    "INSERT INTO ledger VALUES (2)",
    "REPLACE INTO ledger VALUES (1)",
    "UPDATE ledger SET n = 3",
    "DELETE FROM ledger",
    "DROP TABLE ledger",
    "CREATE TABLE stolen (n)",
    "ALTER TABLE ledger ADD x",
    "VALUES (1)",
    "TABLE ledger",
    "RETURNING n",
    "BEGIN",
    "COMMIT",
    "END",
    ";",
    "--",
    "\n",
    "\r",
    "/*",
    "*/",
    "'",
    "\"",
    "[",
    "]",
    "`",
    "(",
    ")",
    ",",
    "$a(",
    "\\",
    "CASE WHEN 1 THEN 2",
    "load_extension('x')",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_read_leaves_the_file_as_it_was(statements in prop::collection::vec(prop::collection::vec(prop::sample::select(PIECES), 1..8), 60)) {
        let policy = Policy::new(&PolicyConfig::default(), "sqlite", None);
        let folder = Folder::new();
        folder.sqlite3("test.db", "CREATE TABLE ledger (n INTEGER PRIMARY KEY); INSERT INTO ledger VALUES (1)");
        let mut session = folder.connect("test.db");
        let before = std::fs::read(folder.file("test.db")).unwrap();
        for sql in statements.iter().map(|pieces| pieces.join(" ")).filter(|sql| policy.reads(sql)) {
            let _ = session.query(&sql, &[], &all());
            prop_assert_eq!(&std::fs::read(folder.file("test.db")).unwrap(), &before, "{}", sql);
        }
    }
}
