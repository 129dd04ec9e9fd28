//! The statements of tests/corpus on real files: each bypass against the file opened for reading alone (the host's reading and the driver,
//! each alone, are unit tests of theirs) and against all three, and each innocent through everything.

use bulkhead_tests::corpus::statements;
use serde_json::json;

use super::Rig;

const BYPASSES: &str = include_str!("../../../../corpus/bypasses.sqlite.txt");
const INNOCENTS: &str = include_str!("../../../../corpus/innocents.sqlite.txt");
const SETUP: &str = include_str!("../../../../corpus/setup.sqlite.sql");

#[tokio::test]
async fn bypasses_against_all() {
    let rig = Rig::start_with(SETUP, &[(&["read_only"], json!(true))]).await;
    let before = std::fs::read(rig.file()).expect("the file");
    for (what, sql) in statements(BYPASSES) {
        let answer = rig.client.query("lite", &sql).await;
        assert!(answer.is_error(), "{what}: {sql}: {}", answer.raw());
        assert_eq!(std::fs::read(rig.file()).expect("the file"), before, "{what}: {sql}");
    }
    assert_eq!(rig.cell("SELECT count(*) FROM ledger").await, "1");
}

#[tokio::test]
async fn innocents_through_everything() {
    let rig = Rig::start_with(SETUP, &[(&["read_only"], json!(true))]).await;
    for (what, sql) in statements(INNOCENTS) {
        let answer = rig.client.query("lite", &sql).await;
        assert!(!answer.is_error(), "{what}: {sql}: {}", answer.raw());
    }
}
