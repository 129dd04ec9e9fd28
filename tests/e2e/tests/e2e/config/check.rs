//! `bulkhead config check`, `schema` and `init`.

use std::process::Output;

use bulkhead_tests::{Config, environment};
use serde_json::{Value, json};

pub(super) async fn bulkhead(arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let child = tokio::process::Command::new(environment::binary())
        .args(arguments)
        .env("NO_COLOR", "1")
        .envs(variables.iter().copied())
        .kill_on_drop(true)
        .output();
    let Output { status, stdout, stderr } =
        tokio::time::timeout(std::time::Duration::from_secs(60), child).await.expect("it ends").expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("a code"), text(stdout), text(stderr))
}

/// Mistakes of every kind, and a password that is nowhere to be seen.
const MISTAKES: &str = "server:
  listen: nowhere
  sessions: {max_cursors: -1}
databases:
  app:
    drivr: postgres
    host: db
    prot: 5432
    password: hunter22
    tls: {mode: hunter22}
    pool: {max: many, idle_timeout: hunter22}
  shop:
    driver: sqlite
    directory: ./data
    catalog: shop.db
    catalog: other.db
    pool: {max: 0}
default_database: nothing
hunter22: 1
";

#[tokio::test]
async fn all_mistakes_at_once_each_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mistakes.yaml");
    std::fs::write(&file, MISTAKES).expect("a file");
    let path = file.to_str().expect("UTF-8");
    let (code, out, told) = bulkhead(&["config", "check", "--config", path], &[]).await;
    assert_eq!(code, 2, "{out}{told}");
    for line in [
        format!("error: {path}:2:11: server.listen: an address and a port are wanted"),
        format!("error: {path}:3:27: server.sessions.max_cursors: a number from 0 on is wanted"),
        format!("error: {path}:6:5: databases.app.drivr: this key isn't known; `driver` may be meant"),
        format!("error: {path}:8:5: databases.app.prot: this key isn't known; `port` may be meant"),
        format!("error: {path}:10:17: databases.app.tls.mode: one of these is wanted: verify-full"),
        format!("error: {path}:11:17: databases.app.pool.max: a whole number, without quotes is wanted"),
        format!("error: {path}:11:37: databases.app.pool.idle_timeout: a duration is wanted"),
        format!("error: {path}:16:5: databases.shop.catalog: this key is here twice; first at {path}:15:5"),
        format!("error: {path}:17:17: databases.shop.pool.max: must be at least 1"),
        format!("error: {path}:18:19: default_database: there is no database"),
    ] {
        assert!(told.contains(&line), "{line}\nin\n{told}");
    }
    assert_eq!(told.matches("error: ").count(), 11, "one for each mistake: {told}");
    // As a key it is repeated: it could be nothing else.
    assert_eq!(told.matches("hunter22").count(), 1, "{told}");
    assert!(out.contains("it can't be used: "), "{out}");

    let (code, out, _) = bulkhead(&["config", "check", "--json", "--config", path], &[]).await;
    let found: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(code, 2);
    let port = found["errors"].as_array().expect("errors").iter().find(|fault| fault["key"] == "databases.app.prot").expect("it");
    assert_eq!((port["line"].as_u64(), port["column"].as_u64(), port["file"].as_str()), (Some(8), Some(5), Some(path)));

    // Those that start something say the same.
    for verb in ["serve", "stdio", "query"] {
        let more: &[&str] = if verb == "query" { &["SELECT 1"] } else { &[] };
        let (code, _, told) = bulkhead(&[&[verb, "--config", path], more].concat(), &[]).await;
        assert_eq!(code, 2, "{verb}: {told}");
        assert!(told.contains(&format!("{path}:8:5: databases.app.prot")) && told.contains(":18:19"), "{verb}: {told}");
    }
}

