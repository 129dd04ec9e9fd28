//! What is configured changes while the host runs.

mod admin;
mod connections;
mod drivers;
mod missing;
mod notices;
mod reload;

use std::time::{Duration, Instant};

use bulkhead_tests::{Client, Config, Host};
use serde_json::json;

/// A change is taken in this, on a busy machine: files are looked at twice a second, have to look the same twice, and a driver is compiled.
const TAKEN: Duration = Duration::from_secs(60);

/// A configuration with an empty SQLite database of this id.
fn lite(config: Config, id: &str) -> Config {
    let folder = config.folder().join(id);
    std::fs::create_dir_all(&folder).expect("a folder");
    config.sqlite(id, &folder, "lite.db").set(&["databases", id, "options"], json!({"create": true}))
}

/// The ids that `list_databases` gives.
async fn ids(client: &Client) -> Vec<String> {
    let answer = client.call("list_databases", json!({})).await.ok();
    let databases = answer.structured()["databases"].as_array().expect("databases").clone();
    databases.iter().map(|database| database["database_id"].as_str().expect("an id").to_owned()).collect()
}

/// Waits until the host's log has a text so often.
async fn logged(host: &Host, text: &str, times: usize) {
    let began = Instant::now();
    while host.log().matches(text).count() < times {
        assert!(began.elapsed() < TAKEN, "waited for {text:?}, {times} times:\n{}", host.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
