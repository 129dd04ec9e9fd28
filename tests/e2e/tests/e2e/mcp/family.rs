//! Tools under the names that clients of another server know.

use bulkhead_tests::postgres::Server;
use bulkhead_tests::{Config, Host};
use serde_json::json;

/// Every tool of the family, on a server with a second catalog that a call names as `database`.
#[tokio::test]
async fn sqlserver() {
    let server = Server::from_environment();
    let role = server.role("family");
    server.sql(&format!("GRANT CONNECT ON DATABASE {} TO {}", server.other_database, role.name));
    let config = Config::new()
        .database("pg", server.entry(&role))
        .set(&["databases", "pg", "catalogs"], json!([server.other_database]))
        .set(&["server", "family"], json!("sqlserver"))
        .set(&["server", "toolsets"], json!(["administration"]));
    let host = Host::start(config).await;
    let client = host.client().await;
    let names: Vec<String> = client.tools().await.iter().map(|tool| tool.name.to_string()).collect();
    let family = [
        "execute_query",
        "list_databases",
        "list_tables",
        "list_views",
        "describe_table",
        "get_foreign_keys",
        "get_table_stats",
        "get_server_info",
        "test_connection",
    ];
    assert_eq!(names[..family.len()], family);
    assert_eq!(names.iter().filter(|name| *name == "test_connection").count(), 1, "a name is there once: {names:?}");
    assert!(!names.contains(&"query".to_owned()));
    for sql in
        ["CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE b (a_id int REFERENCES a)", "CREATE VIEW v AS SELECT * FROM a"]
    {
        let _ = client.call("execute_query", json!({"query": sql})).await.ok();
    }
    let rows = client.call("execute_query", json!({"query": "SELECT n FROM generate_series(1, 9) n", "limit": 2})).await.ok();
    assert_eq!(rows.rows(), [[json!(1)], [json!(2)]]);
    let catalog = "SELECT current_database()::text";
    let there = client.call("execute_query", json!({"query": catalog, "database": server.other_database})).await;
    assert_eq!(there.cell(), json!(server.other_database));
    let catalogs = client.call("list_databases", json!({})).await.ok();
    let catalogs = catalogs.structured()["catalogs"].as_array().expect("catalogs").clone();
    let find = |name: &str| catalogs.iter().find(|catalog| catalog["name"] == name).cloned().unwrap_or_default();
    assert_eq!(
        (find(&server.database)["current"].clone(), find(&server.other_database)["allowed"].clone()),
        (json!(true), json!(true))
    );
    assert_eq!(find("postgres")["allowed"], json!(false));
    for (tool, expected) in [("list_tables", json!(["a", "b"])), ("list_views", json!(["v"]))] {
        let listed = client.call(tool, json!({"schema": role.name})).await.ok();
        let tables = listed.structured()["tables"].as_array().expect("tables");
        let names: Vec<_> = tables.iter().map(|table| table["name"].clone()).collect();
        assert_eq!(json!(names), expected, "{tool}");
    }
    let table = client.call("describe_table", json!({"table_name": "a", "schema": role.name})).await.ok();
    assert_eq!(table.structured()["primary_key"], json!(["id"]));
    let keys = client.call("get_foreign_keys", json!({"table_name": "b", "schema": role.name})).await.ok();
    assert_eq!(keys.structured()["foreign_keys"][0]["table"], "a");
    let keys = client.call("get_foreign_keys", json!({"table_name": "a"})).await.ok();
    assert_eq!(
        (keys.structured()["foreign_keys"].clone(), keys.structured()["referenced_by"][0]["table"].clone()),
        (json!([]), json!("b"))
    );
    assert_eq!(client.call("get_table_stats", json!({"table_name": "a"})).await.ok().structured()["name"], "a");
    assert_eq!(client.call("get_server_info", json!({})).await.ok().structured()["product"], "PostgreSQL");
    let elsewhere = client.call("get_server_info", json!({"database": server.other_database})).await.ok();
    assert_eq!(elsewhere.structured()["catalog"], json!(server.other_database));
    let connected = client.call("test_connection", json!({"database": server.other_database})).await.ok();
    assert_eq!(connected.structured()["connected"], true);
    for tool in family {
        let mut arguments = json!({"database": "postgres"});
        match tool {
            "execute_query" => arguments["query"] = json!("SELECT 1"),
            "describe_table" | "get_foreign_keys" | "get_table_stats" => arguments["table_name"] = json!("a"),
            _ => {}
        }
        let refused = client.call(tool, arguments).await;
        assert_eq!(refused.error()["kind"], "permission", "{tool}: {}", refused.raw());
    }
}

