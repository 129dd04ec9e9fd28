//! `X-Database-Connection-String`: a request's own database.

use bulkhead_tests::postgres::wait_until;
use bulkhead_tests::raw::Raw;
use bulkhead_tests::{Config, Era, Host};
use serde_json::{Value, json};

use super::{HEADER, Rig, SOON, call, string, structured};

async fn cell(raw: &mut Raw, given: Option<&str>, through: bool, sql: &str) -> Value {
    let reply = call(raw, given, through, "query", json!({"sql": sql})).await;
    let document = structured(&reply);
    assert!(document["rows"].is_array(), "{}", reply.text);
    document["rows"][0][0].clone()
}

const USER: &str = "SELECT current_user::text";

#[tokio::test]
async fn each_request_says_its_own() {
    let rig = Rig::start("header_use").await;
    let (one, two) = (rig.string(&rig.other), rig.string(&rig.role));
    for era in [Era::Stateless, Era::Sessions] {
        let mut raw = Raw::http(&rig.host.url(), era).await;
        for through in [false, true] {
            assert_eq!(cell(&mut raw, Some(&one), through, USER).await, json!(rig.other.name), "{era:?} {through}");
            assert_eq!(cell(&mut raw, Some(&two), through, USER).await, json!(rig.role.name));
            assert_eq!(cell(&mut raw, None, through, USER).await, json!(rig.role.name));
            let listed = structured(&call(&mut raw, Some(&one), through, "list_databases", json!({})).await);
            assert_eq!(listed["databases"].as_array().unwrap().len(), 1, "{listed}");
            assert_eq!(listed["databases"][0]["database_id"], "connection-string");
            let named =
                call(&mut raw, Some(&one), through, "query", json!({"sql": USER, "database_id": "connection-string"})).await;
            assert_eq!(structured(&named)["rows"][0][0], json!(rig.other.name));
            for (tool, arguments) in [
                ("query", json!({"sql": USER, "database_id": "pg"})),
                ("use_database", json!({"database_id": "pg"})),
                ("open_session", json!({"database_id": "pg"})),
            ] {
                let refused = call(&mut raw, Some(&one), through, tool, arguments).await;
                assert!(refused.error().contains(HEADER), "{}", refused.text);
            }
            // Without the header there is no such database.
            let reply = call(&mut raw, None, through, "query", json!({"sql": USER, "database_id": "connection-string"})).await;
            assert!(reply.error().contains("no database"), "{}", reply.text);
        }
    }
}

#[tokio::test]
async fn what_is_open_belongs_to_the_string_it_was_opened_with() {
    let rig = Rig::start("header_bound").await;
    let (one, two) = (rig.string(&rig.other), rig.string(&rig.role));
    for era in [Era::Stateless, Era::Sessions] {
        let mut raw = Raw::http(&rig.host.url(), era).await;
        let began = structured(&call(&mut raw, Some(&one), false, "begin_transaction", json!({})).await);
        let transaction = began["transaction"].clone();
        let rows = json!({"sql": "SELECT generate_series(1, 100)", "max_rows": 1});
        let cursor = structured(&call(&mut raw, Some(&one), false, "query", rows).await)["cursor"].clone();
        assert!(transaction.is_string() && cursor.is_string(), "{began} {cursor}");
        for other in [Some(two.as_str()), None] {
            for (tool, arguments) in [
                ("query", json!({"sql": "SELECT 1", "transaction": transaction})),
                ("fetch_rows", json!({"cursor": cursor})),
                ("commit", json!({"transaction": transaction})),
                ("rollback", json!({"transaction": transaction})),
            ] {
                let refused = call(&mut raw, other, false, tool, arguments).await;
                assert!(refused.error().contains("there is no such"), "{}", refused.text);
            }
        }
        let fetched = structured(&call(&mut raw, Some(&one), false, "fetch_rows", json!({"cursor": cursor})).await);
        assert!(fetched["rows"].is_array(), "{fetched}");
        let _ =
            structured(&call(&mut raw, Some(&one), false, "query", json!({"sql": "SELECT 1", "transaction": transaction})).await);
        let done = call(&mut raw, Some(&one), false, "commit", json!({"transaction": transaction})).await;
        assert_ne!(done.message["result"]["isError"], true, "{}", done.text);
        // And what is open on a configured database isn't a request's that brings its own.
        let configured = structured(&call(&mut raw, None, false, "begin_transaction", json!({"database_id": "pg"})).await);
        let refused = call(&mut raw, Some(&one), false, "commit", json!({"transaction": configured["transaction"]})).await;
        assert!(refused.error().contains("there is no such"), "{}", refused.text);
        let _ = call(&mut raw, None, false, "rollback", json!({"transaction": configured["transaction"]})).await;
    }
}

