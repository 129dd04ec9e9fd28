//! Drivers on disk: replaced, broken, dropped in.

use std::path::Path;

use bulkhead_tests::{Config, Host, environment};
use serde_json::json;

use super::{ids, lite, logged};

/// A driver that does as the other does, and is another file: with a section that says nothing.
fn changed(driver: &[u8], with: u8) -> Vec<u8> {
    // A custom section (0) of three bytes: a name of one byte, and one of content.
    [driver, &[0, 3, 1, b'x', with]].concat()
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let (file, new) = (folder.join(name), folder.join("new"));
    std::fs::write(&new, bytes).expect("the driver is written");
    std::fs::rename(&new, &file).expect("the driver is put in its place");
}

/// A configuration whose drivers are in a folder of its own, with that of SQLite.
fn config() -> (Config, Vec<u8>) {
    let config = Config::new();
    let folder = config.folder().join("drivers");
    std::fs::create_dir(&folder).expect("a folder");
    let driver = std::fs::read(environment::drivers().join("sqlite.wasm")).expect("the driver");
    put(&folder, "sqlite.wasm", &driver);
    (config.set(&["drivers", "folder"], json!(folder)), driver)
}

#[tokio::test]
async fn a_replaced_one_is_for_new_connections() {
    let (config, driver) = config();
    let config = lite(config, "one").set(&["server", "toolsets"], json!(["transactions"]));
    let host = Host::start(config).await;
    let folder = host.folder().join("drivers");
    let client = host.client().await;
    let _ = client.query("one", "CREATE TABLE t (a)").await.ok();
    let began = client.call("begin_transaction", json!({"database_id": "one"})).await.ok();
    let transaction = began.structured()["transaction"].clone();
    let _ = client.call("query", json!({"transaction": transaction, "sql": "INSERT INTO t VALUES (1)"})).await.ok();

    put(&folder, "sqlite.wasm", &changed(&driver, 1));
    logged(&host, "driver loaded", 2).await;
    logged(&host, "configuration taken", 1).await;
    // What was begun with the old one ends with it.
    assert!(!host.log().contains("drained"));
    let _ = client.call("commit", json!({"transaction": transaction})).await.ok();
    logged(&host, "drained", 1).await;
    assert_eq!(client.query("one", "SELECT count(*) FROM t").await.cell_text(), "1");
}

#[tokio::test]
async fn a_bad_one_is_refused_and_the_old_one_stays() {
    let (config, driver) = config();
    let host = Host::start(lite(config, "one")).await;
    let folder = host.folder().join("drivers");
    let client = host.client().await;
    let half = &driver[..driver.len() / 2];
    // A core module that is valid, and no component.
    let module = [0, b'a', b's', b'm', 1, 0, 0, 0];
    for (count, bytes) in [&b"no driver"[..], half, &module, b""].into_iter().enumerate() {
        put(&folder, "sqlite.wasm", bytes);
        logged(&host, "what was loaded stays", count + 1).await;
        assert_eq!(client.query("one", "SELECT 1").await.cell_text(), "1");
    }
    std::fs::remove_file(folder.join("sqlite.wasm")).expect("it was there");
    logged(&host, "what was loaded stays", 5).await;
    assert_eq!(client.query("one", "SELECT 1").await.cell_text(), "1");
    put(&folder, "sqlite.wasm", &changed(&driver, 2));
    logged(&host, "driver loaded", 2).await;
    assert_eq!(client.query("one", "SELECT 1").await.cell_text(), "1");
    assert_eq!(host.log().matches("what was loaded stays").count(), 5, "each is said once:\n{}", host.log());
}

#[tokio::test]
async fn a_good_one_does_not_hide_that_the_file_is_wrong() {
    let (config, driver) = config();
    let host = Host::start(lite(config, "one")).await;
    let client = host.client().await;
    host.overwrite("databases: [");
    logged(&host, "configuration refused", 1).await;
    put(&host.folder().join("drivers"), "sqlite.wasm", &changed(&driver, 4));
    logged(&host, "configuration taken", 1).await;
    let health = client.call("health_check", json!({})).await;
    assert!(health.structured()["configuration"]["refused"].is_string(), "{}", health.raw());
}

#[tokio::test]
async fn one_that_does_not_fit_its_pin_is_not_loaded() {
    let (config, driver) = config();
    let hex: String = sha256(&driver);
    let config = lite(config, "one").set(&["drivers", "settings", "sqlite"], json!({"sha256": hex}));
    let host = Host::start(config).await;
    let client = host.client().await;
    put(&host.folder().join("drivers"), "sqlite.wasm", &changed(&driver, 3));
    logged(&host, "what was loaded stays", 1).await;
    assert!(host.log().contains("pinned"), "{}", host.log());
    assert_eq!(client.query("one", "SELECT 1").await.cell_text(), "1");
}

#[tokio::test]
async fn a_new_one_needs_no_restart() {
    let (config, _) = config();
    let mut host = Host::start(lite(config, "one")).await;
    let client = host.client().await;
    // The entry comes first: it is down, and says what is missing.
    host.reconfigure(|config| {
        config.put(&["databases", "pg"], json!({"driver": "fresh", "host": "127.0.0.1", "tls": {"mode": "off"}}));
    });
    logged(&host, "configuration taken", 1).await;
    assert_eq!(ids(&client).await, ["one", "pg"]);
    let down = client.query("pg", "SELECT 1").await;
    assert!(down.error()["message"].as_str().expect("words").contains("no driver \"fresh\""), "{}", down.raw());
    // Then its driver is dropped into the folder.
    let hostile = std::fs::read(environment::hostile_drivers().join("hostile.wasm")).expect("the driver");
    put(&host.folder().join("drivers"), "fresh.wasm", &hostile);
    logged(&host, "configuration taken", 2).await;
    let answer = client.query("pg", "SELECT /* count */ 1").await;
    assert_eq!(answer.rows().len(), 1, "{}", answer.raw());
    assert_eq!(host.log().matches("drained").count(), 0);
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
