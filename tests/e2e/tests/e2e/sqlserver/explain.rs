//! Plans: shown without running anything.

use serde_json::json;

use super::Rig;

#[tokio::test]
async fn a_plan_is_shown_and_nothing_runs() {
    let rig = Rig::start("explain").await;
    let table = format!("planned_{}", rig.login.name);
    rig.server.sql(&format!("CREATE TABLE {table} (n int)"));
    for sql in [format!("SELECT n FROM {table}"), format!("INSERT INTO {table} VALUES (1)"), format!("DELETE FROM {table}")] {
        let plan = rig.client.call("explain", json!({"database_id": "ms", "sql": sql})).await.ok();
        assert!(plan.text().contains("cost="), "{sql}: {}", plan.raw());
    }
    assert_eq!(rig.cell(&format!("SELECT COUNT(*) FROM {table}")).await, "0");
    // The next statement on the same connection is run again, not shown.
    assert_eq!(rig.cell("SELECT 7").await, "7");

    let refused = rig.client.call("explain", json!({"database_id": "ms", "sql": "SELECT 1", "analyze": true})).await;
    assert_eq!(refused.error()["kind"], "unsupported", "{}", refused.raw());
    let failed = rig.client.call("explain", json!({"database_id": "ms", "sql": "SELECT * FROM nowhere_at_all"})).await;
    assert!(failed.error()["message"].as_str().expect("why").contains("nowhere_at_all"), "{}", failed.raw());
    assert_eq!(rig.cell("SELECT 8").await, "8", "a plan that failed leaves nothing switched on");
}

#[tokio::test]
async fn under_read_only_a_plan_is_no_way_around() {
    let rig = Rig::start_with("explain", &[(&["read_only"], json!(true))]).await;
    for sql in ["SET SHOWPLAN_XML OFF; CREATE TABLE gone_wrong (n int)", "SELECT 1 SET SHOWPLAN_XML OFF"] {
        let refused = rig.client.call("explain", json!({"database_id": "ms", "sql": sql})).await;
        assert_eq!(refused.error()["kind"], "read-only", "{sql}: {}", refused.raw());
    }
}
