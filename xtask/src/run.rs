//! Child processes: run to the end, with an error that names the command.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use crate::guard::Guarded;

/// How often a child with a time limit is looked at: short against the seconds that such a child takes.
const POLL: Duration = Duration::from_millis(50);

/// Runs a command whose output people see.
pub(crate) fn visible(command: &mut Command) -> Result<()> {
    let status = Guarded::spawn(command, Signal::SIGTERM)?.wait()?;
    succeeded(command, status, "")
}

/// Runs a command quietly; its output is shown only when it fails.
pub(crate) fn quiet(command: &mut Command) -> Result<()> {
    output(command).map(drop)
}

/// Runs a command and gives what it wrote to stdout.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_start(command))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    succeeded(command, output.status, &format!("{}{}", stderr, if stderr.is_empty() { &stdout } else { "" }))?;
    Ok(stdout)
}

/// Runs a command quietly for at most `limit`; whether it succeeded. One that hangs is killed.
pub(crate) fn succeeds_within(command: &mut Command, limit: Duration) -> Result<bool> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| cannot_start(command))?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        std::thread::sleep(POLL);
    }
}

/// Whether a program of that name can be found through PATH.
pub(crate) fn exists(program: &str) -> bool {
    found(program).is_some()
}

/// The file of a program that PATH leads to.
pub(crate) fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`", command.get_program().display())
}

fn succeeded(command: &Command, status: ExitStatus, said: &str) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    let line = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ");
    match said.trim() {
        "" => bail!("`{line}` failed ({status})"),
        said => bail!("`{line}` failed ({status}):\n{said}"),
    }
}
