//! The administrator's changes: over a listener of their own, whole or not at all, over what the file says.

use bulkhead_tests::{Client, Config, Era, Host, Listener, free_port};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ids, lite, logged};

const TOKEN: &str = "the-admin-token-of-this-test-5521";
const SECRET: &str = "a-password-in-a-change-8834";

struct Admin {
    url: String,
    client: reqwest::Client,
}

impl Admin {
    /// A configuration with the listener, and its client.
    fn of(config: Config) -> (Config, Admin) {
        let port = free_port();
        let admin = json!({"listen": format!("127.0.0.1:{port}"), "token": TOKEN});
        (config.set(&["admin"], admin), Admin { url: format!("http://127.0.0.1:{port}"), client: reqwest::Client::new() })
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(TOKEN);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}")))
    }

    async fn put(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask(Method::PUT, path, Some(body)).await
    }

    async fn delete(&self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::DELETE, path, None).await
    }
}

fn hostile() -> Value {
    json!({"driver": "hostile", "host": "127.0.0.1", "port": 9, "user": "nobody", "password": SECRET, "tls": {"mode": "off"}})
}

/// It doesn't find half a file, which would be refused, or taken as all there is.
#[tokio::test]
async fn a_change_waits_for_who_saves_the_file() {
    let (config, admin) = Admin::of(lite(lite(Config::new(), "one"), "two"));
    let host = Host::start(config).await;
    let file = host.folder().join("bulkhead.yaml");
    let whole = std::fs::read_to_string(&file).expect("the file");
    let writing = tokio::task::spawn_blocking(move || {
        use std::io::Write;
        for _ in 0..5 {
            let mut open = std::fs::File::create(&file).expect("it is truncated");
            for part in whole.as_bytes().chunks(whole.len() / 4) {
                std::thread::sleep(std::time::Duration::from_millis(20));
                open.write_all(part).expect("a part");
            }
        }
    });
    for name in ["three", "four", "five"] {
        let (status, answer) = admin.put(&format!("/admin/databases/{name}"), hostile()).await;
        assert_eq!((status, &answer["removed"]), (StatusCode::OK, &json!([])), "{answer}");
    }
    writing.await.expect("it is written");
    assert_eq!(ids(&host.client().await).await, ["five", "four", "one", "three", "two"]);
}

/// With the file as it is by then.
#[tokio::test]
async fn a_change_that_reads_the_file_s_change_is_the_only_one() {
    let (config, admin) = Admin::of(lite(Config::new(), "one"));
    let mut host = Host::start(config).await;
    host.reconfigure(|config| config.put(&["databases", "three"], hostile()));
    let (status, answer) = admin.put("/admin/databases/two", hostile()).await;
    // On a machine that is busy the file may have been seen to rest before.
    let before = usize::from(answer["added"] == json!(["two"]));
    assert!(status == StatusCode::OK && (before == 1 || answer["added"] == json!(["three", "two"])), "{answer}");
    tokio::time::sleep(std::time::Duration::from_millis(1_600)).await;
    assert_eq!(host.log().matches("configuration taken").count(), 1 + before, "{}", host.log());
}

