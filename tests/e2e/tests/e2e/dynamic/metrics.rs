//! Callers' databases in what is counted and shown: one name for all of them, and nothing of any of them.

use bulkhead_tests::raw::Raw;
use bulkhead_tests::{Config, Era, Host};
use serde_json::json;

use super::{HEADER, Rig, call, config, connected, query, structured};

#[tokio::test]
async fn they_are_counted_under_one_name() {
    let server = bulkhead_tests::postgres::Server::from_environment();
    let (role, other) = (server.role("dynamic_counted"), server.role("dynamic_counted"));
    let file = config(&server, &role, &[]).set(&["server", "metrics"], json!(true));
    let host = Host::start(file).await;
    let rig = Rig { server, role, other, host };
    let (newest, older) = (rig.host.client().await, rig.older().await);
    let mut ids = Vec::new();
    for number in 0..4 {
        let client = if number % 2 == 0 { &newest } else { &older };
        let (id, place) = connected(client, json!({"connection_string": rig.string(&rig.other)})).await;
        for _ in 0..3 {
            let _ = query(client, &place, "SELECT 1").await.ok();
        }
        let _ = query(client, &place, "SELECT none").await.error();
        // Some end, some stay.
        if number < 2 {
            let _ = client.call("disconnect_database", place).await.ok();
        }
        ids.push(id);
    }
    let mut raw = Raw::http(&rig.host.url(), Era::Stateless).await;
    for user in [&rig.other, &rig.role] {
        let string = rig.string(user);
        assert!(structured(&call(&mut raw, Some(&string), false, "query", json!({"sql": "SELECT 1"})).await)["rows"].is_array());
    }
    let wrong = rig.string(&rig.other).replace("secret-of", "secret-off");
    assert!(newest.call("connect_database", json!({"connection_string": wrong})).await.is_error());

    let get = async |path: &str| {
        let answer = reqwest::get(format!("http://{}{path}", rig.host.address())).await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("its text"))
    };
    let (_, text) = get("/metrics").await;
    let count = |labels: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("bulkhead_calls_total{{{labels}")));
        line.and_then(|line| line.rsplit_once(' ')).map_or(0.0, |(_, count)| count.parse::<f64>().expect("a number"))
    };
    let of = |tool: &str, outcome: &str| {
        count(&format!("database=\"dynamic\",driver=\"postgres\",tool=\"{tool}\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!(of("query", "ok"), 14.0, "{text}");
    assert_eq!(of("query", "undefined"), 4.0, "{text}");
    assert_eq!((of("connect_database", "ok"), of("connect_database", "authentication")), (4.0, 1.0), "{text}");
    let databases: Vec<&str> =
        text.lines().filter_map(|line| line.split_once("database=\"")?.1.split_once('"').map(|(database, _)| database)).collect();
    assert!(databases.iter().all(|database| ["", "pg", "dynamic"].contains(database)), "{text}");
    let (status, ready) = get("/readyz").await;
    assert_eq!((status, get("/healthz").await), (200, (200, "ok\n".to_owned())));
    let password = rig.other.password.as_deref().expect("a password");
    let said = format!("{text}{ready}");
    for unsaid in ["dynamic-", "connection-string", rig.server.host.as_str(), "127.0.0.1", &rig.other.name, password] {
        assert!(!said.contains(unsaid), "{unsaid} in\n{said}");
    }
    // Whoever else asks of all databases hears of the configured one alone.
    let stranger = rig.older().await;
    for (tool, arguments) in
        [("list_databases", json!({})), ("health_check", json!({})), ("list_sessions", json!({})), ("server_info", json!({}))]
    {
        let text = stranger.call(tool, arguments).await.raw().to_string();
        assert!(ids.iter().all(|id| !text.contains(id)) && !text.contains(&rig.other.name), "{tool}: {text}");
    }
    assert!(!rig.host.log().contains(password), "{HEADER}");
}

#[tokio::test]
async fn their_name_is_no_configured_database_s() {
    let server = bulkhead_tests::postgres::Server::from_environment();
    let role = server.role("dynamic_name");
    let (_, said) = Host::refused(&config(&server, &role, &[]).database("dynamic", server.entry(&role))).await;
    assert!(said.contains("databases.dynamic"), "{said}");
    // Without such connections it is a name like any other.
    let host = Host::start(Config::new().database("dynamic", server.entry(&role))).await;
    let answer = host.client().await.query("dynamic", "SELECT current_user::text").await;
    assert_eq!(answer.cell(), json!(role.name));
}
