//! Statements through the whole host: values, parameters, several results, errors, notices, limits.

use serde_json::{Value, json};

use super::Rig;

#[tokio::test]
async fn values_are_exact() {
    let rig = Rig::start("values").await;
    let sql = "SELECT CAST(9223372036854775807 AS bigint), CAST('99999999999999999999999999999999999999' AS decimal(38,0)), \
               CAST(-1.5 AS money), CAST(0.1 AS float), CAST(1 AS bit), CAST(N'日本 😀' AS nvarchar(20)), CAST(0x00FF AS varbinary(10)), \
               CAST('2024-02-29T12:34:56.1234567' AS datetime2(7)), CAST('2024-02-29T12:34:56.5+05:30' AS datetimeoffset(3)), \
               CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier), CAST(NULL AS int)";
    let answer = rig.client.query("ms", sql).await;
    assert_eq!(
        answer.rows(),
        [[
            json!("9223372036854775807"),
            json!("99999999999999999999999999999999999999"),
            json!("-1.5000"),
            json!(0.1),
            json!(true),
            json!("日本 😀"),
            json!("AP8="),
            json!("2024-02-29T12:34:56.1234567"),
            json!("2024-02-29T12:34:56.5+05:30"),
            json!("6f9619ff-8b86-d011-b42d-00c04fc964ff"),
            Value::Null,
        ]]
    );
    let types: Vec<&Value> =
        answer.structured()["columns"].as_array().expect("columns").iter().map(|column| &column["type"]).collect();
    assert_eq!((types[0], types[1], types[7]), (&json!("bigint"), &json!("decimal(38,0)"), &json!("datetime2(7)")));
}

#[tokio::test]
async fn parameters_by_position_and_by_name() {
    let rig = Rig::start("parameters").await;
    let by_position = rig.client.query_with("ms", "SELECT @p1 + 1, @p2", json!([41, "it's"])).await;
    assert_eq!(by_position.rows(), [[json!(42), json!("it's")]]);
    let by_name = rig.client.query_with("ms", "SELECT @a, @b", json!({"@a": null, "b": true})).await;
    assert_eq!(by_name.rows()[0][1], json!(true));
    let never = rig.client.query_with("ms", "SELECT @p1", json!(["'; DROP TABLE x; --"])).await;
    assert_eq!(never.cell(), "'; DROP TABLE x; --");
}

#[tokio::test]
async fn several_results_and_what_the_server_says() {
    let rig = Rig::start("several").await;
    let answer = rig.client.query("ms", "SELECT 1 AS a; PRINT N'on the way'; SELECT 2 AS b UNION ALL SELECT 3").await.ok();
    assert_eq!(answer.rows(), [[json!(1)]]);
    assert_eq!(answer.structured()["more"][0]["rows"], json!([[2], [3]]), "{}", answer.raw());
    assert!(answer.structured().to_string().contains("on the way"), "{}", answer.raw());
}

#[tokio::test]
async fn errors_carry_the_servers_numbers() {
    let rig = Rig::start("errors").await;
    let missing = rig.client.query("ms", "SELECT * FROM nowhere_at_all").await;
    let error = missing.error();
    assert_eq!((&error["kind"], &error["native_code"]), (&json!("undefined"), &json!("208")), "{error}");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("nowhere_at_all")), "{error}");
    let raised = rig.client.query("ms", "RAISERROR (N'so not', 16, 3)").await;
    assert!(raised.error().to_string().contains("so not"), "{}", raised.raw());
    // And the connection is used again.
    assert_eq!(rig.cell("SELECT 1").await, "1");
    assert_eq!(rig.server.sessions(&rig.login, "session_id").len(), 1);
}

#[tokio::test]
async fn a_cut_result_is_read_on() {
    let rig = Rig::start("cut").await;
    let sql = "SELECT value FROM GENERATE_SERIES(1, 2500)";
    let mut answer = rig.client.query("ms", sql).await.ok();
    let mut seen = answer.rows().len();
    for _ in 0..5 {
        let Some(cursor) = answer.structured()["cursor"].as_str() else { break };
        answer = rig.client.call("fetch_rows", json!({"cursor": cursor})).await.ok();
        seen += answer.rows().len();
    }
    assert_eq!(seen, 2500);
    assert_eq!(answer.rows().last().map(|row| row[0].clone()), Some(json!(2500)));
}

#[tokio::test]
async fn read_only_databases_refuse_writes() {
    let rig = Rig::start_with("read_only", &[(&["read_only"], json!(true))]).await;
    let table = format!("t_{}", rig.login.name);
    rig.server.sql(&format!("CREATE TABLE {table} (n int)"));
    for sql in [
        format!("INSERT INTO {table} VALUES (1)"),
        format!("SELECT 1 AS a INSERT INTO {table} VALUES (1)"),
        format!("SELECT n INTO {table}_copy FROM {table}"),
        "EXEC sp_who".to_owned(),
        "COMMIT".to_owned(),
    ] {
        let refused = rig.client.query("ms", &sql).await;
        assert_eq!(refused.error()["kind"], "read-only", "{sql}: {}", refused.raw());
    }
    assert_eq!(rig.cell(&format!("SELECT COUNT(*) FROM {table}")).await, "0");
}