#[tokio::test]
async fn what_is_good_but_not_yet_there_is_a_warning() {
    let entry = |password: &str| json!({"driver": "postgres", "host": "db.example.com", "user": "u", "password": password});
    let config = Config::new()
        .database("plain", entry("hunter22"))
        .database("unset", entry("env:BULKHEAD_TEST_NOT_SET"))
        .database("gone", entry("file:nowhere"))
        .database("fine", entry("env:BULKHEAD_TEST_SET"))
        .database("driverless", json!({"driver": "postgrse", "host": "h"}));
    let file = config.write();
    let path = file.to_str().expect("UTF-8");
    let (code, out, told) = bulkhead(&["config", "check", "--config", path], &[("BULKHEAD_TEST_SET", "x")]).await;
    assert_eq!(code, 0, "{out}{told}");
    for word in [
        "databases.plain.password: it stands in the file itself",
        "databases.unset.password: the environment variable BULKHEAD_TEST_NOT_SET",
        "databases.gone.password: the secret's file",
        "databases.driverless: there is no driver \"postgrse\"",
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert!(!told.contains("databases.fine") && !told.contains("hunter22"), "{told}");
}

/// A driver's own options are held against its schema, where drivers may be loaded.
#[tokio::test]
async fn options_of_drivers() {
    let entry = json!({"driver": "postgres", "host": "h", "user": "u", "options": {"statement_cache_size": "many"}});
    let config = Config::new().database("a", entry.clone()).database("b", entry);
    let file = config.write();
    let path = file.to_str().expect("UTF-8");
    let (code, _, told) = bulkhead(&["config", "check", "--config", path], &[]).await;
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("databases.a.options.statement_cache_size") && told.contains("databases.b.options"), "{told}");
    let (code, _, told) = bulkhead(&["config", "check", "--no-drivers", "--config", path], &[]).await;
    assert_eq!(code, 0, "{told}");
}

#[tokio::test]
async fn the_example_is_good_and_never_written_over_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bulkhead.yaml");
    let path = file.to_str().expect("UTF-8");
    let (code, _, told) = bulkhead(&["config", "init", path], &[]).await;
    assert_eq!(code, 0, "{told}");
    let (code, out, told) = bulkhead(&["config", "check", "--no-drivers", "--config", path], &[("APP_PASSWORD", "x")]).await;
    assert_eq!((code, out.as_str(), told.as_str()), (0, "it can be used: 0 errors, 0 warnings\n", ""));
    std::fs::write(&file, "mine").expect("a file");
    let (code, _, told) = bulkhead(&["config", "init", path], &[]).await;
    assert!(code != 0 && told.contains("--force"), "{told}");
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), "mine");
    let (code, out, _) = bulkhead(&["config", "init", "-"], &[]).await;
    assert!(code == 0 && out.contains("databases:"));
    assert_eq!(bulkhead(&["config", "init", "--force", path], &[]).await.0, 0);
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), out);
}

#[tokio::test]
async fn the_schema_is_one() {
    let (code, out, _) = bulkhead(&["config", "schema"], &[]).await;
    let schema: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &schema["$schema"]), (0, &json!("https://json-schema.org/draft/2020-12/schema")));
    assert_eq!(schema["properties"]["databases"]["type"], "object");
}

/// A policy's mistakes, in one by name and in entries: every one, with its place; and tools that there aren't.
#[tokio::test]
async fn every_mistake_of_policies() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("policies.yaml");
    let path = file.to_str().expect("UTF-8");
    let text = "policies:
  one:
    max_rows: 0
    tables: [fine, '', also.fine, '']
    reed_only: true
  two: {deny_tables: [''], statement_timeout: soon}
databases:
  a: {driver: sqlite, directory: ., catalog: a.db, policy: three}
  b: {driver: sqlite, directory: ., catalog: b.db, max_rows: 5, read_only: true, policy: {max_rows: 7, read_only: true}}
";
    std::fs::write(&file, text).expect("a file");
    let (code, out, told) = bulkhead(&["config", "check", "--config", path], &[]).await;
    assert_eq!(code, 2, "{out}{told}");
    for line in [
        "3:15: policies.one.max_rows: must be at least 1",
        "4:20: policies.one.tables[1]: \"\" is no name",
        "4:35: policies.one.tables[3]: \"\" is no name",
        "5:5: policies.one.reed_only: this key isn't known; `read_only` may be meant",
        "6:23: policies.two.deny_tables[0]: \"\" is no name",
        "6:47: policies.two.statement_timeout: a duration is wanted",
        "8:60: databases.a.policy: there is no policy \"three\"; there are: one, two",
        "9:62: databases.b.max_rows: is also in databases.b.policy.max_rows",
        "9:76: databases.b.read_only: is also in databases.b.policy.read_only",
    ] {
        assert!(told.contains(&format!("error: {path}:{line}")), "{line}\nin\n{told}");
    }
    assert_eq!(told.matches("error: ").count(), 9, "one for each mistake: {told}");

    let text = "policies:
  one: {tools: [query, quarry]}
server:
  tools: {lost_tables: false}
