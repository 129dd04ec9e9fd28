//! The other tools through the service: transactions, plans, health, what is on the server.

use serde_json::{Value, json};

use super::Rig;

#[tokio::test]
async fn transactions() {
    let rig = Rig::start("tools").await;
    let _ = rig.client.query("rds", "CREATE TABLE t (n int)").await.ok();
    for (end, kept) in [("rollback", "0"), ("commit", "1")] {
        let begun = rig.client.call("begin_transaction", json!({"database_id": "rds"})).await.ok();
        let transaction = begun.structured()["transaction"].clone();
        let inside = |sql: &str| json!({"transaction": transaction, "sql": sql});
        let _ = rig.client.call("query", inside("INSERT INTO t VALUES (1)")).await.ok();
        assert_eq!(rig.client.call("query", inside("SELECT count(*) FROM t")).await.cell(), json!(1));
        assert_eq!(rig.cell("SELECT count(*) FROM t").await, "0", "nobody else sees it yet");
        let _ = rig.client.call(end, json!({"transaction": transaction})).await.ok();
        assert_eq!(rig.cell("SELECT count(*) FROM t").await, kept, "{end}");
    }
    assert_eq!(rig.fixture.seen().await["transactions"], 0);
}

#[tokio::test]
async fn plans() {
    let rig = Rig::start("tools").await;
    let _ = rig.client.query("rds", "CREATE TABLE t (n int)").await.ok();
    for analyze in [false, true] {
        let asked = json!({"database_id": "rds", "sql": "INSERT INTO t VALUES (:n)", "params": {"n": 1}, "analyze": analyze});
        let plan = rig.client.call("explain", asked).await.ok();
        assert!(plan.structured().to_string().contains("Insert"), "{}", plan.raw());
        assert_eq!(plan.structured().to_string().contains("actual"), analyze, "{}", plan.raw());
    }
    assert_eq!(rig.cell("SELECT count(*) FROM t").await, "0", "what ran is rolled back");
}

/// A paused cluster is there: the question itself wakes it. One that is gone isn't.
#[tokio::test]
async fn health() {
    let rig = Rig::start("tools").await;
    let state = async || {
        let answer = rig.client.call("health_check", json!({"database_id": "rds"})).await.ok();
        answer.structured()["databases"][0]["state"].clone()
    };
    let fault =
        |name: &str, status: u16| json!([{"kind": "exception", "status": status, "name": name, "message": "told", "times": 1}]);
    assert_eq!(state().await, "healthy");
    rig.fixture.faults(fault("DatabaseResumingException", 400)).await;
    assert_eq!(state().await, "resuming");
    assert_eq!(state().await, "healthy");
    assert!(rig.host.log().contains("resuming"), "the operator is told");
    rig.fixture.faults(fault("DatabaseNotFoundException", 404)).await;
    assert_eq!(state().await, "down");
}

#[tokio::test]
async fn what_is_on_the_server() {
    let rig = Rig::start("tools").await;
    rig.server.sql_as(&rig.role, "CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n'");
    let ask = async |tool: &str, more: Value| {
        let mut arguments = json!({"database_id": "rds"});
        for (key, value) in more.as_object().expect("an object") {
            arguments[key] = value.clone();
        }
        rig.client.call(tool, arguments).await.ok().structured().to_string()
    };
    let info = ask("server_info", json!({})).await;
    for word in ["PostgreSQL", "15.", rig.role.name.as_str(), "UTF8"] {
        assert!(info.contains(word), "{word}: {info}");
    }
    let schemas = ask("list_schemas", json!({})).await;
    assert!(schemas.contains(&rig.role.name) && schemas.contains("public"), "{schemas}");
    let routines = ask("list_routines", json!({"name": "twi%"})).await;
    assert!(routines.contains("twice") && routines.contains("n integer"), "{routines}");
    rig.server.sql_as(
        &rig.role,
        "CREATE TABLE invoice (id int, note text); COMMENT ON COLUMN invoice.note IS 'what was Said'; ANALYZE invoice",
    );
    let found = ask("search_objects", json!({"text": "SAID", "schema": rig.role.name})).await;
    assert!(found.contains("note") && found.contains("invoice") && !found.contains("twice"), "{found}");
    let counted = ask("table_stats", json!({"table": "invoice"})).await;
    assert!(counted.contains("live_rows") && counted.contains("table_bytes"), "{counted}");
    let today = rig.server.query("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')");
    assert!(counted.contains(&format!("\"{today}T")), "when it was analysed: {counted}");
    let user = ask("user_info", json!({})).await;
    assert!(user.contains(&rig.role.name) && user.contains("USAGE") && user.contains("CONNECT"), "{user}");
}