#[tokio::test]
async fn awslabs() {
    let server = Server::from_environment();
    let role = server.role("awslabs");
    let config = Config::new()
        .database("pg", server.entry(&role))
        .database("second", server.entry(&role))
        .set(&["default_database"], json!("pg"))
        .set(&["server", "family"], json!("awslabs"));
    let host = Host::start(config).await;
    let client = host.client().await;
    let mut names: Vec<String> = client.tools().await.iter().map(|tool| tool.name.to_string()).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "analyze_query_performance",
            "analyze_table_fragmentation",
            "analyze_vacuum_stats",
            "get_database_info",
            "get_table_schema",
            "health_check",
            "identify_slow_queries",
            "list_databases",
            "recommend_indexes",
            "run_query",
            "show_postgresql_settings",
        ]
    );
    for sql in [
        "CREATE TABLE big (id int PRIMARY KEY, kind int)",
        "INSERT INTO big SELECT n, n % 100 FROM generate_series(1, 20000) n",
        "DELETE FROM big WHERE id % 2 = 0",
    ] {
        let _ = client.call("run_query", json!({"sql": sql})).await.ok();
    }
    server.sql_as(&role, &format!("ANALYZE {}.big", role.name));
    for database in ["pg", "second"] {
        let on = |mut arguments: serde_json::Value| {
            arguments["database_id"] = json!(database);
            arguments
        };
        let sum = client.call("run_query", on(json!({"sql": "SELECT $1::int + $2::int", "query_parameters": [40, 2]}))).await;
        assert_eq!(sum.cell(), 42);
        let table = client.call("get_table_schema", on(json!({"table_name": "big"}))).await.ok();
        assert_eq!(table.structured()["primary_key"], json!(["id"]));
        assert_eq!(client.call("get_database_info", on(json!({}))).await.ok().structured()["product"], "PostgreSQL");
        assert_eq!(client.call("health_check", on(json!({}))).await.ok().structured()["healthy"], true);
        let settings = client.call("show_postgresql_settings", on(json!({"pattern": "work_m%"}))).await;
        assert_eq!(settings.rows()[0][0], "work_mem");
        assert!(client.call("show_postgresql_settings", on(json!({}))).await.rows().len() > 100);
        let plan = client.call("analyze_query_performance", on(json!({"query": "SELECT * FROM big WHERE kind = 7"}))).await.ok();
        assert!(plan.text().contains("Seq Scan on big"), "{}", plan.raw());
        let advice = client.call("recommend_indexes", on(json!({"query": "SELECT * FROM big WHERE kind = 7"}))).await.ok();
        let advice = &advice.structured()["recommendations"];
        assert_eq!(advice[0]["statement"], format!("CREATE INDEX ON \"{}\".\"big\" (\"kind\")", role.name));
        let none = client.call("recommend_indexes", on(json!({"query": "SELECT * FROM big WHERE id = 7"}))).await.ok();
        assert_eq!(none.structured()["recommendations"], json!([]));
        let vacuumed = client.call("analyze_vacuum_stats", on(json!({}))).await;
        assert!(vacuumed.rows().iter().any(|row| row[1] == "big"), "{}", vacuumed.raw());
        let fragmented = client.call("analyze_table_fragmentation", on(json!({"threshold": 0.0}))).await;
        assert!(!fragmented.is_error(), "{}", fragmented.raw());
        // Without the extension it is said what is missing.
        let slow = client.call("identify_slow_queries", on(json!({"min_execution_time": 1.5, "limit": 5}))).await;
        assert!(slow.error().to_string().contains("pg_stat_statements"), "{}", slow.raw());
    }
    let listed = client.call("list_databases", json!({})).await.ok();
    assert!(listed.structured().to_string().contains("second"));
}

