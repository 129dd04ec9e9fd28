//! What one caller's database does to those of others on the same server, configured ones among them: nothing.

use std::time::{Duration, Instant};

use bulkhead_tests::postgres::{Server, User, wait_until};
use bulkhead_tests::proxy::Proxy;
use bulkhead_tests::{Client, Config, Era, Host};
use serde_json::{Value, json};

use super::{SOON, connected, query, user};

/// A database is used again at most so long after its server is back, and a trial.
const HEALED: Duration = Duration::from_secs(5);

/// A server behind a proxy, of which `app` is configured; each of its calls connects anew.
fn config(server: &Server, role: &User, port: u16) -> Config {
    let mut entry = server.entry(role);
    entry["port"] = json!(port);
    entry["pool"] = json!({"max_lifetime": "1ms"});
    let dynamic = json!({
        "drivers": ["postgres"],
        "hosts": [server.host],
        "ports": [port],
        "tls_modes": ["verify-full", "require-unverified"],
        // Whoever wants a certificate verified is let down.
        "ca_file": server.other_ca_file,
        "max_per_session": 64,
    });
    Config::new().database("app", entry).set(&["dynamic"], dynamic)
}

fn string(server: &Server, user: &User, password: &str, port: u16, mode: &str) -> String {
    let Server { host, database, .. } = server;
    format!("postgresql://{}:{password}@{host}:{port}/{database}?sslmode={mode}", user.name)
}

async fn untested(client: &Client, string: &str) -> Value {
    connected(client, json!({"connection_string": string, "test": false})).await.1
}

/// Past the moment in which a connection is still good.
async fn app(client: &Client) -> bulkhead_tests::Answer {
    tokio::time::sleep(Duration::from_millis(5)).await;
    client.query("app", "SELECT current_user::text").await
}

#[tokio::test]
async fn a_bad_login_is_its_callers_alone() {
    let server = Server::from_environment();
    let role = server.role("tenant");
    let password = role.password.clone().expect("a password");
    let host = Host::start(config(&server, &role, server.port)).await;
    let (one, two) = (Client::http(&host.url(), Era::Sessions).await, Client::http(&host.url(), Era::Sessions).await);
    // The same server, the same user, even: and the wrong password.
    let wrong = string(&server, &role, "not-it", server.port, "require");
    let bad = [untested(&one, &wrong).await, untested(&one, &wrong).await, untested(&one, &wrong).await];
    let good = untested(&two, &string(&server, &role, &password, server.port, "require")).await;
    let neighbour = untested(&one, &string(&server, &role, &password, server.port, "require")).await;
    for _ in 0..10 {
        for place in &bad {
            assert_eq!(query(&one, place, "SELECT 1").await.error()["kind"], "authentication");
        }
        assert_eq!(app(&one).await.cell(), json!(role.name));
        assert_eq!(user(&two, &good).await, role.name);
        assert_eq!(user(&one, &neighbour).await, role.name);
    }
    // Its own is shut for a while, so that the account isn't locked by trying.
    let _ = query(&one, &bad[0], "SELECT 1").await.error();
    let shut = query(&one, &bad[0], "SELECT 1").await;
    assert!(shut.error()["message"].as_str().expect("a message").contains("tried again in"), "{}", shut.raw());
    let listed = two.call("list_databases", json!({})).await.ok();
    let state = |id: &Value| {
        let all = listed.structured()["databases"].as_array().expect("databases");
        all.iter().find(|entry| entry["database_id"] == *id).expect("the database")["state"].clone()
    };
    assert_eq!((state(&json!("app")), state(&good["database_id"])), (json!("healthy"), json!("healthy")));
}

/// A heap of callers' databases that can never be connected to, on a server that was away: they are nobody's to wait for.
#[tokio::test]
async fn what_is_configured_heals_beside_any_number_of_bad_ones() {
    let server = Server::from_environment();
    let role = server.role("tenant");
    let password = role.password.clone().expect("a password");
    let proxy = Proxy::start(server.port).await;
    let host = Host::start(config(&server, &role, proxy.port())).await;
    let client = Client::http(&host.url(), Era::Sessions).await;
    assert_eq!(app(&client).await.cell(), json!(role.name));
    let unverified = string(&server, &role, &password, proxy.port(), "verify-full");
    let mut bad = Vec::new();
    for _ in 0..40 {
        bad.push(untested(&client, &unverified).await);
    }
    for round in 0..3 {
        proxy.go();
        assert!(app(&client).await.is_error());
        for place in &bad {
            assert_eq!(query(&client, place, "SELECT 1").await.error()["kind"], "connection");
        }
        // The waits between trials have grown by now.
        tokio::time::sleep(Duration::from_secs(3)).await;
        proxy.come_back();
        let began = Instant::now();
        let down =
            || async { client.call("list_databases", json!({})).await.ok().structured()["databases"][0]["state"] == "down" };
        while down().await {
            assert!(began.elapsed() < HEALED, "round {round}: still down");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(app(&client).await.cell(), json!(role.name));
        for place in bad.iter().take(4) {
            let error = query(&client, place, "SELECT 1").await;
            assert!(error.is_error(), "{}", error.raw());
        }
    }
    // And they aren't tried behind their callers' backs.
    wait_until("the configured one's trials are over", SOON, || server.backends(&role) <= 1).await;
    let before = proxy.accepted();
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(proxy.accepted(), before);
}
