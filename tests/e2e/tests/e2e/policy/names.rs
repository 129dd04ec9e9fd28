//! Names without a schema: judged as in the default schema, and found there, whatever search path a role has or a statement wants.

use bulkhead_tests::postgres::Bouncer;
use bulkhead_tests::{Config, Host};
use serde_json::{Value, json};

use super::Rig;

const WHICH: &str = "SELECT note FROM orders WHERE id = 1";

fn policies() -> Vec<(&'static str, Value)> {
    vec![
        ("open", json!({})),
        ("one", json!({"schemas": ["MAIN"]})),
        ("few", json!({"tables": ["orders"], "default_schema": "MAIN"})),
        ("not", json!({"deny_tables": ["OTHER.*"], "default_schema": "MAIN"})),
    ]
}

/// The role looks into the other schema first.
async fn rig(purpose: &str) -> Rig {
    let rig = Rig::start(purpose, &policies()).await;
    rig.server.sql(&rig.spelled("ALTER ROLE MAIN SET search_path = OTHER, MAIN"));
    rig
}

#[tokio::test]
async fn a_table_of_the_same_name_before_it() {
    let rig = rig("names").await;
    assert_eq!(rig.query("open", WHICH).await.cell_text(), "other", "the role's own search path");
    for database in ["one", "few", "not"] {
        assert_eq!(rig.query(database, WHICH).await.cell_text(), "main", "{database}");
        // Again on a connection that was cleaned.
        assert_eq!(rig.query(database, WHICH).await.cell_text(), "main", "{database}");
        let path = rig.query(database, "SHOW search_path").await.cell_text();
        assert_eq!(path, rig.spelled("\"MAIN\", pg_temp"), "{database}");
    }
    let described = rig.call("describe_table", "one", json!({"table": "orders"})).await.ok();
    assert_eq!(described.structured()["schema"], json!(rig.role.name), "{}", described.raw());
}

#[tokio::test]
async fn a_temporary_table_of_the_same_name() {
    let rig = rig("names_temp").await;
    for database in ["one", "few", "not"] {
        let begun = rig.call("begin_transaction", database, json!({})).await.ok();
        let transaction = begun.structured()["transaction"].clone();
        let run = async |sql: &str| rig.client.call("query", json!({"transaction": transaction, "sql": sql})).await;
        let _ = run("CREATE TEMP TABLE orders AS SELECT 1 AS id, 'temporary' AS note").await.ok();
        assert_eq!(run(WHICH).await.cell_text(), "main", "{database}");
        let _ = rig.client.call("rollback", json!({"transaction": transaction})).await.ok();
    }
}

#[tokio::test]
async fn no_statement_changes_it() {
    let rig = rig("names_set").await;
    for sql in [
        "SET search_path = OTHER",
        "SET SESSION search_path TO OTHER, MAIN",
        "SET LOCAL search_path = OTHER",
        "SET \"search_path\" = OTHER",
        "SET SCHEMA 'OTHER'",
        "SET search_path TO DEFAULT",
        "RESET search_path",
        "RESET ALL",
        "DISCARD ALL",
        "SELECT set_config('search_path', 'OTHER', false)",
        "SELECT pg_catalog.set_config('search_path', 'OTHER', false)",
        "UPDATE pg_settings SET setting = 'OTHER' WHERE name = 'search_path'",
        "UPDATE pg_catalog.pg_settings SET setting = 'OTHER' WHERE name = 'search_path'",
        "ALTER ROLE MAIN SET search_path = OTHER",
        "SET ROLE MAIN",
        "SET SESSION AUTHORIZATION MAIN",
        "DO $$ BEGIN SET search_path = OTHER; END $$",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = OTHER AS 'SELECT 1'",
        "PREPARE p AS SET search_path = OTHER",
        "ALTER SCHEMA OTHER RENAME TO x",
    ] {
        let begun = rig.call("begin_transaction", "one", json!({})).await.ok();
        let transaction = begun.structured()["transaction"].clone();
        let run = async |sql: &str| {
            let asked = json!({"transaction": transaction, "sql": rig.spelled(sql)});
            rig.client.call("query", asked).await
        };
        assert!(run(sql).await.is_error(), "{sql}");
        assert_eq!(run(WHICH).await.cell_text(), "main", "{sql}");
        let _ = rig.client.call("rollback", json!({"transaction": transaction})).await.ok();
    }
}

