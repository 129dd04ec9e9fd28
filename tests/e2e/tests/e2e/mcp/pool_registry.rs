//! The family with a registry of pools: every tool of it, with its own arguments and answers, on PostgreSQL and on SQLite.

use bulkhead_tests::postgres::{Server, User};
use bulkhead_tests::{Answer, Client, Config, Era, Host, Person};
use rmcp::model::ElicitationAction::{Accept, Decline};
use serde_json::{Value, json};

/// A host of the family with `pg`, the default, and `lite`.
struct Rig {
    server: Server,
    role: User,
    host: Host,
}

impl Rig {
    async fn start(purpose: &str, keys: &[(&[&str], Value)]) -> Rig {
        let server = Server::from_environment();
        let role = server.role(purpose);
        let config = Config::new();
        let folder = config.folder().join("files");
        std::fs::create_dir(&folder).expect("a folder");
        let mut config = config
            .set(&["server", "family"], json!("pool-registry"))
            .set(&["default_database"], json!("pg"))
            .database("pg", server.entry(&role))
            .sqlite("lite", &folder, "lite.db")
            .set(&["databases", "lite", "options"], json!({"create": true}));
        for (path, value) in keys {
            config = config.set(path, value.clone());
        }
        let host = Host::start(config).await;
        Rig { server, role, host }
    }

    async fn client(&self, era: Era) -> Client {
        Client::http(&self.host.url(), era).await
    }
}

/// What a database is called, how it writes its parameters, and the schema of its tables.
fn databases(rig: &Rig) -> [(&'static str, [&'static str; 2], String); 2] {
    [("pg", ["$1", "$2"], rig.role.name.clone()), ("lite", ["?1", "?2"], "main".to_owned())]
}

async fn switched(client: &Client, id: &str) {
    let answer = client.call("database_selector", json!({"action": "switch", "databaseId": id})).await.ok();
    assert_eq!((&answer.structured()["success"], &answer.structured()["currentDatabase"]), (&json!(true), &json!(id)));
}

async fn value(client: &Client, sql: &str) -> Value {
    let answer = client.call("query", json!({"sql": sql})).await.ok();
    answer.structured()["rows"][0]["v"].clone()
}

#[tokio::test]
async fn statements() {
    let rig = Rig::start("registry", &[]).await;
    let client = rig.client(Era::Sessions).await;
    let names: Vec<String> = client.tools().await.iter().map(|tool| tool.name.to_string()).collect();
    assert_eq!(
        names,
        ["database_selector", "database_connect", "query", "batch_query", "list_tables", "describe_table", "list_databases"]
    );
    let listed = client.call("database_selector", json!({})).await.ok();
    assert_eq!(listed.structured()["currentDatabase"], "pg");
    let ids: Vec<_> =
        listed.structured()["databases"].as_array().expect("databases").iter().map(|one| one["id"].clone()).collect();
    assert_eq!(json!(ids), json!(["lite", "pg"]));
    for (id, [first, second], _) in databases(&rig) {
        switched(&client, id).await;
        let current = client.call("database_selector", json!({"action": "current"})).await.ok();
        assert_eq!(current.structured()["currentDatabase"], id);
        let batch = async |queries: Value, options: Value| {
            client.call("batch_query", json!({"queries": queries, "options": options})).await
        };
        let insert = format!("INSERT INTO parent (id, name) VALUES ({first}, {second})");
        let made = batch(
            json!([
                {"sql": "CREATE TABLE parent (id int PRIMARY KEY, name varchar(20))"},
                {"sql": insert, "params": [1, "a"], "name": "first"},
                {"sql": "SELECT count(*) AS v FROM parent"}
            ]),
            json!({}),
        )
        .await
        .ok();
        let made = made.structured();
        assert_eq!((&made["success"], &made["successCount"], &made["totalQueries"]), (&json!(true), &json!(3), &json!(3)));
        assert_eq!((&made["transaction"], &made["kept"]), (&json!(true), &json!(true)));
        assert_eq!((&made["results"][1]["name"], &made["results"][1]["rowCount"]), (&json!("first"), &json!(1)));
        assert_eq!(made["results"][2]["rows"], json!([{"v": 1}]), "{id}");
        let sql = format!("SELECT id, name FROM parent WHERE id = {first}");
        let one =
            client.call("query", json!({"sql": sql, "params": [1], "options": {"timeout": 30000, "maxRows": 5}})).await.ok();
        let read = one.structured();
        assert_eq!((&read["success"], &read["rowCount"], &read["truncated"]), (&json!(true), &json!(1), &json!(false)));
        assert_eq!(read["rows"], json!([{"id": 1, "name": "a"}]), "{id}");
        assert_eq!((&read["fields"][1]["name"], read["fields"].as_array().map(Vec::len)), (&json!("name"), Some(2)));
        let text: Value = serde_json::from_str(&one.text()).expect("the text is the document");
        assert_eq!(&text, read);
        let changed = client.call("query", json!({"sql": "UPDATE parent SET name = 'b'"})).await.ok();
        assert_eq!(changed.structured()["rowCount"], 1);
        failures(&client, id, &insert).await;
    }
}

