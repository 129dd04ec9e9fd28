//! Lists of tables, schemas, functions and catalogs, for every tool that runs a statement.

use serde_json::{Value, json};

use super::Rig;

/// Calls that reach `OTHER.salaries`, one for each tool that takes a statement or a table.
fn reaching() -> Vec<(&'static str, Value)> {
    let sql = "SELECT count(*) FROM OTHER.salaries";
    vec![
        ("query", json!({"sql": sql})),
        ("explain", json!({"sql": sql})),
        ("execute_script", json!({"script": format!("SELECT 1; {sql};")})),
        ("describe_table", json!({"schema": "OTHER", "table": "salaries"})),
        ("table_stats", json!({"schema": "OTHER", "table": "salaries"})),
    ]
}

#[tokio::test]
async fn every_tool_is_held_to_them() {
    let rig = Rig::start(
        "lists",
        &[
            ("open", json!({})),
            ("few", json!({"tables": ["MAIN.*"]})),
            ("one", json!({"schemas": ["MAIN"]})),
            ("not", json!({"deny_tables": ["salaries"]})),
            ("none_of", json!({"deny_tables": ["OTHER.*"]})),
        ],
    )
    .await;
    for (tool, arguments) in reaching() {
        let answer = rig.call(tool, "open", arguments.clone()).await;
        assert!(!answer.is_error(), "{tool}: {}", answer.raw());
        for (database, words) in
            [("few", "`tables`"), ("one", "`schemas`"), ("not", "`deny_tables`"), ("none_of", "`deny_tables`")]
        {
            let answer = rig.call(tool, database, arguments.clone()).await;
            assert!(answer.is_error(), "{tool} on {database}: {}", answer.raw());
            assert!(
                answer.text().contains("salaries") && answer.text().contains(words),
                "{tool} on {database}: {}",
                answer.raw()
            );
        }
    }
    // In a transaction, too; and what is allowed goes on in it.
    for database in ["few", "one", "not", "none_of"] {
        let begun = rig.call("begin_transaction", database, json!({})).await.ok();
        let transaction = begun.structured()["transaction"].clone();
        let run = async |sql: &str| rig.client.call("query", json!({"transaction": transaction, "sql": rig.spelled(sql)})).await;
        assert!(run("SELECT * FROM OTHER.salaries").await.is_error(), "{database}");
        assert_eq!(run("SELECT count(*) FROM MAIN.orders").await.cell_text(), "5", "{database}");
        let _ = rig.client.call("rollback", json!({"transaction": transaction})).await.ok();
    }
}

#[tokio::test]
async fn functions_that_are_denied_and_allowed() {
    let rig = Rig::start(
        "lists_functions",
        &[
            ("deny", json!({"functions": {"deny": ["md5", "pg_sleep*"]}})),
            ("allow", json!({"read_only": true, "functions": {"allow": ["pg_advisory_unlock_all"]}})),
            ("reads", json!({"read_only": true})),
        ],
    )
    .await;
    for (database, sql, allowed) in [
        ("deny", "SELECT lower('A')", true),
        ("deny", "SELECT md5('a')", false),
        ("deny", "SELECT pg_catalog.md5('a')", false),
        ("deny", "SELECT \"md5\"('a')", false),
        ("deny", "SELECT PG_SLEEP_FOR('1ms')", false),
        ("deny", "INSERT INTO MAIN.audit_log SELECT md5('a')", false),
        ("deny", "DO $$ BEGIN PERFORM md5('a'); END $$", false),
        ("deny", "INSERT INTO MAIN.audit_log VALUES ('fine')", true),
        ("reads", "SELECT pg_advisory_unlock_all()", false),
        ("allow", "SELECT pg_advisory_unlock_all()", true),
        ("allow", "SELECT pg_advisory_lock(1)", false),
    ] {
        let answer = rig.query(database, sql).await;
        assert_eq!(!answer.is_error(), allowed, "{database}: {sql}: {}", answer.raw());
    }
}

#[tokio::test]
async fn catalogs() {
    let other = bulkhead_tests::postgres::Server::from_environment().other_database;
    let rig = Rig::start(
        "lists_catalogs",
        &[("own", json!({"schemas": ["MAIN"]})), ("two", json!({"schemas": ["MAIN"], "catalogs": [other]}))],
    )
    .await;
    let current = json!({"database": other, "sql": "SELECT 1"});
    let answer = rig.call("query", "own", current.clone()).await;
    assert!(answer.is_error() && answer.text().contains(&other), "{}", answer.raw());
    rig.server.sql(&format!("GRANT CONNECT ON DATABASE {other} TO {}", rig.role.name));
    let _ = rig.call("query", "two", current).await.ok();
    // In a statement: another's is refused by the host, one that is listed by PostgreSQL itself, which has no such thing.
    for (database, words) in [("own", "catalog"), ("two", "cross-database")] {
        let answer = rig.query(database, &format!("SELECT * FROM {other}.MAIN.orders")).await;
        assert!(answer.error()["message"].as_str().is_some_and(|text| text.contains(words)), "{database}: {}", answer.raw());
    }
    let own = &rig.server.database;
    assert_eq!(rig.query("own", &format!("SELECT count(*) FROM {own}.MAIN.orders")).await.cell_text(), "5");
}
