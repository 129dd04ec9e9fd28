//! Through PgBouncer in transaction mode, with the setting that the driver's README names.

use bulkhead_tests::postgres::{Bouncer, Server};
use bulkhead_tests::{Client, Config, Era, Host};
use serde_json::json;

#[tokio::test]
async fn statements_of_many_callers_through_two_server_connections() {
    let server = Server::from_environment();
    let bouncer = Bouncer::from_environment();
    let mut entry = server.entry(server.user("owner"));
    entry["host"] = json!(bouncer.host);
    entry["port"] = json!(bouncer.port);
    entry["options"] = json!({"prepared_statements": false});
    let host = Host::start(Config::new().database("pg", entry)).await;
    let calls: Vec<_> = (0..16)
        .map(|number| {
            let url = host.url();
            tokio::spawn(async move {
                let client = Client::http(&url, Era::Stateless).await;
                for round in 0..10 {
                    let sql = format!("SELECT {number} + $1::int, 'round {round}'");
                    let answer = client.query_with("pg", &sql, json!([round])).await;
                    assert_eq!(answer.rows(), [[json!(number + round), json!(format!("round {round}"))]]);
                }
                // More than one batch: the cursor has to stay on its server connection.
                let sql = "SELECT n FROM generate_series(1, 50000) n";
                let asked = json!({"database_id": "pg", "sql": sql, "max_rows": 50_000});
                assert_eq!(client.call("query", asked).await.rows().len(), 50_000);
                let failed = client.query("pg", "SELECT 1/0").await;
                assert_eq!(failed.error()["sqlstate"], "22012");
            })
        })
        .collect();
    for call in calls {
        call.await.expect("answered");
    }
    let client = host.client().await;
    assert!(!client.call("list_tables", json!({"database_id": "pg"})).await.is_error());
}

#[tokio::test]
async fn read_only_and_cancelling_work_there_too() {
    let server = Server::from_environment();
    let bouncer = Bouncer::from_environment();
    let mut entry = server.entry(server.user("owner"));
    entry["host"] = json!(bouncer.host);
    entry["port"] = json!(bouncer.port);
    entry["options"] = json!({"prepared_statements": false});
    entry["read_only"] = json!(true);
    let host = Host::start(Config::new().database("pg", entry)).await;
    let client = host.client().await;
    assert!(client.query("pg", "CREATE TABLE nope (n int)").await.is_error());
    assert_eq!(client.query("pg", "SELECT 1").await.cell(), json!(1));
    let asked = json!({"database_id": "pg", "sql": "SELECT pg_sleep(30)", "timeout_ms": 300});
    assert_eq!(client.call("query", asked).await.error()["kind"], "timeout");
    assert_eq!(client.query("pg", "SELECT 2").await.cell(), json!(2));
}