/// What becomes of a batch in which a statement fails. The table has one row before, and four after.
async fn failures(client: &Client, id: &str, insert: &str) {
    let queries = |from: i32| {
        json!([
            {"sql": insert, "params": [from, "x"]},
            {"sql": "SELECT * FROM nowhere", "name": "bad"},
            {"sql": insert, "params": [from + 1, "y"]}
        ])
    };
    let batch = async |from: i32, options: Value| {
        let answer = client.call("batch_query", json!({"queries": queries(from), "options": options})).await;
        let counts = ["successCount", "failureCount", "notRun"].map(|name| answer.structured()[name].as_u64().expect(name));
        assert!(answer.is_error() && answer.structured()["success"] == false, "{}", answer.raw());
        let bad = answer.structured()["results"][1].clone();
        assert!(bad["name"] == "bad" && bad["error"].as_str().is_some_and(|why| why.contains("nowhere")), "{bad}");
        (counts, answer)
    };
    let rows = async || value(client, "SELECT count(*) AS v FROM parent").await;
    for options in [json!({}), json!({"transaction": true, "stopOnError": false})] {
        let (counts, answer) = batch(10, options).await;
        assert_eq!((counts, &answer.structured()["kept"]), ([1, 1, 1], &json!(false)), "{id}");
        assert_eq!(rows().await, 1, "{id}: all or nothing");
    }
    let (counts, _) = batch(20, json!({"transaction": false})).await;
    assert_eq!((counts, rows().await), ([1, 1, 1], json!(2)), "{id}");
    let (counts, _) = batch(30, json!({"transaction": false, "stopOnError": false, "maxParallel": 2})).await;
    assert_eq!((counts, rows().await), ([2, 1, 0], json!(4)), "{id}");
    for (queries, kind) in [(json!([]), "invalid-value"), (json!([{"sql": "SELECT 1"}, {"sql": "COMMIT"}]), "invalid-value")] {
        let refused = client.call("batch_query", json!({"queries": queries})).await;
        assert_eq!(refused.error()["kind"], kind, "{}", refused.raw());
    }
}

