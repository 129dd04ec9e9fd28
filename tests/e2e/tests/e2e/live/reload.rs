//! The configuration's file: taken whole or not at all, and what runs finishes.

use std::time::Duration;

use bulkhead_tests::postgres::{Server, wait_until};
use bulkhead_tests::{Config, Era, Host, environment};
use serde_json::json;

use super::{TAKEN, ids, lite, logged};

#[tokio::test]
async fn databases_come_change_and_go() {
    let mut host = Host::start(lite(Config::new(), "one")).await;
    let client = host.client().await;
    assert_eq!(ids(&client).await, ["one"]);

    let two = host.folder().join("two");
    std::fs::create_dir(&two).expect("a folder");
    host.reconfigure(|config| {
        config.put(
            &["databases", "two"],
            json!({"driver": "sqlite", "directory": two, "catalog": "a.db", "options": {"create": true}}),
        );
    });
    logged(&host, "configuration taken", 1).await;
    assert_eq!(ids(&client).await, ["one", "two"]);
    let _ = client.query("two", "CREATE TABLE t (a)").await.ok();

    host.reconfigure(|config| config.put(&["databases", "two", "read_only"], json!(true)));
    logged(&host, "configuration taken", 2).await;
    assert_eq!(client.query("two", "INSERT INTO t VALUES (1)").await.error()["kind"], "read-only");
    assert_eq!(client.query("two", "SELECT count(*) FROM t").await.cell_text(), "0");

    host.reconfigure(|config| config.remove(&["databases"], "two"));
    logged(&host, "configuration taken", 3).await;
    let gone = client.query("two", "SELECT 1").await;
    assert!(gone.error()["message"].as_str().expect("words").contains("no database"), "{}", gone.raw());
    assert_eq!(client.query("one", "SELECT 1").await.cell_text(), "1");
}

#[tokio::test]
async fn a_file_that_is_wrong_changes_nothing() {
    let mut host = Host::start(lite(Config::new(), "one")).await;
    let client = host.client().await;
    for (count, text) in
        ["databases: [", "databases: {one: {driver: sqlite, directory: ., prot: 1}}", "", "databases: {}\nsurprise: 1"]
            .into_iter()
            .enumerate()
    {
        host.overwrite(text);
        logged(&host, "configuration refused", count + 1).await;
        assert_eq!(ids(&client).await, ["one"], "{text}");
        assert_eq!(client.query("one", "SELECT 1").await.cell_text(), "1", "{text}");
    }
    // One of two entries is wrong: the other isn't taken either.
    host.reconfigure(|config| {
        config.put(&["databases", "good"], json!({"driver": "hostile", "host": "127.0.0.1"}));
        config.put(&["databases", "bad"], json!({"driver": "hostile", "host": "127.0.0.1", "options": {"fault": 7}}));
    });
    logged(&host, "databases.bad", 1).await;
    assert_eq!(ids(&client).await, ["one"]);
    // And the health says that what is on disk isn't what runs.
    let health = client.call("health_check", json!({})).await;
    assert!(health.structured()["configuration"]["refused"].as_str().expect("why").contains("databases.bad"), "{}", health.raw());
    host.reconfigure(|config| config.remove(&["databases"], "bad"));
    logged(&host, "configuration taken", 1).await;
    assert_eq!(ids(&client).await, ["good", "one"]);
    let health = client.call("health_check", json!({"database_id": "one"})).await;
    assert!(health.structured()["configuration"]["refused"].is_null(), "{}", health.raw());
}

#[tokio::test]
async fn on_sighup_alone_where_files_are_not_watched() {
    let mut host = Host::start(lite(Config::new(), "one").set(&["reload"], json!({"watch": false}))).await;
    let client = host.client().await;
    host.reconfigure(|config| config.put(&["databases", "two"], json!({"driver": "hostile", "host": "127.0.0.1"})));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(ids(&client).await, ["one"]);
    host.hang_up();
    logged(&host, "configuration taken", 1).await;
    assert_eq!(ids(&client).await, ["one", "two"]);
}

