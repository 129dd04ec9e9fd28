//! What stands behind a read-only database beside the host's own reading of a statement: each on its own.

use serde_json::json;

use super::Rig;

/// What the test server saw of this session.
const INTENT: &str = "SELECT read_only_intent FROM fixture.sessions WHERE session_id = @@SPID";

#[tokio::test]
async fn the_login_says_that_it_only_reads() {
    for (read_only, intent) in [(true, json!(true)), (false, json!(false))] {
        let rig = Rig::start_with("intent", &[(&["read_only"], json!(read_only))]).await;
        assert_eq!(rig.client.query("ms", INTENT).await.rows(), [[intent]], "read_only: {read_only}");
    }
}

#[tokio::test]
async fn a_statement_runs_in_a_transaction_that_is_rolled_back() {
    for (read_only, open) in [(true, "1"), (false, "0")] {
        let rig = Rig::start_with("undone", &[(&["read_only"], json!(read_only))]).await;
        assert_eq!(rig.cell("SELECT @@TRANCOUNT").await, open, "read_only: {read_only}");
        // Twice: the transaction ended with its statement.
        assert_eq!(rig.cell("SELECT @@TRANCOUNT").await, open);
    }
}