/// The same string finds the same connections; another never does; and idle ones are closed.
#[tokio::test]
async fn pools_are_each_strings_own() {
    let rig =
        Rig::start_with("header_pools", &[("idle_timeout", json!("2s")), ("max", json!(2)), ("read_only", json!(false))]).await;
    let one = rig.string(&rig.other);
    let pid = "SELECT pg_backend_pid()";
    for era in [Era::Stateless, Era::Sessions] {
        let (mut first, mut second) = (Raw::http(&rig.host.url(), era).await, Raw::http(&rig.host.url(), era).await);
        let backend = cell(&mut first, Some(&one), false, pid).await;
        assert_eq!(cell(&mut second, Some(&one), true, pid).await, backend);
        // Cleaned in between.
        let _ = cell(&mut first, Some(&one), false, "SELECT set_config('application_name', 'mine', false)").await;
        assert_ne!(cell(&mut second, Some(&one), false, "SELECT current_setting('application_name')").await, json!("mine"));
        // Another spelling of the same is another string.
        let same_user = one.replacen("postgresql://", "postgres://", 1);
        assert_ne!(cell(&mut second, Some(&same_user), false, pid).await, backend);
        // A third takes the place of the one that was used first.
        let third = rig.string(&rig.role);
        let _ = cell(&mut first, Some(&third), false, pid).await;
        wait_until("the idle ones are closed", SOON, || rig.server.backends(&rig.other) == 0).await;
        // The wrong password finds nothing of the right one's.
        let _ = cell(&mut first, Some(&one), false, pid).await;
        let wrong = one.replace("secret-of", "secret-off");
        let refused = call(&mut second, Some(&wrong), false, "query", json!({"sql": pid})).await;
        assert!(refused.error().contains("authentication"), "{}", refused.text);
        wait_until("closed when idle", SOON, || rig.server.backends(&rig.other) == 0).await;
    }
}

#[tokio::test]
async fn all_in_use() {
    let rig = Rig::start_with("header_full", &[("max", json!(1))]).await;
    let (one, two) = (rig.string(&rig.other), rig.string(&rig.role));
    let mut raw = Raw::http(&rig.host.url(), Era::Stateless).await;
    let began = structured(&call(&mut raw, Some(&one), false, "begin_transaction", json!({})).await);
    let refused = call(&mut raw, Some(&two), false, "query", json!({"sql": "SELECT 1"})).await;
    assert_eq!(refused.status.unwrap().as_u16(), 503);
    assert!(refused.text.contains("dynamic.max"), "{}", refused.text);
    let _ = call(&mut raw, Some(&one), false, "rollback", json!({"transaction": began["transaction"]})).await;
    assert_eq!(cell(&mut raw, Some(&two), false, USER).await, json!(rig.role.name));
}

/// Who sends it believes that it is used: so it is, or the request isn't.
#[tokio::test]
async fn turned_off_it_is_refused() {
    let server = bulkhead_tests::postgres::Server::from_environment();
    let role = server.role("header_off");
    let none = Host::start(Config::new().set(&["server", "sse"], json!(true)).database("pg", server.entry(&role))).await;
    let off = Host::start(super::config(&server, &role, &[("header", json!(false))]).set(&["server", "sse"], json!(true))).await;
    for host in [&none, &off] {
        for era in [Era::Stateless, Era::Sessions] {
            let mut raw = Raw::http(&host.url(), era).await;
            for through in [false, true] {
                let refused = call(&mut raw, Some(&string(&server, &role)), through, "query", json!({"sql": USER})).await;
                assert_eq!(refused.status.unwrap().as_u16(), 400);
                assert_eq!(refused.message["error"]["data"]["error"]["kind"], "unsupported", "{}", refused.text);
                assert_eq!(cell(&mut raw, None, through, USER).await, json!(role.name));
            }
        }
        let http = reqwest::Client::new();
        for request in [
            http.get(format!("http://{}/sse", host.address())),
            http.get(host.url()),
            http.delete(host.url()),
            http.post(format!("http://{}/messages?sessionId=x", host.address())),
        ] {
            let answer = request.header(HEADER, string(&server, &role)).send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), 400);
        }
    }
}

#[tokio::test]
async fn twice_or_from_a_stranger() {
    let rig = Rig::start("header_twice").await;
    let string = rig.string(&rig.other);
    let http = reqwest::Client::new();
    let request = || http.post(rig.host.url()).header("content-type", "application/json").body("{}");
    let twice = request().header(HEADER, &string).header(HEADER, &string).send().await.expect("an answer");
    assert_eq!(twice.status().as_u16(), 400);
    assert!(twice.text().await.unwrap().contains("more than once"));
    // A page in a browser, or a name that isn't ours, doesn't even learn whether the string is good.
    for (name, value) in [("origin", "https://evil.example.com"), ("host", "evil.example.com")] {
        let answer = request().header(HEADER, &string).header(name, value).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 403, "{name}");
    }
    assert_eq!(rig.server.backends(&rig.other), 0);
}
