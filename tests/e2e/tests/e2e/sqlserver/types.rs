//! Types that other databases haven't got, from the server through the host to the answer.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

use super::Rig;

fn types(answer: &bulkhead_tests::Answer) -> Vec<Value> {
    let columns = answer.structured()["columns"].as_array().expect("columns");
    columns.iter().map(|column| column["type"].clone()).collect()
}

#[tokio::test]
async fn types_of_the_servers_own_making() {
    let rig = Rig::start("types").await;
    let sql = "SELECT CAST(N'{\"a\": [1, 2.50]}' AS json) AS document, CAST('[1.5, -2]' AS vector(2)) AS place, \
               CAST('/1/2/' AS hierarchyid) AS node, geometry::Point(1, 2, 0) AS point, geography::Point(47.6, -122.3, 4326) AS spot, \
               CAST(N'<a>é</a>' AS xml) AS page, CAST(CAST(7 AS bigint) AS sql_variant) AS any_number, \
               CAST(CAST(N'x' AS nvarchar(3)) AS sql_variant) AS any_text";
    let answer = rig.client.query("ms", sql).await.ok();
    assert_eq!(
        types(&answer),
        ["json", "vector(2)", "hierarchyid", "geometry", "geography", "xml", "sql_variant", "sql_variant"]
    );
    let row = &answer.rows()[0];
    assert_eq!(row[0].to_string(), r#"{"a":[1,2.50]}"#, "every digit");
    assert_eq!(row[1], json!([1.5, -2.0]));
    let bytes = |at: usize| BASE64_STANDARD.decode(row[at].as_str().expect("base64")).expect("base64");
    assert_eq!(bytes(2), [0x5B, 0x40], "/1/2/ as the server keeps it");
    let point = |system: u8, x: f64, y: f64| {
        let mut bytes = vec![system, 0, 0, 0, 1, 0x0C];
        bytes.extend_from_slice(&x.to_le_bytes());
        bytes.extend_from_slice(&y.to_le_bytes());
        bytes
    };
    assert_eq!(bytes(3), point(0, 1.0, 2.0));
    assert_eq!(bytes(4).len(), 22);
    assert_eq!((&row[5], &row[6], &row[7]), (&json!("<a>é</a>"), &json!(7), &json!("x")));
    let none = "SELECT CAST(NULL AS json), CAST(NULL AS vector(3)), CAST(NULL AS hierarchyid), CAST(NULL AS xml), CAST(NULL AS sql_variant)";
    assert_eq!(rig.client.query("ms", none).await.rows(), [vec![Value::Null; 5]]);
}

#[tokio::test]
async fn a_rows_version_is_eight_bytes_that_change_with_it() {
    let rig = Rig::start("types").await;
    let table = format!("versions_{}", rig.login.name);
    rig.server.sql(&format!("CREATE TABLE {table} (n int, version rowversion)"));
    rig.server.sql(&format!("INSERT INTO {table} (n) VALUES (1)"));
    let version = async || {
        let answer = rig.client.query("ms", &format!("SELECT version FROM {table}")).await;
        assert_eq!(types(&answer), ["rowversion"]);
        BASE64_STANDARD.decode(answer.cell_text()).expect("base64")
    };
    let before = version().await;
    assert_eq!(before.len(), 8);
    rig.server.sql(&format!("UPDATE {table} SET n = 2"));
    assert!(version().await > before);
}
