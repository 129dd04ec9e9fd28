//! The host as a child process.

use std::fs::File;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{Client, Config, Era, environment};

/// Compiling every driver on a busy machine fits in this.
const START: Duration = Duration::from_secs(60);

/// A running `bulkhead serve`. Dropping it kills it.
pub struct Host {
    child: Child,
    config: Config,
    log: PathBuf,
}

impl Host {
    /// Starts the server and waits until it listens.
    ///
    /// # Panics
    /// If it ends before that, with its log.
    pub async fn start(config: Config) -> Host {
        Host::start_with(config, &[]).await
    }

    /// As `start`, with more environment variables.
    ///
    /// # Panics
    /// As `start`.
    pub async fn start_with(config: Config, environment: &[(&str, &str)]) -> Host {
        let file = config.write();
        Host::spawn(config, &file, environment).await
    }

    /// As `start_with`, from a text of its own, which has to listen where `config` says.
    ///
    /// # Panics
    /// As `start`.
    pub async fn start_from(config: Config, text: &str, environment: &[(&str, &str)]) -> Host {
        let file = config.folder().join("own.yaml");
        std::fs::write(&file, text).expect("the file is written");
        Host::spawn(config, &file, environment).await
    }

    async fn spawn(config: Config, file: &Path, environment: &[(&str, &str)]) -> Host {
        let log = config.folder().join("log");
        let child = serve(file, &log, environment);
        let mut host = Host { child, config, log };
        host.wait_until_ready().await;
        host
    }

    /// Starts it again after its end, from its configuration's file.
    ///
    /// # Panics
    /// As `start`.
    pub async fn start_again(&mut self) {
        self.child = serve(&self.config.folder().join("bulkhead.yaml"), &self.log, &[]);
        self.wait_until_ready().await;
    }

    /// Runs `bulkhead serve` on a configuration that it should refuse; its exit and what it said.
    ///
    /// # Panics
    /// If it is still running after the time that a start may take.
    pub async fn refused(config: &Config) -> (ExitStatus, String) {
        run(&["serve", "--config", config.write().to_str().expect("a path in UTF-8")]).await
    }

    /// The MCP endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.config.address())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> String {
        self.config.address()
    }

    /// The folder of its configuration.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.config.folder()
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All that it has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).expect("the log")).into_owned()
    }

    /// A client of the current era.
    pub async fn client(&self) -> Client {
        Client::http(&self.url(), Era::Stateless).await
    }

    /// Whether the process still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_none()
    }

    /// Changes its configuration's file.
    pub fn reconfigure(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        let _ = self.config.write();
    }

    /// Puts any text in the place of its configuration's file.
    pub fn overwrite(&self, text: &str) {
        let _ = self.config.write_text(text);
    }

    /// Sends it SIGHUP.
    ///
    /// # Panics
    /// If it isn't running.
    pub fn hang_up(&self) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).expect("a pid")), Signal::SIGHUP).expect("SIGHUP");
    }

    /// Asks it to end (SIGTERM) and waits; how it ended, and how long that took.
    ///
    /// # Panics
    /// If it is still running after a minute.
    pub async fn stop(&mut self) -> (ExitStatus, Duration) {
        let start = Instant::now();
        kill(Pid::from_raw(i32::try_from(self.child.id()).expect("a pid")), Signal::SIGTERM).expect("SIGTERM");
        loop {
            if let Some(status) = self.child.try_wait().expect("its state") {
                return (status, start.elapsed());
            }
            assert!(start.elapsed() < Duration::from_secs(60), "the host doesn't end:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Resident memory in KiB.
    #[must_use]
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("its status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
    }

    /// How many files and sockets it has open.
    ///
    /// # Panics
    /// If it isn't running.
    #[must_use]
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("its files").count()
    }

    async fn wait_until_ready(&mut self) {
        let start = Instant::now();
        while TcpStream::connect(self.config.address()).is_err() {
            if let Some(status) = self.child.try_wait().expect("its state") {
                panic!("the host ended with {status}:\n{}", self.log());
            }
            assert!(start.elapsed() < START, "the host doesn't listen:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(file: &Path, log: &Path, environment: &[(&str, &str)]) -> Child {
    let stderr = File::create(log).expect("a log file");
    Command::new(environment::binary())
        .arg("serve")
        .arg("--config")
        .arg(file)
        .env("BULKHEAD_LOG", "bulkhead=debug,driver=debug,warn")
        .env("NO_COLOR", "1")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .expect("the host's binary starts")
}

/// Runs the binary to its end; how it ended, and both of its outputs.
///
/// # Panics
/// If it runs for longer than a start may take.
pub async fn run(arguments: &[&str]) -> (ExitStatus, String) {
    let child = tokio::process::Command::new(environment::binary())
        .args(arguments)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(START, child).await.expect("the binary ends").expect("the binary starts");
    let text = [output.stdout, output.stderr].concat();
    (output.status, String::from_utf8_lossy(&text).into_owned())
}
