//! The client of PyPI's `mcp`, run by a real Python.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

use crate::environment;

/// A Python starts, connects and makes a few calls in this, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a script of `tests/python/` with arguments; what it printed last, which has to be JSON.
///
/// # Panics
/// If it fails, with what it said.
pub async fn run(script: &str, arguments: &[&str]) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(script);
    let run = Command::new(environment::python())
        .arg(file)
        .args(arguments)
        .env("BULKHEAD_BIN", environment::binary())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, run).await.expect("python ends").expect("python starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{script}: {}\n{stdout}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    let last = stdout.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|why| panic!("{script}: {why}: {stdout}"))
}
