//! The stand-in for the RDS Data API (`tests/rds-fixture`), over the tests' PostgreSQL, for as long as it is measured.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use serde_json::json;

use crate::guard::{Guarded, TemporaryFolder};
use crate::servers::Servers;
use crate::workspace;

const REGION: &str = "eu-central-1";
const RESOURCE: &str = "arn:aws:rds:eu-central-1:123456789012:cluster:bench";
const SECRET: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:bench";

/// The running stand-in.
pub(super) struct StandIn {
    _process: Guarded,
    folder: TemporaryFolder,
    port: u16,
}

impl StandIn {
    /// Starts it with TLS. It takes the keys that the servers' environment has.
    pub(super) fn start(servers: &Servers) -> Result<Self> {
        let folder = TemporaryFolder::create()?;
        let (user, password) = servers.owner()?;
        let server = servers.postgres();
        let (id, secret) = servers.aws_keys();
        let settings = json!({
            "postgres": { "host": server.address, "port": server.port, "database": server.database },
            "secrets": { SECRET: { "user": user, "password": password } },
            "keys": { id: { "secret": secret, "token": null } },
            "region": REGION,
            "tls": folder.path(),
        });
        let mut process = Guarded::spawn(
            Command::new(servers.python())
                .arg(workspace::root()?.join("tests/rds-fixture/fixture.py"))
                .arg(settings.to_string())
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped()),
            Signal::SIGTERM,
        )?;
        let output = process.output().context("the stand-in has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).context("cannot read the stand-in's ports")?;
        let port = line.split_whitespace().next().and_then(|port| port.parse().ok());
        let port = port.with_context(|| format!("the stand-in of the RDS Data API did not start: {line:?}"))?;
        Ok(Self { _process: process, folder, port })
    }

    /// Tells the benchmark of it.
    pub(super) fn tell(&self, command: &mut Command, servers: &Servers) {
        let (id, secret) = servers.aws_keys();
        command.args(["--endpoint", &format!("https://localhost:{}", self.port), "--region", REGION]);
        command.args(["--resource-arn", RESOURCE, "--secret-arn", SECRET]);
        command.arg("--ca-file").arg(self.folder.path().join("ca.pem"));
        command.envs([("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)]);
        command.env_remove("AWS_SESSION_TOKEN");
    }
}