#[tokio::test]
async fn databases_statements_and_back_to_the_file() {
    let (config, admin) = Admin::of(lite(Config::new(), "one"));
    let mut host = Host::start(config).await;
    let client = host.client().await;
    let listener = Listener::default();
    let told = Client::listening(&host.url(), Era::Sessions, listener.clone()).await;

    let (status, answer) = admin.put("/admin/databases/two", hostile()).await;
    assert_eq!((status, &answer["added"]), (StatusCode::OK, &json!(["two"])), "{answer}");
    // Whoever has the answer finds the change.
    assert_eq!(ids(&client).await, ["one", "two"]);
    assert_eq!(client.query("two", "SELECT /* count */ 1").await.rows().len(), 1);
    let (status, answer) = admin.put("/admin/statements/answer", json!({"description": "The answer.", "sql": "SELECT 42"})).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(client.call("answer", json!({"database_id": "one"})).await.cell_text(), "42");
    let began = std::time::Instant::now();
    while listener.tools() == 0 || listener.resources() == 0 {
        assert!(began.elapsed() < super::TAKEN, "nobody was told");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    told.close().await;

    // One that the file has is replaced, and removed.
    let (_, answer) = admin.put("/admin/databases/one", hostile()).await;
    assert_eq!(answer["changed"], json!(["one"]), "{answer}");
    let (_, answer) = admin.delete("/admin/databases/one").await;
    assert_eq!(answer["removed"], json!(["one"]), "{answer}");
    assert_eq!(ids(&client).await, ["two"]);

    // The file's change doesn't undo what the administrator said.
    host.reconfigure(|config| config.put(&["databases", "three"], hostile()));
    logged(&host, "three", 1).await;
    assert_eq!(ids(&client).await, ["three", "two"]);
    let (_, answer) = admin.ask(Method::GET, "/admin/configuration", None).await;
    assert_eq!(answer["changes"]["databases"], json!({"one": "removed", "two": "put"}), "{answer}");
    assert_eq!(answer["changes"]["statements"], json!({"answer": "put"}), "{answer}");
    assert!(!answer.to_string().contains(SECRET), "{answer}");

    let (status, answer) = admin.delete("/admin/changes").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(ids(&client).await, ["one", "three"]);
    assert!(!host.log().contains(SECRET) && !host.log().contains(TOKEN), "{}", host.log());
}

#[tokio::test]
async fn what_is_wrong_changes_nothing() {
    let (config, admin) = Admin::of(lite(Config::new(), "one"));
    let host = Host::start(config).await;
    let client = host.client().await;
    for (path, body, word) in [
        ("/admin/databases/two", json!({"driver": "hostile", "host": "h", "prot": 1, "password": SECRET}), "prot"),
        ("/admin/databases/two", json!({"driver": "hostile"}), "host"),
        ("/admin/databases/two", json!({"driver": "hostile", "host": "h", "options": {"fault": 7}}), "fault"),
        ("/admin/databases/white%20space", hostile(), "white space"),
        ("/admin/databases/two", json!([]), "databases.two"),
        ("/admin/statements/query", json!({"description": "d", "sql": "SELECT 1"}), "query"),
        ("/admin/statements/mine", json!({"description": "d"}), "sql"),
        ("/admin/statements/mine", json!({"description": "d", "sql": "SELECT 1", "database_id": "nowhere"}), "nowhere"),
    ] {
        let (status, answer) = admin.put(path, body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {answer}");
        assert!(answer["error"]["message"].as_str().expect("words").contains(word), "{word}: {answer}");
        assert!(!answer.to_string().contains(SECRET), "{answer}");
        assert_eq!(ids(&client).await, ["one"]);
    }
    let twice = r#"{"driver": "hostile", "host": "h", "driver": "other"}"#;
    let request = admin.client.put(format!("{}/admin/databases/two", admin.url)).bearer_auth(TOKEN).body(twice);
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(answer.text().await.expect("a body").contains("driver: this key is here twice"));
    let (status, answer) = admin.delete("/admin/databases/nowhere").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{answer}");
    let (_, answer) = admin.ask(Method::GET, "/admin/configuration", None).await;
    assert_eq!(answer["changes"]["databases"], json!({}), "{answer}");
    assert!(!host.log().contains(SECRET), "{}", host.log());
}

/// It is taken, and the answer doesn't look as if it worked.
#[tokio::test]
async fn what_can_t_be_used_now_is_said() {
    let (config, admin) = Admin::of(lite(Config::new(), "one"));
    let host = Host::start(config).await;
    let mut entry = hostile();
    entry["driver"] = json!("hostiel");
    for (id, removed) in [("two", json!([])), ("one", json!(["one"]))] {
        let (status, answer) = admin.put(&format!("/admin/databases/{id}"), entry.clone()).await;
        assert_eq!((status, &answer["removed"]), (StatusCode::OK, &removed), "{answer}");
        assert!(answer["down"][id].as_str().expect("why").contains("there is no driver \"hostiel\""), "{answer}");
    }
    let (_, answer) = admin.put("/admin/databases/one", hostile()).await;
    assert_eq!(answer["down"], json!({}), "what was down before isn't this change's: {answer}");
    assert_eq!(ids(&host.client().await).await, ["one", "two"]);
}

#[tokio::test]
async fn a_reload_on_request() {
    let (config, admin) = Admin::of(lite(Config::new(), "one").set(&["reload"], json!({"watch": false})));
    let mut host = Host::start(config).await;
    host.reconfigure(|config| config.put(&["databases", "two"], hostile()));
    let (status, answer) = admin.ask(Method::POST, "/admin/reload", None).await;
    assert_eq!((status, &answer["added"]), (StatusCode::OK, &json!(["two"])), "{answer}");
    host.overwrite("databases: [");
    let (status, answer) = admin.ask(Method::POST, "/admin/reload", None).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    let (_, answer) = admin.ask(Method::GET, "/admin/configuration", None).await;
    assert!(answer["refused"]["reason"].is_string(), "{answer}");
    assert_eq!(ids(&host.client().await).await, ["one", "two"]);
}

#[tokio::test]
async fn changes_outlast_a_restart_where_they_are_kept() {
    let (config, admin) = Admin::of(lite(Config::new(), "one"));
    let kept = config.folder().join("changes.json");
    let config = config.set(&["admin", "changes_file"], json!(kept));
    let mut host = Host::start(config).await;
    let (status, answer) = admin.put("/admin/databases/two", hostile()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&kept).expect("it is kept").permissions());
    assert_eq!(mode & 0o077, 0, "it holds passwords: {mode:o}");
    let _ = host.stop().await;
    host.start_again().await;
    assert_eq!(ids(&host.client().await).await, ["one", "two"]);
    let (_, _) = admin.delete("/admin/changes").await;
    assert_eq!(ids(&host.client().await).await, ["one"]);
}
