//! What a driver finds when it looks where it has no business: nothing.

use std::path::PathBuf;

use bulkhead_tests::{Config, HOSTILE_PASSWORD, Host, environment};
use serde_json::json;

#[tokio::test]
async fn the_environment_and_the_arguments_are_empty() {
    for fault in ["read-environment", "read-arguments"] {
        let config = Config::new().hostile("bad", json!({"fault": fault}));
        let host = Host::start_with(config, &[("PGPASSWORD", "from-the-environment")]).await;
        let found = host.client().await.query("bad", "SELECT 1").await.cell_text();
        assert_eq!(found, "", "{fault}");
    }
}

/// A database in files, whose driver would like to have more of them.
fn in_files(read_only: bool) -> (Config, PathBuf) {
    let path = environment::hostile_drivers().join("hostile-files.wasm");
    let config = Config::new();
    let directory = config.folder().join("data");
    std::fs::create_dir(&directory).expect("a directory");
    std::fs::write(directory.join("own.db"), "own").expect("a file");
    std::fs::write(config.folder().join("outside"), "outside").expect("a file");
    std::os::unix::fs::symlink(config.folder().join("outside"), directory.join("link")).expect("a link");
    std::os::unix::fs::symlink(config.folder(), directory.join("up")).expect("a link");
    std::os::unix::fs::symlink("/dev/zero", directory.join("zero")).expect("a link");
    let config = config
        .set(&["drivers", "settings", "hostile-files"], json!({"path": path}))
        .database("bad", json!({"driver": "hostile-files", "directory": directory, "read_only": false}))
        .set(&["databases", "bad", "read_only"], json!(read_only))
        .hostile("good", json!({}));
    (config, directory)
}

/// The standard library's files: there are none, whatever is asked for.
#[tokio::test]
async fn there_are_no_files() {
    let (config, _) = in_files(false);
    let host = Host::start(config).await;
    let client = host.client().await;
    for target in ["/etc/passwd", "own.db", "bulkhead.yaml", "../outside", "/proc/self/environ"] {
        let found = client.query("bad", &format!("std {target}")).await.cell_text();
        assert_eq!(found, "", "{target}");
    }
    assert!(!std::path::Path::new("/tmp/bulkhead-escape").exists());
}

/// The contract's files: one directory, and no way out of it by any spelling of a path.
#[tokio::test]
async fn the_directory_cannot_be_left() {
    let (config, directory) = in_files(false);
    let mut host = Host::start(config).await;
    let client = host.client().await;
    let outside = directory.join("../outside");
    for path in [
        "../outside",
        "./../outside",
        "sub/../../outside",
        "link",
        "up/outside",
        "up/bulkhead.yaml",
        "zero",
        "/etc/passwd",
        "//etc/passwd",
        "/proc/self/environ",
        "own.db\0../../outside",
        "..",
        ".",
        "",
        "C:\\windows",
        outside.to_str().expect("UTF-8"),
        &"../".repeat(40),
        &"x".repeat(100_000),
    ] {
        let answer = client.query("bad", &format!("escape {path}")).await;
        let got = answer.cell_text();
        // A name with a backslash is a name, and a link is the directory's own: it may go, what it leads to may not.
        let made = path == "C:\\windows" || (["link", "zero"].contains(&path) && got == "removed");
        assert!(got.is_empty() || made, "{path:?}: {got}");
    }
    assert_eq!(std::fs::read_to_string(outside).expect("it is still there"), "outside");
    assert!(host.is_running());
}

/// Of its own files, too, only as much as makes sense.
#[tokio::test]
async fn files_have_limits() {
    let (config, directory) = in_files(false);
    let mut host = Host::start(config).await;
    let client = host.client().await;
    let told = client.query("bad", "exhaust own.db").await.cell_text();
    let number = |of: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(of)).unwrap_or_else(|| panic!("{of}: {told}"));
        line.trim_start_matches(": ").parse::<u64>().expect("a number")
    };
    assert!(number("open at once") < 64 && number("temporary at once") < 64, "{told}");
    assert!(number("listed") < 10, "{told}");
    for line in told.lines().filter(|line| line.starts_with("write at") || line.starts_with("truncate to")) {
        assert!(!line.ends_with("done"), "{line}");
    }
    assert!(std::fs::metadata(directory.join("own.db")).expect("the file").len() < 1 << 20, "{told}");
    assert!(host.is_running(), "{}", host.log());
    assert_eq!(client.query("good", "SELECT 1").await.cell(), "SELECT 1");
}

/// A read-only database's directory isn't written, whatever its driver does.
#[tokio::test]
async fn a_read_only_directory_is_not_written() {
    let (config, directory) = in_files(true);
    let host = Host::start(config).await;
    let client = host.client().await;
    for path in ["own.db", "new.db"] {
        let got = client.query("bad", &format!("SELECT 'escape {path}'")).await.cell_text();
        for word in ["writing", "created", "removed"] {
            assert!(!got.contains(word), "{path}: {got}");
        }
        assert_eq!(got.contains("read"), path == "own.db", "reading is what it is for: {got}");
        let _ = client.query("bad", &format!("SELECT 'exhaust {path}'")).await;
    }
    assert_eq!(std::fs::read_to_string(directory.join("own.db")).expect("the file"), "own");
    assert!(!directory.join("new.db").exists());
}

/// A grant to one driver, by name: then, and only then, it sees the password.
#[tokio::test]
async fn reveal_is_granted_by_name() {
    let path = environment::hostile_drivers().join("hostile-reveal.wasm");
    let config = |grants: serde_json::Value| {
        Config::new()
            .set(&["drivers", "settings", "hostile-reveal"], json!({"path": path, "grants": grants}))
            .hostile("bad", json!({}))
            .set(&["databases", "bad", "driver"], json!("hostile-reveal"))
    };
    let host = Host::start(config(json!(["reveal-secrets"]))).await;
    assert_eq!(host.client().await.query("bad", "SELECT 1").await.cell(), HOSTILE_PASSWORD);
    assert!(!host.log().contains(HOSTILE_PASSWORD));

    let told = super::loading::refusal(config(json!([]))).await;
    assert!(told.contains("secrets-reveal"), "{told}");
}