/// SIGHUP, which takes it before it is seen to have changed.
#[tokio::test]
async fn a_change_is_read_once_whoever_says_so() {
    let mut host = Host::start(lite(Config::new(), "one")).await;
    let client = host.client().await;
    for round in 1..=3_usize {
        host.reconfigure(|config| {
            config.put(&["databases", "two"], json!({"driver": "hostile", "host": "127.0.0.1", "max_rows": round}))
        });
        host.hang_up();
        logged(&host, "configuration taken", round).await;
        // Longer than a file that changed takes to be seen at rest.
        tokio::time::sleep(Duration::from_millis(1_600)).await;
        assert_eq!(host.log().matches("configuration taken").count(), round, "{}", host.log());
    }
    assert_eq!(ids(&client).await, ["one", "two"]);
    // A wrong one is said once, too.
    host.overwrite("databases: [");
    host.hang_up();
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    assert_eq!(host.log().matches("configuration refused").count(), 1, "{}", host.log());
}

/// It would end a process that doesn't look at it yet. Drivers that aren't in the cache are compiled, which takes its time.
#[tokio::test]
async fn a_hangup_while_it_starts_ends_nothing() {
    use nix::sys::signal::{Signal, kill};
    let cache = tempfile::tempdir().expect("a folder");
    let config = lite(Config::new(), "one")
        .database("pg", json!({"driver": "postgres", "host": "127.0.0.1", "port": 9}))
        .set(&["drivers", "cache"], json!(cache.path()));
    let (file, log) = (config.write(), config.folder().join("starting.log"));
    let mut child = tokio::process::Command::new(environment::binary())
        .args([std::ffi::OsStr::new("serve"), std::ffi::OsStr::new("--config"), file.as_os_str()])
        .stderr(std::fs::File::create(&log).expect("a log"))
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id().expect("a pid")).expect("a pid"));
    let logged = |text: &str| std::fs::read_to_string(&log).expect("the log").contains(text);
    wait_until("the first driver is loaded", TAKEN, || logged("driver loaded")).await;
    kill(pid, Signal::SIGHUP).expect("it runs");
    wait_until("the configuration is read anew", TAKEN, || logged("SIGHUP") && logged("configuration taken")).await;
    assert!(child.try_wait().expect("its state").is_none());
}

/// Neither its content nor its time tells: what others may do with it alone.
#[tokio::test]
async fn a_file_that_comes_to_be_another_s_is_looked_at() {
    let host = Host::start(lite(Config::new(), "one")).await;
    let file = host.folder().join("bulkhead.yaml");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o640)).expect("its mode");
    logged(&host, "configuration taken", 1).await;
}

#[tokio::test]
async fn saved_statements_and_tools_follow() {
    let mut host = Host::start(lite(Config::new(), "one")).await;
    let client = host.client().await;
    host.reconfigure(|config| {
        config.put(&["statements", "answer"], json!({"description": "The answer.", "sql": "SELECT 42"}));
        config.put(&["server", "toolsets"], json!(["administration"]));
        config.put(&["server", "tools"], json!({"explain": false}));
    });
    logged(&host, "configuration taken", 1).await;
    assert_eq!(client.call("answer", json!({})).await.cell_text(), "42");
    let tools: Vec<String> = client.tools().await.into_iter().map(|tool| tool.name.into_owned()).collect();
    assert!(tools.contains(&"answer".to_owned()) && tools.contains(&"server_info".to_owned()), "{tools:?}");
    assert!(!tools.contains(&"explain".to_owned()), "{tools:?}");
    // A name that is taken is refused, and nothing changes.
    host.reconfigure(|config| config.put(&["statements", "query"], json!({"description": "d", "sql": "SELECT 1"})));
    logged(&host, "statements.query", 1).await;
    assert_eq!(client.call("answer", json!({})).await.cell_text(), "42");
}

