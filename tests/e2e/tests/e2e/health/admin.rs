//! The probes of whoever runs the server, and its own listener.

use bulkhead_tests::proxy::Proxy;
use bulkhead_tests::{Client, Config, Era, Host, free_port};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::Rig;

/// Of the tests' admin listeners.
pub(super) const TOKEN: &str = "token-of-the-tests-0123456789";

/// With an admin listener on a port.
pub(super) fn with_admin(config: Config, port: u16) -> Config {
    let file = config.folder().join("admin.token");
    std::fs::write(&file, TOKEN).expect("written");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("its mode");
    config.set(&["admin"], json!({"listen": format!("127.0.0.1:{port}"), "token": "file:./admin.token"}))
}

async fn ask(method: reqwest::Method, url: &str) -> (StatusCode, Value) {
    let answer = reqwest::Client::new().request(method, url).bearer_auth(TOKEN).send().await.expect("an answer");
    (answer.status(), serde_json::from_str(&answer.text().await.expect("its text")).unwrap_or_default())
}

async fn get(url: &str) -> (StatusCode, String) {
    let answer = reqwest::Client::new().get(url).header("host", "10.0.0.7:8000").send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("its text"))
}

#[tokio::test]
async fn a_database_seen_by_whoever_runs_the_server() {
    let port = free_port();
    let rig = Rig::start_with(1, |config| with_admin(config, port)).await;
    let url = |path: &str| format!("http://127.0.0.1:{port}/admin/databases{path}");
    let (status, idle) = ask(reqwest::Method::GET, &url("/pg0")).await;
    assert_eq!((status, &idle["state"], &idle["pool"]["open"]), (StatusCode::OK, &json!("idle"), &json!(0)), "{idle}");
    let (_, probed) = ask(reqwest::Method::POST, &url("/pg0/probe")).await;
    assert_eq!((&probed["state"], &probed["pool"]["open"]), (&json!("healthy"), &json!(1)), "{probed}");
    rig.proxy.go();
    let (status, down) = ask(reqwest::Method::POST, &url("/pg0/probe")).await;
    assert_eq!(
        (status, &down["state"], &down["error"]["kind"]),
        (StatusCode::OK, &json!("down"), &json!("connection")),
        "{down}"
    );
    assert!(down["since"].is_string() && down["last_error"]["message"].is_string(), "{down}");
    let (_, all) = ask(reqwest::Method::GET, &url("")).await;
    assert_eq!(all["databases"][0]["state"], "down");
    assert!(!all.to_string().contains(rig.role.password.as_deref().unwrap_or("?")), "{all}");
    rig.proxy.come_back();
    let (_, back) = ask(reqwest::Method::POST, &url("/pg0/probe")).await;
    assert_eq!(back["state"], "healthy", "{back}");
}

#[tokio::test]
async fn probes_need_no_name_and_tell_none() {
    let rig = Rig::start_with(2, |config| config.set(&["server", "ready_when"], json!("any"))).await;
    let url = |path: &str| format!("http://{}{path}", rig.host.address());
    assert_eq!(get(&url("/healthz")).await, (StatusCode::OK, "ok\n".to_owned()));
    assert_eq!(get(&url("/readyz")).await, (StatusCode::OK, "ready: 0 of 2 databases are down\n".to_owned()));
    rig.proxy.go();
    let _ = rig.client.query("pg0", "SELECT 1").await.error();
    assert_eq!(get(&url("/readyz")).await, (StatusCode::OK, "ready: 1 of 2 databases are down\n".to_owned()));
    let _ = rig.client.query("pg1", "SELECT 1").await.error();
    let (status, text) = get(&url("/readyz")).await;
    assert_eq!((status, text.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "not ready: 2 of 2 databases are down\n"));
    assert_eq!(get(&url("/healthz")).await.0, StatusCode::OK);
    rig.proxy.come_back();
    rig.healed().await;
    let (status, _) = get(&url("/readyz")).await;
    assert_eq!(status, StatusCode::OK);
}

/// While the process ends it isn't ready, and says so where somebody can still ask.
#[tokio::test]
async fn draining_is_told() {
    let port = free_port();
    let mut rig = Rig::start_with(1, |config| with_admin(config, port)).await;
    let slow = json!({"database_id": "pg0", "sql": "SELECT pg_sleep(2)"});
    let running = rig.client.send("query", slow).await;
    bulkhead_tests::postgres::wait_until("it runs", super::HEALED, || rig.server.running(&rig.role, "pg_sleep") == 1).await;
    let url = format!("http://127.0.0.1:{port}/readyz");
    let asking = tokio::spawn(async move {
        for _ in 0..200 {
            let (status, text) = get(&url).await;
            if status == StatusCode::SERVICE_UNAVAILABLE {
                return text;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        String::new()
    });
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let (ended, _) = rig.host.stop().await;
    assert!(ended.success());
    assert_eq!(asking.await.expect("asked"), "draining\n");
    drop(running);
}

#[tokio::test]
async fn on_standard_input_there_is_one_too() {
    let port = free_port();
    let config = with_admin(Config::new(), port);
    let client = Client::stdio(&config.write(), Era::Stateless).await;
    let (status, all) = ask(reqwest::Method::GET, &format!("http://127.0.0.1:{port}/admin/databases")).await;
    assert_eq!((status, &all["databases"]), (StatusCode::OK, &json!([])), "{all}");
    client.close().await;
}

#[tokio::test]
async fn what_can_not_be_listened_on_is_refused() {
    let proxy = Proxy::start(9).await;
    let listen = |listen: &str| with_admin(Config::new(), free_port()).set(&["admin", "listen"], json!(listen));
    for (config, word) in [
        (listen("0.0.0.0:8001"), "loopback"),
        (listen(&format!("127.0.0.1:{}", proxy.port())), "admin.listen"),
        (listen("127.0.0.1:0").set(&["admin", "token"], json!("env:NOT_SET_ANYWHERE")), "admin.token"),
        (Config::new().set(&["server", "path"], json!("/healthz")), "server.path"),
    ] {
        let (status, text) = Host::refused(&config).await;
        assert!(!status.success() && text.contains(word), "{word}: {text}");
    }
}