/// Where two keys say different things, neither is taken.
#[tokio::test]
async fn a_search_path_of_the_drivers_options() {
    let rig = Rig::start("names_options", &policies()).await;
    let entry = || rig.server.entry(&rig.role);
    let with = |policy: Value, options: Value| {
        let policy: Value = serde_json::from_str(&rig.spelled(&policy.to_string())).expect("JSON");
        let options: Value = serde_json::from_str(&rig.spelled(&options.to_string())).expect("JSON");
        let keys = [("policy", policy), ("options", options)];
        keys.into_iter()
            .fold(Config::new().database("pg", entry()), |config, (key, value)| config.set(&["databases", "pg", key], value))
    };
    for (options, key) in [
        (json!({"search_path": "OTHER"}), "options.search_path"),
        (json!({"search_path": "MAIN, OTHER"}), "options.search_path"),
        (json!({"settings": {"Search_Path": "OTHER"}}), "options.settings.Search_Path"),
    ] {
        let (status, told) = Host::refused(&with(json!({"schemas": ["MAIN"]}), options.clone())).await;
        assert!(!status.success() && told.contains(key) && told.contains("default_schema"), "{options}: {told}");
        // Without lists it is the operator's own affair.
        let host = Host::start(with(json!({}), options)).await;
        assert!(!host.client().await.query("pg", "SELECT 1").await.is_error());
    }
    for options in
        [json!({"search_path": "MAIN"}), json!({"search_path": "\"MAIN\""}), json!({"settings": {"search_path": "MAIN"}})]
    {
        let host = Host::start(with(json!({"schemas": ["MAIN"]}), options)).await;
        assert_eq!(host.client().await.query("pg", WHICH).await.cell_text(), "main");
    }
}

/// PgBouncer takes no settings: there nobody knows where a name without a schema leads, unless the operator says so.
#[tokio::test]
async fn behind_pgbouncer() {
    let bouncer = Bouncer::from_environment();
    let base = Rig::start("names_bouncer", &policies()).await;
    let owner = base.server.user("owner").clone();
    let (main, other) = (base.role.name.clone(), base.other.clone());
    base.server.sql(&format!(
        "GRANT USAGE ON SCHEMA {main}, {other} TO {0}; GRANT SELECT ON ALL TABLES IN SCHEMA {main}, {other} TO {0}",
        owner.name
    ));
    let entry = |policy: Value| {
        let mut entry = base.server.entry(&owner);
        entry["host"] = json!(bouncer.host);
        entry["port"] = json!(bouncer.port);
        entry["options"] = json!({"prepared_statements": false});
        entry["policy"] = policy;
        entry
    };
    let config = Config::new()
        .database("unsaid", entry(json!({"schemas": [main]})))
        .database("said", entry(json!({"schemas": [main], "default_schema": main})));
    let host = Host::start(config).await;
    let client = host.client().await;
    let refused = client.query("unsaid", "SELECT count(*) FROM orders").await;
    assert!(refused.is_error() && refused.text().contains("default_schema"), "{}", refused.raw());
    let qualified = format!("WITH o AS (SELECT * FROM {main}.orders) SELECT count(*) FROM o");
    assert_eq!(client.query("unsaid", &qualified).await.cell_text(), "5");
    // Told where to look, the host lets the name through to where the role looks.
    let answer = client.query("said", "SELECT count(*) FROM orders").await;
    assert!(answer.is_error() && answer.error()["sqlstate"] == "42P01", "{}", answer.raw());
}
