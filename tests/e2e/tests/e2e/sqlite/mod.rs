//! The SQLite driver through the whole host, against the `sqlite3` command on the same files.

mod corpus;
mod escape;
mod locking;
mod query;
mod read_only;
mod round_trip;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bulkhead_tests::environment::wanted;
use bulkhead_tests::{Client, Config, Host};
use serde_json::Value;

/// What the `sqlite3` command prints.
pub(crate) fn command(file: &Path, sql: &str) -> String {
    command_with(file, &[], sql)
}

/// As `command`, with options before the file.
fn command_with(file: &Path, options: &[&str], sql: &str) -> String {
    let output = Command::new(wanted("BULKHEAD_TEST_SQLITE3"))
        .args(["-batch", "-bail", "-init", "/dev/null"])
        .args(options)
        .arg(file)
        .arg(sql)
        .stdin(Stdio::null())
        .output()
        .expect("sqlite3 starts");
    assert!(output.status.success(), "sqlite3 {sql}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.strip_suffix('\n').map(str::to_owned).unwrap_or(text)
}

/// A host with one database, `lite`, in a directory of its own.
struct Rig {
    directory: PathBuf,
    host: Host,
    client: Client,
}

impl Rig {
    /// The file `test.db` is made by `setup`, through the `sqlite3` command.
    async fn start(setup: &str) -> Rig {
        Rig::start_with(setup, &[]).await
    }

    async fn start_with(setup: &str, keys: &[(&[&str], Value)]) -> Rig {
        let config = Config::new();
        let directory = config.folder().join("data");
        std::fs::create_dir(&directory).expect("a directory");
        command(&directory.join("test.db"), &format!("PRAGMA user_version = 1; {setup}"));
        let mut config = config.sqlite("lite", &directory, "test.db");
        for (path, value) in keys {
            config = config.set(&[&["databases", "lite"], *path].concat(), value.clone());
        }
        let host = Host::start(config).await;
        let client = host.client().await;
        Rig { directory, host, client }
    }

    fn file(&self) -> PathBuf {
        self.directory.join("test.db")
    }

    async fn cell(&self, sql: &str) -> String {
        self.client.query("lite", sql).await.cell_text()
    }
}