#[tokio::test]
async fn delegate() {
    let server = Server::from_environment();
    let role = server.role("delegate");
    server.sql_as(
        &role,
        &format!("CREATE TABLE {}.users (id int PRIMARY KEY, name text); INSERT INTO {0}.users VALUES (123, 'a')", role.name),
    );
    let two = || Config::new().database("postgresql1", server.entry(&role)).database("postgresql2", server.entry(&role));
    let config = two()
        .set(&["databases", "postgresql2", "tool_prefix"], json!("analytics-db"))
        .set(&["databases", "postgresql2", "description"], json!("Analytics database"))
        .set(&["default_database"], json!("postgresql1"))
        .set(&["server", "family"], json!("delegate"))
        .set(&["server", "tools"], json!({"analytics-db-schema": false, "sql1-delegate": true}));
    let host = Host::start(config).await;
    let client = host.client().await;
    let tools = client.tools().await;
    let mut names: Vec<String> = tools.iter().map(|tool| tool.name.to_string()).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "analytics-db-delegate",
            "analytics-db-table-details",
            "health-check",
            "sql1-delegate",
            "sql1-schema",
            "sql1-table-details",
            "user-info",
        ]
    );
    let described = tools.iter().find(|tool| tool.name == "analytics-db-delegate").and_then(|tool| tool.description.clone());
    assert!(described.is_some_and(|description| description.ends_with("Analytics database")));
    for prefix in ["sql1", "analytics-db"] {
        let delegate = async |arguments| client.call(&format!("{prefix}-delegate"), arguments).await;
        let rows = delegate(json!({"action": "query", "sql": "SELECT * FROM users WHERE id = $1", "params": [123]})).await;
        assert_eq!(rows.rows(), [[json!(123), json!("a")]]);
        let tables = delegate(json!({"action": "schema", "resource": role.name})).await.ok();
        assert_eq!(tables.structured()["tables"][0]["name"], "users");
        let table = delegate(json!({"action": "table-details", "resource": "users"})).await.ok();
        assert_eq!(table.structured()["primary_key"], json!(["id"]));
        assert!(delegate(json!({"action": "drop", "sql": "SELECT 1"})).await.is_error());
        let details = json!({"tableName": "users", "schemaName": role.name});
        let table = client.call(&format!("{prefix}-table-details"), details).await.ok();
        assert_eq!(table.structured()["name"], "users");
    }
    let tables = client.call("sql1-schema", json!({"schemaName": role.name})).await.ok();
    assert_eq!(tables.structured()["tables"][0]["name"], "users");
    for service in ["postgresql2", "analytics-db"] {
        let health = client.call("health-check", json!({"service": service})).await.ok();
        assert_eq!(health.structured()["databases"][0]["database_id"], "postgresql2");
    }
    let user = client.call("user-info", json!({"includeClaims": true})).await.ok();
    assert_eq!(user.structured()["user"], json!(role.name));
    // Two databases with the same names for their tools, and a tool that isn't there.
    for (key, value, said) in [
        ("family", json!("delegate"), "both have a tool"),
        ("tools", json!({"sql9-delegate": true}), "server.tools.sql9-delegate"),
    ] {
        let config = two()
            .set(&["databases", "postgresql1", "tool_prefix"], json!("same"))
            .set(&["databases", "postgresql2", "tool_prefix"], json!("same"))
            .set(&["server", key], value);
        let (status, text) = Host::refused(&config).await;
        assert!(!status.success() && text.contains(said), "{text}");
    }
}
