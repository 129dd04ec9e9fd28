//! `run_query`'s parameters in the RDS Data API's own form, on every driver.

use bulkhead_tests::postgres::Server;
use bulkhead_tests::rds::Fixture;
use bulkhead_tests::{Config, Host, sqlserver};
use serde_json::{Value, json};

/// A value of each kind, and what comes back for it as text from PostgreSQL; a file has text and numbers alone.
fn values() -> Value {
    json!([
        {"name": "id", "value": {"longValue": 7}},
        {"name": "name", "value": {"stringValue": "O'Reilly :id"}},
        {"name": "ratio", "value": {"doubleValue": 0.5}},
        {"name": "flag", "value": {"booleanValue": true}},
        {"name": "data", "value": {"blobValue": "AP8="}},
        {"name": "nil", "value": {"isNull": true}},
        {"name": "day", "value": {"stringValue": "2024-02-29"}, "typeHint": "DATE"},
        {"name": "price", "value": {"stringValue": "1.50"}, "typeHint": "DECIMAL"},
        {"name": "doc", "value": {"stringValue": "{\"a\": 1}"}, "typeHint": "JSON"},
        {"name": "code", "value": {"stringValue": "a81bc81b-dead-4e5d-abff-90865d1e13b1"}, "typeHint": "UUID"},
        {"name": "moment", "value": {"stringValue": "2024-02-29 10:00:00"}, "typeHint": "TIMESTAMP"},
        {"name": "hour", "value": {"stringValue": "10:00:00"}, "typeHint": "TIME"}
    ])
}

#[tokio::test]
async fn every_member_on_every_driver() {
    let server = Server::from_environment();
    let (role, other) = (server.role("data_api"), server.role("data_api_rds"));
    let fixture = Fixture::start(&server, &other);
    let tds = sqlserver::Server::from_environment();
    let login = tds.login("data_api");
    let config = Config::new();
    let folder = config.folder().join("files");
    std::fs::create_dir(&folder).expect("a folder");
    let config = config
        .set(&["server", "family"], json!("awslabs"))
        .database("pg", server.entry(&role))
        .database("rds", fixture.entry())
        .database("ms", tds.entry(&login))
        .sqlite("lite", &folder, "lite.db")
        .set(&["databases", "lite", "options"], json!({"create": true}));
    let host = Host::start(config).await;
    let client = host.client().await;
    let run = async |id: &str, sql: &str, parameters: Value| {
        client.call("run_query", json!({"database_id": id, "sql": sql, "query_parameters": parameters})).await
    };
    for id in ["pg", "rds", "lite"] {
        let made = "CREATE TABLE kept (id bigint, name text, ratio float, flag boolean, data bytea, nil int, day date,
            price numeric(10,2), doc json, code uuid, moment timestamp, hour time)";
        let made = if id == "lite" { made.replace("bytea", "blob") } else { made.to_owned() };
        let _ = run(id, &made, json!([])).await.ok();
        let insert =
            "INSERT INTO kept VALUES (:id, :name, :ratio, :flag, :data, :nil, :day, :price, :doc, :code, :moment, :hour)";
        assert_eq!(run(id, insert, values()).await.ok().structured()["rows_affected"], 1, "{id}");
        let find = "SELECT name, data, nil, ratio FROM kept -- :none
            WHERE id = :id AND id + 0 = :id AND flag AND name <> ':name'";
        let row = run(id, find, json!([{"name": "id", "value": {"longValue": 7}}])).await.rows();
        assert_eq!(row, [[json!("O'Reilly :id"), json!("AP8="), Value::Null, json!(0.5)]], "{id}");
        let missing =
            run(id, "SELECT :a", json!([{"name": "a", "value": {"isNull": true}}, {"name": "b", "value": {"isNull": true}}]))
                .await;
        assert!(missing.error()["message"].as_str().is_some_and(|why| why.contains(":b")), "{id}: {}", missing.raw());
        let wrong = run(id, "SELECT :a", json!([{"name": "a", "value": {"longValue": "1"}}])).await;
        assert_eq!(wrong.error()["kind"], "invalid-value", "{id}: {}", wrong.raw());
    }
    for (user, id) in [(&role, "pg"), (&other, "rds")] {
        let texts = server.query(&format!(
            "SELECT concat_ws('|', id, name, ratio, flag, encode(data, 'hex'), coalesce(nil, -1), day, price, doc, code, moment, hour) FROM {}.kept",
            user.name
        ));
        let expected = "7|O'Reilly :id|0.5|t|00ff|-1|2024-02-29|1.50|{\"a\": 1}|a81bc81b-dead-4e5d-abff-90865d1e13b1|2024-02-29 10:00:00|10:00:00";
        assert_eq!(texts, expected, "{id}");
    }
    let array = json!([{"name": "ids", "value": {"arrayValue": {"longValues": [1, 7]}}}]);
    assert_eq!(run("pg", "SELECT count(*) FROM kept WHERE id = ANY(:ids)", array).await.cell(), 1);
    // In the database's own style, by position.
    let sum = json!([{"name": "a", "value": {"longValue": 40}}, {"name": "b", "value": {"longValue": 2}}]);
    assert_eq!(run("pg", "SELECT $1::int + $2::int", sum.clone()).await.cell(), 42);
    assert_eq!(run("lite", "SELECT ?1 + ?2", sum.clone()).await.cell(), 42);
    assert_eq!(run("ms", "SELECT :a + :b", sum).await.cell(), 42);
    let text = json!([{"name": "who", "value": {"stringValue": "é"}}]);
    assert_eq!(run("ms", "SELECT :who", text).await.cell(), "é");
}