databases:
  a: {driver: sqlite, directory: ., catalog: a.db, policy: one}
  b: {driver: sqlite, directory: ., catalog: b.db, policy: {tools: {explian: false}}}
";
    std::fs::write(&file, text).expect("a file");
    let (code, out, told) = bulkhead(&["config", "check", "--config", path], &[]).await;
    assert_eq!(code, 2, "{out}{told}");
    for line in [
        "4:24: server.tools.lost_tables: there is no tool of that name",
        "6:60: databases.a.policy.tools: there is no tool \"quarry\"",
        "7:68: databases.b.policy.tools: there is no tool \"explian\"",
    ] {
        assert!(told.contains(&format!("error: {path}:{line}")), "{line}\nin\n{told}");
    }
    assert_eq!(told.matches("error: ").count(), 3, "{told}");
}

/// Three hundred tenants without their driver's folder, three hundred with options that their driver doesn't have, and four hundred that are well.
#[tokio::test]
async fn a_thousand_databases_of_which_many_are_wrong_stay_readable() {
    let config = Config::new();
    let folder = config.folder().join("tenants");
    std::fs::create_dir(&folder).expect("a folder");
    let entries = |wrong: &Value| {
        let entry = |at: usize| match at {
            0..300 => json!({"driver": "sqlite", "directory": config.folder().join("missing"), "catalog": "a.db"}),
            300..600 => wrong.clone(),
            _ => json!({"driver": "sqlite", "directory": folder, "catalog": "a.db"}),
        };
        (0..1_000).map(|at| (format!("t{at:04}"), entry(at))).collect::<serde_json::Map<_, _>>()
    };
    let options = json!({"driver": "sqlite", "directory": folder, "catalog": "a.db", "options": {"surprise": true}});
    let config_of = |wrong: &Value| Config::new().set(&["databases"], entries(wrong).into());
    let many = config_of(&options);
    let file = many.write();
    let path = file.to_str().expect("UTF-8");
    let (code, out, told) = bulkhead(&["config", "check", "--config", path], &[]).await;
    assert_eq!((code, out.as_str()), (2, "it can't be used: 300 errors, 300 warnings\n"), "{told}");
    assert_eq!(told.lines().count(), 600, "each once: {told}");
    let (code, _, told) = bulkhead(&["serve", "--config", path], &[]).await;
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("databases.t0300, t0301, t0302, t0303, t0304 and 295 more: options"), "{told}");
    assert!(told.lines().count() < 30 && told.len() < 10_000, "{told}");
    // Wrong in themselves: as many as are read at a glance.
    let many = config_of(&json!({"driver": "sqlite", "directory": folder, "descripton": "a"}));
    let file = many.write();
    let path = file.to_str().expect("UTF-8");
    let (code, out, told) = bulkhead(&["config", "check", "--config", path], &[]).await;
    assert_eq!((code, told.lines().count()), (2, 300), "{out}{told}");
    let (code, _, told) = bulkhead(&["serve", "--config", path], &[]).await;
    assert!(code == 2 && told.contains("280 more") && told.lines().count() < 25, "{told}");
}

/// As others' `| head` does.
#[tokio::test]
async fn nobody_need_read_to_the_end() {
    let entries = (0..2_000).map(|at| (format!("t{at}"), json!({"drivr": "sqlite"}))).collect::<serde_json::Map<_, _>>();
    let many = Config::new().set(&["databases"], entries.into());
    let file = many.write();
    let command = format!(
        "{} config check --config {} 2>&1 >/dev/null | head -1; echo ${{PIPESTATUS[0]}}",
        environment::binary().display(),
        file.display()
    );
    let output = tokio::process::Command::new("bash").args(["-c", &command]).output().await.expect("bash");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("drivr") && text.ends_with("\n2\n"), "{text}");
}

/// A pipe would be waited for, and is empty when it is read again.
#[tokio::test]
async fn what_is_no_file_is_said_to_be_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pipe, empty) = (folder.path().join("pipe.yaml"), folder.path().join("empty.yaml"));
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).expect("a pipe");
    std::fs::write(&empty, "# nothing yet\n").expect("a file");
    for (path, word) in [(&pipe, "regular file"), (&empty, "config init"), (&folder.path().to_owned(), "directory")] {
        let (code, _, told) = bulkhead(&["config", "check", "--config", path.to_str().expect("UTF-8")], &[]).await;
        assert!(code == 2 && told.contains(word), "{told}");
    }
}
