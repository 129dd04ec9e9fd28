//! Programs of npm's packages for MCP, run by a real Node.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

use crate::environment;

/// A Node starts, connects and makes a few calls in this, on a busy machine. The conformance suite runs for longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a script of `tests/e2e/node/` with arguments; what it printed last, which has to be JSON. It finds the packages in the folder
/// that `BULKHEAD_TEST_NPM_MCP` names.
///
/// # Panics
/// If it fails, with what it said.
pub async fn run(script: &str, arguments: &[&str]) -> Value {
    let mut command = node(&Path::new(env!("CARGO_MANIFEST_DIR")).join("node").join(script));
    command.args(arguments).env("BULKHEAD_BIN", environment::binary());
    let output = finished(command, PATIENCE).await;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}: {}\n{stdout}\n{stderr}", output.status);
    let last = stdout.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|why| panic!("{script}: {why}: {stdout}"))
}

/// Runs a program of a package, by the file that its package calls it.
///
/// # Panics
/// If it doesn't start, or doesn't end in time.
pub async fn program(file: &str, arguments: &[&str], home: &Path, patience: Duration) -> Output {
    let mut command = node(&modules().join("node_modules").join(file));
    // What it keeps goes where the test's other files are.
    command.args(arguments).env("HOME", home).current_dir(home);
    finished(command, patience).await
}

fn node(script: &Path) -> Command {
    let mut command = Command::new(environment::wanted("BULKHEAD_TEST_NODE"));
    command.arg(script).env("NO_COLOR", "1").env("BULKHEAD_TEST_NPM_MCP", modules()).stdin(Stdio::null()).kill_on_drop(true);
    command
}

fn modules() -> PathBuf {
    PathBuf::from(environment::wanted("BULKHEAD_TEST_NPM_MCP"))
}

async fn finished(mut command: Command, patience: Duration) -> Output {
    tokio::time::timeout(patience, command.output()).await.expect("it ends").expect("it starts")
}