#[tokio::test]
async fn time_and_parallelism() {
    let rig = Rig::start("registry_time", &[]).await;
    let client = rig.client(Era::Sessions).await;
    let batch = async |sql: &str, options: Value| {
        let queries = json!([{"sql": sql}, {"sql": sql}, {"sql": sql}]);
        client.call("batch_query", json!({"queries": queries, "options": options})).await
    };
    let different = |answer: &Answer| {
        let results = answer.structured()["results"].as_array().expect("results");
        results.iter().map(|result| result["rows"][0]["v"].to_string()).collect::<std::collections::HashSet<_>>().len()
    };
    let transaction = batch("SELECT txid_current()::text AS v", json!({"transaction": true})).await.ok();
    assert_eq!(different(&transaction), 1);
    let each = batch("SELECT txid_current()::text AS v", json!({"transaction": false})).await.ok();
    assert_eq!(different(&each), 3);
    // All of them wait at once, each on a connection of its own.
    let together =
        batch("SELECT pg_backend_pid() AS v FROM pg_sleep(0.2)", json!({"transaction": false, "maxParallel": 3})).await.ok();
    assert_eq!(different(&together), 3);
    for transaction in [true, false] {
        let late = batch("SELECT 1 AS v FROM pg_sleep(20)", json!({"transaction": transaction, "timeout": 300})).await;
        assert_eq!(late.error()["kind"], "timeout", "{}", late.raw());
    }
    let late = client.call("query", json!({"sql": "SELECT pg_sleep(20)", "options": {"timeout": 300}})).await;
    assert_eq!(late.error()["kind"], "timeout", "{}", late.raw());
    let cut = client.call("query", json!({"sql": "SELECT n FROM generate_series(1, 9) n", "options": {"maxRows": 2}})).await.ok();
    assert_eq!((&cut.structured()["rowCount"], &cut.structured()["truncated"]), (&json!(2), &json!(true)));
}

#[tokio::test]
async fn what_is_there() {
    let rig = Rig::start("registry_there", &[]).await;
    let client = rig.client(Era::Sessions).await;
    for (id, _, schema) in databases(&rig) {
        switched(&client, id).await;
        let made = json!([
            {"sql": "CREATE TABLE parent (id int PRIMARY KEY, name varchar(20) NOT NULL UNIQUE DEFAULT 'x')"},
            {"sql": "CREATE TABLE child (id int NOT NULL PRIMARY KEY, parent_id int REFERENCES parent (id) ON DELETE CASCADE, n int CHECK (n > 0))"},
            {"sql": "CREATE TABLE other_child (id int PRIMARY KEY, parent_id int REFERENCES parent (id))"},
            {"sql": "CREATE INDEX by_n ON child (n)"},
            {"sql": "CREATE VIEW seen AS SELECT * FROM child"}
        ]);
        let _ = client.call("batch_query", json!({"queries": made})).await.ok();
        let tables = async |arguments: Value| client.call("list_tables", arguments).await.ok().structured().clone();
        let listed = |document: &Value| -> Vec<String> {
            let tables = document["tables"].as_array().expect("tables").iter();
            tables.map(|table| table["table"].as_str().expect("a name").to_owned()).collect()
        };
        let all = tables(json!({})).await;
        assert_eq!(listed(&all), ["child", "other_child", "parent"], "{id}: {all}");
        assert_eq!((&all["tableCount"], &all["tables"][0]["schema"]), (&json!(3), &json!(schema)));
        let one = tables(json!({"schema": schema, "pattern": "par%", "includeSize": true})).await;
        assert_eq!(listed(&one), ["parent"], "{id}");
        if id == "pg" {
            assert!(
                one["tables"][0]["size"].as_str().is_some_and(|size| size.ends_with("kB") || size.ends_with("bytes")),
                "{one}"
            );
            let system = json!({"schema": "*", "includeSystemTables": true, "pattern": "pg_class"});
            assert_eq!(listed(&tables(system).await), ["pg_class"]);
            assert_eq!(listed(&tables(json!({"schema": "*", "pattern": "pg_class"})).await), [""; 0]);
        }
        let everywhere = tables(json!({"schema": "*"})).await;
        assert!(everywhere["schema"] == "all" && listed(&everywhere).contains(&"child".to_owned()), "{everywhere}");
        assert!(everywhere["schemas"].as_array().is_some_and(|all| all.iter().any(|one| one["schema_name"] == json!(schema))));

        let describe = async |arguments: Value| client.call("describe_table", arguments).await.ok().structured().clone();
        let child = describe(json!({"table": "child", "schema": schema, "includeTriggers": true})).await;
        assert_eq!(
            (&child["columns"][0]["column_name"], &child["columns"][0]["is_nullable"]),
            (&json!("id"), &json!("NO")),
            "{child}"
        );
        let kinds: Vec<_> =
            child["constraints"].as_array().expect("constraints").iter().map(|one| one["constraint_type"].clone()).collect();
        assert_eq!(json!(kinds), json!(["PRIMARY KEY", "FOREIGN KEY", "CHECK"]), "{child}");
        assert_eq!(
            (&child["constraints"][1]["delete_rule"], &child["constraints"][1]["foreign_table_name"]),
            (&json!("CASCADE"), &json!("parent"))
        );
        assert!(
            child["indexes"]
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one["index_name"] == "by_n" && one["is_unique"] == false))
        );
        assert_eq!(child["relationships"][0]["relationship_type"], "REFERENCES");
        assert_eq!(child["triggers"], json!([]));
        let parent = describe(json!({"table": "parent", "maxInboundRelationships": 1})).await;
        assert_eq!(
            (&parent["relationships"][0]["relationship_type"], parent["relationships"].as_array().map(Vec::len)),
            (&json!("REFERENCED BY"), Some(1))
        );
        assert_eq!(parent["relationshipSummary"]["inbound"]["total"], 2, "{parent}");
        assert!(parent.get("triggers").is_none());
        assert_eq!(
            describe(json!({"table": "parent", "maxInboundRelationships": 0})).await["relationships"].as_array().map(Vec::len),
            Some(2)
        );
        let bare = describe(
            json!({"table": "child", "includeIndexes": false, "includeConstraints": false, "includeRelationships": false}),
        )
        .await;
        assert!(["indexes", "constraints", "relationships"].iter().all(|name| bare.get(name).is_none()), "{bare}");
        let missing = client.call("describe_table", json!({"table": "nowhere"})).await;
        assert_eq!(missing.error()["kind"], "undefined", "{}", missing.raw());

        let all = json!({"includeSystemDatabases": true, "includeStatistics": true});
        let catalogs = client.call("list_databases", all).await.ok().structured().clone();
        let current = catalogs["databases"].as_array().expect("databases").iter().find(|one| one["isCurrent"] == true).cloned();
        let current = current.unwrap_or_else(|| panic!("{id}: none is current: {catalogs}"));
        assert_eq!(current["database"], catalogs["currentDatabase"]);
        if id == "pg" {
            assert!(current["statistics"]["activeConnections"].as_u64().is_some_and(|count| count > 0), "{current}");
            assert!(catalogs.to_string().contains("template1"));
            let some = client.call("list_databases", json!({"pattern": format!("{}%", rig.server.database)})).await.ok();
            let some = some.structured();
            assert!(!some.to_string().contains("template1") && some["databases"][0].get("statistics").is_none(), "{some}");
            let none = client.call("list_databases", json!({"pattern": "no such name"})).await.ok();
            assert_eq!(none.structured()["databaseCount"], 0);
        }
    }
}

