//! Access tokens live an hour, so what is in the file when a connection is made is what counts.

use std::path::PathBuf;

use bulkhead_tests::mock_tds::{MockTds, Mode};
use bulkhead_tests::sqlserver::Server;
use bulkhead_tests::{Answer, Client, Config, Host};
use serde_json::{Value, json};

/// In every token here but the TDS server's own, to be looked for in logs.
const MARK: &str = "54107";

/// A host whose one database logs in with what a file holds, on a new connection each time.
struct Rig {
    file: PathBuf,
    host: Host,
    client: Client,
}

/// A secret's file is its owner's alone.
fn write(file: &std::path::Path, token: &str) {
    std::fs::write(file, token).expect("the file is written");
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
}

impl Rig {
    /// The file is there from the start; `entry` says nothing of credentials.
    async fn start(mut entry: Value, token: &str) -> Rig {
        entry["access_token"] = json!("file:token");
        entry["pool"] = json!({ "max_lifetime": "1ms", "connect_timeout": "10s", "fail_fast": false });
        let config = Config::new().database("ms", entry);
        let file = config.folder().join("token");
        write(&file, token);
        let host = Host::start(config).await;
        let client = host.client().await;
        Rig { file, host, client }
    }

    /// Replaces the token as those do who keep one fresh: another file, put in its place.
    fn replace(&self, token: &str) {
        let new = self.file.with_extension("new");
        write(&new, &format!("{token}\n"));
        std::fs::rename(&new, &self.file).expect("and put in its place");
    }

    async fn asked(&self) -> Answer {
        // Past the lifetime of the connection before.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        self.client.query("ms", "SELECT 1").await
    }

    fn log_holds(&self, token: &str) -> bool {
        self.host.log().contains(token)
    }
}

#[tokio::test]
async fn the_next_connection_presents_what_the_file_holds() {
    let server = Server::from_environment();
    let entry = json!({
        "driver": "sqlserver",
        "host": server.host,
        "port": server.port("on"),
        "catalog": server.database,
        "tls": { "mode": "verify-full", "ca_file": server.ca_file },
    });
    let old = format!("run-out-{MARK}");
    let rig = Rig::start(entry, &old).await;
    for _ in 0..2 {
        rig.replace(&old);
        let answer = rig.asked().await;
        assert_eq!(answer.error()["kind"], "authentication", "{}", answer.raw());
        assert!(!answer.raw().to_string().contains(MARK), "a token in the answer");
        rig.replace(&server.token);
        assert_eq!(rig.asked().await.cell(), json!(1));
    }
    assert!(!rig.log_holds(MARK) && !rig.log_holds(&server.token), "a token in the log");
}

#[tokio::test]
async fn each_connection_presents_its_own() {
    let mock = MockTds::start(Mode::Negotiated);
    let mut entry = mock.entry();
    entry["tls"] = json!({ "mode": "verify-full", "ca_file": mock.ca_file() });
    let rig = Rig::start(entry, MARK).await;
    for length in [100, 200, 300] {
        // The mock takes any, and tells its length.
        rig.replace(&format!("{MARK}{}", "x".repeat(length - MARK.len())));
        assert_eq!(rig.asked().await.cell(), json!(1));
        let told = format!("FedAuth detected with {} byte token", length * 2);
        assert_eq!(mock.log().matches(&told).count(), 1, "{}", mock.log());
    }
    assert!(!rig.log_holds(MARK), "a token in the log");
}

#[tokio::test]
async fn a_token_that_is_gone_is_said_to_be_and_no_password_takes_its_place() {
    let mock = MockTds::start(Mode::Negotiated);
    let mut entry = mock.entry();
    entry["tls"] = json!({ "mode": "verify-full", "ca_file": mock.ca_file() });
    entry["user"] = json!("sa");
    entry["password"] = json!(format!("password-{MARK}"));
    let rig = Rig::start(entry, MARK).await;
    assert_eq!(rig.asked().await.cell(), json!(1));
    let logins = mock.log().matches("Login7 from").count();
    std::fs::remove_file(&rig.file).expect("removed");
    let answer = rig.asked().await;
    assert_eq!(answer.error()["kind"], "authentication", "{}", answer.raw());
    assert!(answer.error().to_string().contains("access_token"), "{}", answer.error());
    rig.replace("");
    let answer = rig.asked().await;
    assert!(answer.error().to_string().contains("access_token: it is empty"), "{}", answer.error());
    assert_eq!(mock.log().matches("Login7 from").count(), logins, "a login was sent");
    rig.replace(MARK);
    assert_eq!(rig.asked().await.cell(), json!(1));
    assert!(!rig.log_holds(MARK), "a secret in the log");
}
