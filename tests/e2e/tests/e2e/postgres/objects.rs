//! Finding objects, what is counted of a table, and who the server takes the caller for.

use serde_json::{Value, json};

use super::Rig;

async fn rig(purpose: &str) -> Rig {
    let rig = Rig::start_with_server(purpose, &[], &[(&["toolsets"], json!(["administration", "transactions"]))]).await;
    for sql in [
        "CREATE TABLE customer (id int PRIMARY KEY, email text, note text)",
        "COMMENT ON COLUMN customer.note IS 'What the Invoice said'",
        "CREATE TABLE invoice (id int PRIMARY KEY, customer_id int REFERENCES customer)",
        "CREATE VIEW open_invoices AS SELECT * FROM invoice",
        "CREATE FUNCTION invoice_total(id int) RETURNS numeric LANGUAGE sql AS 'SELECT 1.5'",
        "CREATE TABLE \"100%_odd\" (\"a_b\" int)",
    ] {
        let _ = rig.client.query("pg", sql).await.ok();
    }
    rig
}

async fn search(rig: &Rig, arguments: Value) -> Vec<String> {
    let mut given = json!({"schema": rig.role.name});
    given.as_object_mut().expect("an object").extend(arguments.as_object().expect("an object").clone());
    let answer = rig.client.call("search_objects", given).await.ok();
    let objects = answer.structured()["objects"].as_array().expect("objects").clone();
    let show = |object: &Value| {
        let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
        format!("{} {} {} {}", text("kind"), text("table"), text("name"), text("detail"))
    };
    objects.iter().map(show).collect()
}

#[tokio::test]
async fn by_name_and_by_comment() {
    let rig = rig("objects").await;
    assert_eq!(
        search(&rig, json!({"text": "INVOICE"})).await,
        ["table  invoice table", "table  open_invoices view", "routine  invoice_total (id integer)", "column customer note text"]
    );
    assert_eq!(search(&rig, json!({"text": "invoice", "kinds": ["routine"]})).await, ["routine  invoice_total (id integer)"]);
    assert_eq!(search(&rig, json!({"text": "customer_id", "kinds": ["column"]})).await.len(), 2, "the table's and the view's");
    // Neither `%` nor `_` is a pattern, and a quote is a character.
    assert_eq!(search(&rig, json!({"text": "100%_"})).await, ["table  100%_odd table"]);
    assert_eq!(search(&rig, json!({"text": "a%"})).await, [""; 0]);
    assert_eq!(search(&rig, json!({"text": "'; DROP TABLE invoice; --"})).await, [""; 0]);
    // In portions.
    let first = rig.client.call("search_objects", json!({"schema": rig.role.name, "text": "invoice", "limit": 3})).await.ok();
    assert_eq!(first.structured()["next_offset"], 3);
    assert_eq!(search(&rig, json!({"text": "invoice", "limit": 3, "offset": 3})).await, ["column customer note text"]);
    assert!(rig.client.call("search_objects", json!({"text": ""})).await.is_error());
    assert!(rig.client.call("search_objects", json!({"text": "x".repeat(10_000)})).await.is_error());
}

#[tokio::test]
async fn what_is_counted() {
    let rig = rig("counted").await;
    let _ = rig.client.query("pg", "INSERT INTO customer SELECT n FROM generate_series(1, 500) n").await.ok();
    let before = rig.client.call("table_stats", json!({"table": "customer"})).await.ok();
    assert!(before.structured()["last_analysed"].is_null(), "{}", before.raw());
    rig.server.sql_as(&rig.role, &format!("ANALYZE {}.customer", rig.role.name));
    let after = rig.client.call("table_stats", json!({"table": "customer", "schema": rig.role.name})).await.ok();
    let after = after.structured();
    assert_eq!(after["rows_estimate"], 500);
    let analysed = after["last_analysed"].as_str().expect("analysed");
    let today = rig.server.query("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24')");
    assert!(analysed.starts_with(&today[..10]) && analysed.ends_with('Z'), "{analysed}");
    assert!(after["size_bytes"].as_u64().is_some_and(|size| size >= 8192), "{after}");
    assert!(after["properties"]["index_bytes"].is_string(), "{after}");
    let missing = rig.client.call("table_stats", json!({"table": "nothing"})).await;
    assert_eq!(missing.error()["sqlstate"], "42P01");
}

#[tokio::test]
async fn who_the_caller_is() {
    let rig = rig("whois").await;
    rig.server.sql(&format!("CREATE ROLE {0}_group; GRANT {0}_group TO {0}", rig.role.name));
    let answer = rig.client.call("user_info", json!({})).await.ok();
    let user = answer.structured();
    assert_eq!(user["user"], json!(rig.role.name));
    assert_eq!(user["roles"], json!([format!("{}_group", rig.role.name)]));
    let rights = |on: &str| {
        let found = user["privileges"].as_array().expect("privileges").iter().find(|privilege| privilege["on"] == on);
        found.map(|privilege| privilege["rights"].clone()).unwrap_or_default()
    };
    assert_eq!(rights(&format!("schema {}", rig.role.name)), json!(["CREATE", "USAGE"]), "{user}");
    assert!(rights(&format!("catalog {}", rig.server.database)).to_string().contains("CONNECT"), "{user}");
    assert_eq!(rights("server"), Value::Null, "nothing special: {user}");
    assert_eq!(user["read_only"], false);
}