#[tokio::test]
async fn a_session_has_its_own_database() {
    let rig = Rig::start("registry_sessions", &[]).await;
    let (one, two) = (rig.client(Era::Sessions).await, rig.client(Era::Sessions).await);
    let (here, there) = ("SELECT current_user::text AS v", "SELECT 'lite' AS v FROM sqlite_schema UNION SELECT 'lite'");
    let connected = one.call("database_connect", json!({"databaseId": "lite"})).await.ok();
    assert_eq!(connected.structured()["currentDatabase"], "lite");
    assert_eq!((value(&one, there).await, value(&two, here).await), (json!("lite"), json!(rig.role.name)));
    // A call's own choice goes before the session's.
    let named = one.call("query", json!({"sql": here, "database_id": "pg"})).await.ok();
    assert_eq!(named.structured()["rows"][0]["v"], json!(rig.role.name));
    // Without sessions of the protocol's, a handle.
    let client = rig.client(Era::Stateless).await;
    let answer = client.call("database_selector", json!({"action": "switch", "databaseId": "lite"})).await.ok();
    let session = answer.structured()["session"].as_str().expect("a handle").to_owned();
    let current = client.call("database_selector", json!({"action": "current", "session": session})).await.ok();
    assert_eq!(current.structured()["currentDatabase"], "lite");
    let with = client.call("query", json!({"sql": there, "session": session})).await.ok();
    assert_eq!((with.structured()["rows"][0]["v"].clone(), value(&client, here).await), (json!("lite"), json!(rig.role.name)));
    let back = client.call("database_connect", json!({"databaseId": "pg", "session": session})).await.ok();
    assert_eq!(back.structured()["session"], json!(session), "the session is the same");
    let with = client.call("query", json!({"sql": here, "session": session})).await.ok();
    assert_eq!(with.structured()["rows"][0]["v"], json!(rig.role.name));

    for arguments in [json!({"action": "switch", "databaseId": "nowhere"}), json!({"action": "switch"})] {
        assert!(one.call("database_selector", arguments).await.is_error());
    }
    let password = "tr0ub4dor-and-more";
    for arguments in [
        json!({"connectionString": format!("postgresql://a:{password}@db.example.com/x")}),
        json!({"host": "db.example.com", "user": "a", "password": password, "database": "x"}),
        json!({"databaseId": "pg", "port": password}),
    ] {
        let refused = one.call("database_connect", arguments).await;
        assert_eq!(refused.error()["kind"], "unsupported", "{}", refused.raw());
        assert!(refused.raw().to_string().contains("lite, pg"), "it says what there is: {}", refused.raw());
        assert!(!refused.raw().to_string().contains(password));
    }
    assert!(!rig.host.log().contains(password));
}

