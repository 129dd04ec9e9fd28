//! A connection that goes back is clean: the next caller finds nothing of the last one's.

use serde_json::json;

use super::Rig;

#[tokio::test]
async fn nothing_of_the_last_caller_is_left() {
    // One connection, so that the next caller has the last one's for certain.
    let rig = Rig::start_with("reset", &[(&["pool", "max"], json!(1))]).await;
    let session = rig.cell("SELECT @@SPID").await;
    for (what, dirty, look) in [
        ("a temporary table", "CREATE TABLE #mine (n int)", "SELECT count(*) FROM #mine"),
        ("a database", "USE other", "SELECT DB_NAME()"),
        (
            "an isolation level",
            "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "SELECT transaction_isolation_level FROM sys.dm_exec_sessions WHERE session_id = @@SPID",
        ),
        ("a language", "SET LANGUAGE Deutsch", "SELECT @@LANGUAGE"),
        ("a limit of rows", "SET ROWCOUNT 1", "SELECT value FROM GENERATE_SERIES(1, 3)"),
        ("a time to wait for locks", "SET LOCK_TIMEOUT 12345", "SELECT @@LOCK_TIMEOUT"),
        (
            "a value of the session",
            "EXEC sp_set_session_context @key = N'tenant', @value = N'them'",
            "SELECT CAST(SESSION_CONTEXT(N'tenant') AS nvarchar(20))",
        ),
        ("an open transaction", "BEGIN TRANSACTION", "SELECT @@TRANCOUNT"),
        ("implicit transactions", "SET IMPLICIT_TRANSACTIONS ON", "SELECT @@TRANCOUNT"),
        ("a lock", "EXEC sp_getapplock @Resource = 'mine', @LockMode = 'Exclusive', @LockOwner = 'Session'", "SELECT 1"),
    ] {
        let before = rig.client.query("ms", look).await;
        let _ = rig.client.query("ms", dirty).await;
        let after = rig.client.query("ms", look).await;
        let seen = |answer: &bulkhead_tests::Answer| {
            if answer.is_error() { answer.error()["code"].clone() } else { json!(answer.rows()) }
        };
        assert_eq!(seen(&after), seen(&before), "{what}: {dirty}");
    }
    assert_eq!(rig.cell("SELECT @@SPID").await, session, "it was one connection all the time");
    let resets = rig.server.sessions(&rig.login, "resets");
    assert!(resets.len() == 1 && resets[0].as_u64() >= Some(10), "by the protocol's own reset: {resets:?}");
}