#[tokio::test]
async fn what_runs_finishes_and_what_comes_finds_the_new_entry() {
    let server = Server::from_environment();
    let role = server.role("draining");
    let config = Config::new().database("pg", server.entry(&role)).set(&["server", "toolsets"], json!(["transactions"]));
    let mut host = Host::start(config).await;
    let (client, other) = (host.client().await, host.client().await);
    let _ = client.query("pg", "CREATE TABLE t (a int)").await.ok();
    let began = client.call("begin_transaction", json!({"database_id": "pg"})).await.ok();
    let transaction = began.structured()["transaction"].as_str().expect("a handle").to_owned();
    let _ = client.call("query", json!({"transaction": transaction, "sql": "INSERT INTO t VALUES (1)"})).await.ok();

    let sleeping = tokio::spawn(async move { other.query("pg", "SELECT 'slept' FROM pg_sleep(4)").await });
    wait_until("the statement runs", TAKEN, || server.running(&role, "pg_sleep") == 1).await;
    host.reconfigure(|config| config.put(&["databases", "pg", "read_only"], json!(true)));
    logged(&host, "configuration taken", 1).await;

    // New calls see the new entry while the old call still runs.
    assert_eq!(client.query("pg", "INSERT INTO t VALUES (3)").await.error()["kind"], "read-only");
    assert_eq!(server.running(&role, "pg_sleep"), 1);
    assert_eq!(sleeping.await.expect("the call").cell_text(), "slept");
    // And the transaction goes on where it began.
    let _ = client.call("query", json!({"transaction": transaction, "sql": "INSERT INTO t VALUES (2)"})).await.ok();
    assert!(!host.log().contains("drained"), "a transaction is open");
    let _ = client.call("commit", json!({"transaction": transaction})).await.ok();
    logged(&host, "drained", 1).await;
    assert_eq!(client.query("pg", "SELECT count(*) FROM t").await.cell_text(), "2");
    wait_until("one connection is left", TAKEN, || server.backends(&role) == 1).await;

    // Removed, all of them go.
    host.reconfigure(|config| config.remove(&["databases"], "pg"));
    wait_until("no connection is left", TAKEN, || server.backends(&role) == 0).await;
}

#[tokio::test]
async fn a_session_whose_database_is_gone_is_told_so() {
    let mut host = Host::start(lite(lite(Config::new(), "one"), "two")).await;
    let client = bulkhead_tests::Client::http(&host.url(), Era::Sessions).await;
    let _ = client.call("use_database", json!({"database_id": "two"})).await.ok();
    assert_eq!(client.call("query", json!({"sql": "SELECT 1"})).await.cell_text(), "1");
    host.reconfigure(|config| config.remove(&["databases"], "two"));
    logged(&host, "configuration taken", 1).await;
    let gone = client.call("query", json!({"sql": "SELECT 1"})).await;
    assert!(gone.error()["message"].as_str().expect("words").contains("\"two\""), "{}", gone.raw());
    let _ = client.call("use_database", json!({"database_id": "one"})).await.ok();
    assert_eq!(client.call("query", json!({"sql": "SELECT 1"})).await.cell_text(), "1");
}

#[tokio::test]
async fn what_needs_a_restart_is_named() {
    let mut host = Host::start(lite(Config::new(), "one")).await;
    host.reconfigure(|config| {
        config.put(&["server", "path"], json!("/other"));
        config.put(&["connections"], json!({"max": 7}));
        config.put(&["admin"], json!({"listen": "127.0.0.1:1", "token": "plain:0123456789abcdef0123456789abcdef"}));
    });
    for key in ["server.path", "connections.max", "admin"] {
        logged(&host, key, 1).await;
    }
    assert_eq!(host.client().await.query("one", "SELECT 1").await.cell_text(), "1");
}

#[tokio::test]
async fn a_hundred_changes_leave_nothing_behind() {
    let server = Server::from_environment();
    let role = server.role("changing");
    let mut host = Host::start(Config::new().database("pg", server.entry(&role)).set(&["reload"], json!({"watch": false}))).await;
    let client = host.client().await;
    assert_eq!(client.query("pg", "SELECT 1").await.cell_text(), "1");
    let files = host.open_files();
    for round in 1..=100_usize {
        host.reconfigure(|config| config.put(&["databases", "pg", "max_rows"], json!(round)));
        host.hang_up();
        logged(&host, "configuration taken", round).await;
        assert_eq!(client.query("pg", "SELECT 1").await.cell_text(), "1");
    }
    logged(&host, "drained", 100).await;
    wait_until("one connection is left", TAKEN, || server.backends(&role) == 1).await;
    assert!(host.open_files() <= files + 2, "{} open files, {files} before", host.open_files());
}