#[tokio::test]
async fn what_a_batch_may_do_is_the_databases_to_say() {
    let keys: [(&[&str], Value); 2] =
        [(&["databases", "pg", "confirm_writes"], json!(true)), (&["databases", "lite", "read_only"], json!(false))];
    let rig = Rig::start("registry_policy", &keys).await;
    rig.server.sql_as(&rig.role, &format!("CREATE TABLE {}.t (n int)", rig.role.name));
    let rows = || rig.server.query(&format!("SELECT count(*) FROM {}.t", rig.role.name));
    let writes = json!([{"sql": "INSERT INTO t VALUES ($1)", "params": [7]}, {"sql": "SELECT count(*) FROM t"}]);
    let mut expected = 0;
    for era in [Era::Stateless, Era::Sessions] {
        for transaction in [true, false] {
            for says in [Decline, Accept] {
                let person = Person::says(says.clone());
                let client = Client::with_person(&rig.host.url(), era, person.clone()).await;
                let options = json!({"transaction": transaction});
                let reads = json!({"queries": [{"sql": "SELECT count(*) FROM t"}, {"sql": "SELECT 1"}], "options": options});
                let _ = client.call("batch_query", reads).await.ok();
                assert_eq!(person.asked(), [""; 0], "who only reads asks nobody");
                let answer = client.call("batch_query", json!({"queries": writes, "options": options})).await;
                assert_eq!(answer.is_error(), says == Decline, "{era:?}: {}", answer.raw());
                expected += u32::from(says == Accept);
                assert_eq!(rows(), expected.to_string(), "{era:?} {says:?}");
                let asked = person.asked();
                assert!(asked.len() == 1 && asked[0].contains("INSERT INTO t") && asked[0].contains("[7]"), "{asked:?}");
            }
        }
    }
    let rig = Rig::start("registry_reader", &[(&["databases", "pg", "read_only"], json!(true))]).await;
    rig.server.sql_as(&rig.role, &format!("CREATE TABLE {}.t (n int)", rig.role.name));
    let client = rig.client(Era::Sessions).await;
    for transaction in [true, false] {
        let batch = async |sql: &str| {
            let queries = json!([{"sql": "SELECT count(*) AS v FROM t"}, {"sql": sql}]);
            client.call("batch_query", json!({"queries": queries, "options": {"transaction": transaction}})).await
        };
        assert_eq!(batch("SELECT 1").await.ok().structured()["results"][0]["rows"], json!([{"v": 0}]));
        let refused = batch("INSERT INTO t VALUES (1)").await;
        assert_eq!(refused.error()["kind"], "read-only", "{}", refused.raw());
    }
}
