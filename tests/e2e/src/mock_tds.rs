//! Microsoft's `mssql-mock-tds` as a child process: canned answers to two statements, but real TDS handshakes by another hand than ours.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::environment;

/// It starts in some milliseconds; on a busy machine it takes its time.
const START: Duration = Duration::from_secs(20);

/// How it does TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Not at all.
    None,
    /// In TDS 7.4's packets.
    Negotiated,
    /// Before anything else: TDS 8.0.
    Strict,
}

/// A running mock: `BULKHEAD_TEST_TDS_MOCK`. Dropping it kills it.
pub struct MockTds {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl MockTds {
    /// Starts one.
    ///
    /// # Panics
    /// If it doesn't listen in time.
    #[must_use]
    pub fn start(mode: Mode) -> MockTds {
        MockTds::start_with(mode, &[])
    }

    /// Starts one that sends every login on to another.
    ///
    /// # Panics
    /// As `start`.
    #[must_use]
    pub fn start_routing(host: &str, port: u16) -> MockTds {
        MockTds::start_with(Mode::None, &["--redirect-host", host, "--redirect-port", &port.to_string()])
    }

    fn start_with(mode: Mode, more: &[&str]) -> MockTds {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        std::fs::write(&cert, made.cert.pem()).expect("the certificate is written");
        std::fs::write(&key, made.signing_key.serialize_pem()).expect("the key is written");
        let log = File::create(folder.path().join("log")).expect("a log file");
        let mut command = Command::new(environment::wanted("BULKHEAD_TEST_TDS_MOCK"));
        command.args(["--host", "127.0.0.1", "--port", "0", "--verbose"]).args(more).env("NO_COLOR", "1").env_remove("RUST_LOG");
        match mode {
            Mode::None => command.args(["--tls-mode", "none"]),
            Mode::Negotiated => command.args(["--tls-mode", "optional", "--cert"]).arg(&cert).arg("--key").arg(&key),
            Mode::Strict => command.args(["--tls-mode", "strict", "--cert"]).arg(&cert).arg("--key").arg(&key),
        };
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).stdout(log).spawn().expect("the mock starts");
        let mut mock = MockTds { child, folder, port: 0 };
        mock.port = mock.wait_for_port();
        mock
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its certificate, which is its own authority; it names `localhost`.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// All that it has logged so far.
    ///
    /// # Panics
    /// If it can't be read.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.folder.path().join("log")).expect("the log")).into_owned()
    }

    /// A database's entry in the configuration, without a word on TLS and credentials.
    #[must_use]
    pub fn entry(&self) -> Value {
        json!({ "driver": "sqlserver", "host": "localhost", "port": self.port, "pool": { "connect_timeout": "10s" } })
    }

    fn wait_for_port(&mut self) -> u16 {
        let start = Instant::now();
        loop {
            let log = self.log();
            let address = log.split("Server is running on 127.0.0.1:").nth(1).and_then(|rest| rest.split_once('\n'));
            if let Some(port) = address.and_then(|(port, _)| port.trim().parse().ok()) {
                return port;
            }
            let ended = self.child.try_wait().expect("its state");
            assert!(ended.is_none() && start.elapsed() < START, "the mock doesn't listen: {ended:?}\n{log}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for MockTds {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
