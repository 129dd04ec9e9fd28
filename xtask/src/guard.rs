//! Servers that end with us: on return, on an error, on Ctrl-C or SIGTERM, and, through `setpriv --pdeathsig`, when we
//! are killed outright.
//!
//! A signal runs no destructor, so what is to be stopped and removed is kept in one list that the signal's
//! handler works off. Processes are ended by the ids that we were given when we started them, never by name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A server that doesn't end by itself in this time is killed.
const GRACE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);
/// What a shell shows for a command that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

static RUNNING: Mutex<BTreeMap<i32, Signal>> = Mutex::new(BTreeMap::new());
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Stops everything and exits when a signal comes. Called once, before anything is started.
pub(crate) fn on_signals() -> Result<()> {
    ctrlc::set_handler(|| {
        for (pid, signal) in held(&RUNNING).clone() {
            end(Pid::from_raw(pid), signal, || gone(Pid::from_raw(pid)));
        }
        for folder in held(&FOLDERS).drain(..) {
            let _ = std::fs::remove_dir_all(folder);
        }
        std::process::exit(INTERRUPTED);
    })
    .context("cannot handle signals")
}

/// A child process that is ended when this is dropped.
pub(crate) struct Guarded {
    child: Child,
    pid: Pid,
    signal: Signal,
}

impl Guarded {
    /// Starts `command`, to be ended by `signal`.
    pub(crate) fn spawn(command: &mut Command, signal: Signal) -> Result<Self> {
        let child = command.spawn().with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
        let pid = Pid::from_raw(i32::try_from(child.id()).context("a process id out of range")?);
        held(&RUNNING).insert(pid.as_raw(), signal);
        Ok(Self { child, pid, signal })
    }

    /// The process's id.
    pub(crate) fn id(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Its stdout and stderr, when both were piped. Given once.
    pub(crate) fn outputs(&mut self) -> Option<(ChildStdout, ChildStderr)> {
        self.child.stdout.take().zip(self.child.stderr.take())
    }

    /// Its stdout, when it was piped. Given once.
    pub(crate) fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().context("cannot ask for a child process")
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus> {
        self.child.wait().context("cannot wait for a child process")
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let child = &mut self.child;
        if !matches!(child.try_wait(), Ok(Some(_))) {
            end(self.pid, self.signal, || matches!(child.try_wait(), Ok(Some(_))));
            let _ = child.wait();
        }
        held(&RUNNING).remove(&self.pid.as_raw());
    }
}

/// A folder that is removed when this is dropped.
pub(crate) struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// Makes a new one in the system's place for such folders.
    pub(crate) fn create() -> Result<Self> {
        let path = tempfile::Builder::new().prefix("bulkhead-").tempdir().context("cannot create a temporary folder")?.keep();
        held(&FOLDERS).push(path.clone());
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
        held(&FOLDERS).retain(|folder| *folder != self.0);
    }
}

fn end(pid: Pid, signal: Signal, mut ended: impl FnMut() -> bool) {
    let _ = kill(pid, signal);
    let start = Instant::now();
    while !ended() {
        if start.elapsed() > GRACE {
            let _ = kill(pid, Signal::SIGKILL);
            return;
        }
        std::thread::sleep(POLL);
    }
}

/// Whether a child of ours has ended, seen from the signal's handler: a zombie still answers to signal 0.
fn gone(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.is_empty() || stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z'))
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
