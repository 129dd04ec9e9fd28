//! The stand-in for the RDS Data API (`tests/rds-fixture`): a process of one test's own, over the real PostgreSQL.
//!
//! It knows the keys that the environment has, so that a host started as any other may sign with them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::environment;
use crate::postgres::{Server, User};

/// The cluster that the stand-in is asked for.
pub const RESOURCE: &str = "arn:aws:rds:eu-central-1:123456789012:cluster:test";
/// The secret that it has the user's password under.
pub const SECRET: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:test";
/// The only region that it takes signatures for.
pub const REGION: &str = "eu-central-1";

/// The running stand-in. Dropping it ends it.
pub struct Fixture {
    child: Child,
    /// The service's port.
    pub port: u16,
    control: u16,
    sts: Option<u16>,
    folder: TempDir,
    tls: bool,
}

/// Keys of AWS's.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Not a secret.
    pub id: String,
    /// One.
    pub secret: String,
    /// The session's, a secret too.
    pub token: Option<String>,
}

impl Keys {
    /// The environment's: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`.
    #[must_use]
    pub fn from_environment() -> Keys {
        let wanted = environment::wanted;
        Keys { id: wanted("AWS_ACCESS_KEY_ID"), secret: wanted("AWS_SECRET_ACCESS_KEY"), token: None }
    }
}

impl Fixture {
    /// Starts it with TLS, over one role of the server's, with the environment's keys.
    #[must_use]
    pub fn start(server: &Server, role: &User) -> Fixture {
        Fixture::start_with(server, role, true, &[Keys::from_environment()])
    }

    /// As `start`, with or without TLS, with these keys.
    #[must_use]
    pub fn start_with(server: &Server, role: &User, tls: bool, keys: &[Keys]) -> Fixture {
        Fixture::start_as(server, role, tls, keys, json!({}))
    }

    /// As `start_with`, with settings of its own in place of the usual ones: see `fixture.py`.
    ///
    /// # Panics
    /// If it doesn't start.
    #[must_use]
    pub fn start_as(server: &Server, role: &User, tls: bool, keys: &[Keys], more: Value) -> Fixture {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let keys: Map<String, Value> =
            keys.iter().map(|keys| (keys.id.clone(), json!({"secret": keys.secret, "token": keys.token}))).collect();
        let mut settings = json!({
            "postgres": {"host": server.host, "port": server.port, "database": server.database},
            "secrets": {SECRET: {"user": role.name, "password": role.password}},
            "keys": keys,
            "region": REGION,
            "tls": tls.then(|| folder.path()),
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            settings[key] = value.clone();
        }
        let mut child = Command::new(environment::python())
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../rds-fixture/fixture.py"))
            .arg(settings.to_string())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the stand-in starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its ports");
        let mut ports = line.split_whitespace().map(|port| port.parse().expect("a port"));
        let (Some(port), Some(control), sts) = (ports.next(), ports.next(), ports.next()) else {
            panic!("the stand-in didn't start: {line:?}");
        };
        Fixture { child, port, control, sts, folder, tls }
    }

    /// Where the service is.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("{}://localhost:{}", if self.tls { "https" } else { "http" }, self.port)
    }

    /// Where a container's agent would be.
    #[must_use]
    pub fn agent(&self) -> String {
        format!("{}/credentials", self.metadata())
    }

    /// Where an instance's metadata would be.
    #[must_use]
    pub fn metadata(&self) -> String {
        format!("http://127.0.0.1:{}", self.control)
    }

    /// Where STS is.
    ///
    /// # Panics
    /// If it wasn't asked for.
    #[must_use]
    pub fn sts(&self) -> String {
        format!("http://127.0.0.1:{}", self.sts.expect("STS"))
    }

    /// Where Secrets Manager is.
    ///
    /// # Panics
    /// If it wasn't asked for, in place of STS.
    #[must_use]
    pub fn secrets_manager(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.sts.expect("Secrets Manager"))
    }

    /// Puts a secret there, or another in its place.
    pub async fn put_secret(&self, name: &str, value: &str) {
        let _ = self.ask("POST", "/secret", &json!({"name": name, "value": value})).await;
    }

    /// A folder of its own.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The authority of its certificate.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A database's entry in the configuration.
    #[must_use]
    pub fn entry(&self) -> Value {
        json!({
            "driver": "rds-data-api",
            "resource_arn": RESOURCE,
            "secret_arn": SECRET,
            "aws": {"service": "rds-data", "region": REGION, "endpoint": self.endpoint()},
            "tls": if self.tls { json!({"ca_file": self.ca_file()}) } else { json!({"mode": "off"}) },
        })
    }

    /// What goes wrong from now on: see `faults.py`.
    pub async fn faults(&self, faults: Value) {
        let _ = self.ask("POST", "/faults", &faults).await;
    }

    /// What a container's agent gives from now on: these keys, for so many seconds.
    pub async fn give(&self, keys: &Keys, seconds: u64) {
        let date = Command::new("date").args(["-u", "-d", &format!("{seconds} seconds"), "+%Y-%m-%dT%H:%M:%SZ"]).output();
        let expiration = String::from_utf8(date.expect("date runs").stdout).expect("UTF-8").trim().to_owned();
        let credentials =
            json!({"AccessKeyId": keys.id, "SecretAccessKey": keys.secret, "Token": keys.token, "Expiration": expiration});
        let _ = self.ask("POST", "/credentials", &credentials).await;
    }

    /// A container's agent that gives nothing of use from now on.
    pub async fn give_nothing(&self) {
        let _ = self.ask("POST", "/credentials", &json!({})).await;
    }

    /// What has come so far: `requests`, `connections`, `loads` of credentials, `transactions` that are open.
    pub async fn seen(&self) -> Value {
        self.ask("GET", "/requests", &Value::Null).await
    }

    /// The paths that were asked for, in order.
    ///
    /// # Panics
    /// If it doesn't say.
    pub async fn paths(&self) -> Vec<String> {
        let seen = self.seen().await;
        let requests = seen["requests"].as_array().expect("requests");
        requests.iter().map(|request| request["path"].as_str().expect("a path").to_owned()).collect()
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("http://127.0.0.1:{}{path}", self.control);
        let client = reqwest::Client::new();
        let request = if method == "GET" { client.get(url) } else { client.post(url).json(body) };
        request.send().await.expect("the stand-in answers").json().await.expect("JSON")
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
