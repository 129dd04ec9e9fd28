//! A PostgreSQL of one test's own, to be stopped and started again.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, chown, geteuid};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::environment::wanted;
use crate::free_port;

/// Making it, or starting it, on a busy machine.
const START: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(30);

/// The server. Dropping it ends it.
pub struct Private {
    folder: TempDir,
    bin: PathBuf,
    port: u16,
    running: Option<Child>,
}

impl Private {
    /// Makes it and starts it.
    ///
    /// # Panics
    /// If it can't.
    pub async fn start() -> Private {
        let folder = tempfile::tempdir().expect("a folder");
        own(folder.path());
        let psql = PathBuf::from(wanted("BULKHEAD_TEST_PSQL"));
        let bin = psql.parent().expect("a folder").to_owned();
        let mut server = Private { folder, bin, port: free_port(), running: None };
        let made = server
            .command("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "-D"])
            .arg(server.data())
            .output()
            .expect("initdb starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server.resume().await;
        server
    }

    /// A database's entry in the configuration.
    #[must_use]
    pub fn entry(&self) -> Value {
        json!({
            "driver": "postgres",
            "host": "127.0.0.1",
            "port": self.port,
            "catalog": "postgres",
            "user": "postgres",
            "tls": { "mode": "off" },
        })
    }

    /// Stops it at once: sessions are ended.
    ///
    /// # Panics
    /// If it doesn't end.
    pub async fn stop(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        kill(Pid::from_raw(i32::try_from(running.id()).expect("a pid")), Signal::SIGINT).expect("SIGINT");
        let began = Instant::now();
        while running.try_wait().expect("its state").is_none() {
            assert!(began.elapsed() < START, "it doesn't end");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Starts it, and waits until it takes sessions.
    ///
    /// # Panics
    /// If it doesn't start.
    pub async fn resume(&mut self) {
        let settings = ["fsync=off", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=100"];
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
        for setting in settings {
            command.args(["-c", setting]);
        }
        self.running = Some(command.spawn().expect("postgres starts"));
        let began = Instant::now();
        let ready = || {
            let mut command = Command::new(self.bin.join("pg_isready"));
            command.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            command.status().expect("pg_isready starts").success()
        };
        while !ready() {
            assert!(began.elapsed() < START, "it doesn't start");
            tokio::time::sleep(POLL).await;
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// As an account that it agrees to run as: it refuses root.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "INT"]);
        if let Some(account) = account() {
            command.args([format!("--reuid={}", account.uid), format!("--regid={}", account.gid), "--clear-groups".to_owned()]);
        }
        command.arg("--").arg(self.bin.join(program)).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        if let Some(running) = &mut self.running {
            let _ = kill(Pid::from_raw(i32::try_from(running.id()).unwrap_or(0)), Signal::SIGQUIT);
            let _ = running.wait();
        }
    }
}

fn account() -> Option<User> {
    geteuid().is_root().then(|| {
        let found = ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).ok().flatten());
        found.expect("an account for the server")
    })
}

fn own(folder: &Path) {
    if let Some(account) = account() {
        chown(folder, Some(account.uid), Some(account.gid)).expect("given away");
    }
}
