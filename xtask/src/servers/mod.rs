//! `cargo xtask servers`: the servers that tests need, and what tests are told of them.
//!
//! Everything listens on 127.0.0.1 only, keeps its data in a fresh temporary folder, and is stopped and removed
//! at the end. Tests learn of it through the environment:
//!
//! | variable | what |
//! |---|---|
//! | `BULKHEAD_TEST_PG` | PostgreSQL, JSON: [`postgres::Description`] |
//! | `BULKHEAD_TEST_PGBOUNCER` | PgBouncer in transaction mode before it, JSON: [`pgbouncer::Description`] |
//! | `BULKHEAD_TEST_TDS` | a TDS server of our own with the clients to try it, JSON: [`tds::Description`] |
//! | `BULKHEAD_TEST_TDS_MOCK` | Microsoft's mock of a SQL Server, a program |
//! | `BULKHEAD_TEST_MARIADB` | MariaDB, JSON: [`mariadb::Description`] |
//! | `BULKHEAD_TEST_DRIVERS` | folder of the drivers |
//! | `BULKHEAD_TEST_HOSTILE` | folder of the hostile drivers |
//! | `BULKHEAD_BIN` | the server binary |
//! | `BULKHEAD_TEST_PYTHON` | a Python that has the packages `mcp`, `python-tds`, `pymssql`, `mssql-python`, `boto3`, `awscli`, `psycopg`, `moto` |
//! | `BULKHEAD_TEST_NPM_RDS` | a folder whose `node_modules` has `@aws-sdk/client-rds-data` |
//! | `BULKHEAD_TEST_NPM_BROWSER` | a folder whose `node_modules` has `playwright-core` |
//! | `BULKHEAD_TEST_CHROMIUM` | the browser |
//! | `BULKHEAD_TEST_ARTIFACTS` | a folder for what a person may want to look at after the tests |
//! | `BULKHEAD_TEST_NODE` | a Node that runs the packages of `BULKHEAD_TEST_NPM_MCP` |
//! | `BULKHEAD_TEST_NPM_MCP` | a folder whose `node_modules` has `@modelcontextprotocol/`'s `conformance`, `client`, `sdk` and `inspector` |
//! | `BULKHEAD_TEST_MCP_FIXTURE` | a server for MCP's conformance suite on the host's HTTP stack, a program |
//! | `AWS_...` | keys for the stand-ins of AWS's services, and nothing that would lead to this machine's own |
//! | `BULKHEAD_TEST_PSQL`, `BULKHEAD_TEST_SQLITE3` | the command-line clients |

pub(crate) mod account;
mod certificates;
mod mariadb;
mod pgbouncer;
pub(crate) mod postgres;
mod tds;

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use nix::sys::signal::Signal;

use crate::guard::Guarded;
use crate::{install, plugins, say, workspace};
use account::Account;

/// The service's own client for Node, which the RDS Data API's stand-in is tried with.
const NPM_RDS: [&str; 1] = ["@aws-sdk/client-rds-data@3.1143.0"];
/// Debian's browser, by its command.
const CHROMIUM: &str = "chromium";
/// What drives the browser that the view of results is tried in.
const NPM_BROWSER: [&str; 1] = ["playwright-core@1.65.1"];

/// What has a host's resolver read a test's own hosts file.
const NSS_WRAPPER: &str = "libnss-wrapper";

/// Known to the stand-ins of AWS's services alone.
const AWS_KEY_ID: &str = "AKIDBULKHEADTEST";
/// MCP's conformance suite, its clients for Node of both eras, and its inspector.
const NPM_MCP: [&str; 4] = [
    "@modelcontextprotocol/conformance@0.2.0-alpha.12",
    "@modelcontextprotocol/client@2.4.0",
    "@modelcontextprotocol/sdk@1.32.2",
    "@modelcontextprotocol/inspector@2.12.0",
];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A command to run with the servers' environment; without one they run until Ctrl-C
    #[arg(last = true)]
    command: Vec<OsString>,
}

/// The running servers.
pub(crate) struct Servers {
    // Fields are dropped in this order: the bouncer before what it speaks to.
    bouncer: pgbouncer::PgBouncer,
    postgres: postgres::Postgres,
    mariadb: mariadb::MariaDb,
    python: std::path::PathBuf,
    mock_tds: std::path::PathBuf,
    npm_rds: std::path::PathBuf,
    npm_browser: std::path::PathBuf,
    node: std::path::PathBuf,
    npm_mcp: std::path::PathBuf,
    /// A key that is new each time and found nowhere else, so that a test can look for it in logs and memory.
    aws_secret: String,
    tds: tds::Tds,
}

/// Starts the servers, and runs the command or waits.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let servers = Servers::start()?;
    let environment = servers.environment()?;
    if let Some((program, rest)) = arguments.command.split_first() {
        let mut command = Command::new(program);
        let status = Guarded::spawn(command.args(rest).envs(environment), Signal::SIGTERM)?.wait()?;
        return Ok(match status.code().and_then(|code| u8::try_from(code).ok()) {
            Some(code) => ExitCode::from(code),
            None => ExitCode::FAILURE,
        });
    }
    for (name, value) in &environment {
        println!("export {name}='{}'", value.replace('\'', r"'\''"));
    }
    say::step("the servers run until Ctrl-C");
    loop {
        std::thread::park();
    }
}

impl Servers {
    /// Installs what is missing and starts everything.
    pub(crate) fn start() -> Result<Self> {
        let python = install::python()?;
        let mock_tds = mock_tds()?;
        let npm_rds = install::npm("rds", &NPM_RDS)?;
        let npm_browser = install::npm("browser", &NPM_BROWSER)?;
        install::debian(&["chromium"], || crate::run::exists(CHROMIUM))?;
        let (node, npm_mcp) = (install::node()?, install::npm("mcp", &NPM_MCP)?);
        install::debian(&["sqlite3"], || crate::run::exists("sqlite3"))?;
        install::debian(&[NSS_WRAPPER], || install::is_installed(NSS_WRAPPER))?;
        let account = Account::for_servers()?;
        let postgres = postgres::Postgres::start(&account)?;
        let bouncer = pgbouncer::PgBouncer::start(&account, postgres.description())?;
        let mariadb = mariadb::MariaDb::start(&account)?;
        let aws_secret = format!("aws-{}", postgres::random_hex()?);
        let tds = tds::Tds::start(&account)?;
        Ok(Self { bouncer, postgres, mariadb, python, mock_tds, npm_rds, npm_browser, node, npm_mcp, aws_secret, tds })
    }

    /// PostgreSQL.
    pub(crate) fn postgres(&self) -> &postgres::Description {
        self.postgres.description()
    }

    /// The name and password of the user who owns the test databases.
    pub(crate) fn owner(&self) -> Result<(&'static str, &str)> {
        let owner = self.postgres().users.get("owner").context("there is no owner")?;
        Ok((owner.name, owner.password.as_deref().unwrap_or_default()))
    }

    /// The stand-in for SQL Server.
    pub(crate) fn tds(&self) -> &tds::Description {
        self.tds.description()
    }

    /// A Python with the tests' packages.
    pub(crate) fn python(&self) -> &std::path::Path {
        &self.python
    }

    /// The id of the keys for the stand-ins of AWS's services, and the secret.
    pub(crate) fn aws_keys(&self) -> (&'static str, &str) {
        (AWS_KEY_ID, &self.aws_secret)
    }

    /// What tests are told.
    pub(crate) fn environment(&self) -> Result<Vec<(&'static str, String)>> {
        let description = self.postgres.description();
        let path = |path: std::path::PathBuf| path.display().to_string();
        Ok(vec![
            ("BULKHEAD_TEST_PG", serde_json::to_string(description)?),
            ("BULKHEAD_TEST_PGBOUNCER", serde_json::to_string(self.bouncer.description())?),
            ("BULKHEAD_TEST_TDS", serde_json::to_string(self.tds.description())?),
            ("BULKHEAD_TEST_TDS_MOCK", path(self.mock_tds.clone())),
            ("BULKHEAD_TEST_MARIADB", serde_json::to_string(self.mariadb.description())?),
            ("BULKHEAD_TEST_DRIVERS", path(plugins::folder()?)),
            ("BULKHEAD_TEST_HOSTILE", path(plugins::hostile_folder()?)),
            ("BULKHEAD_BIN", path(workspace::target()?.join("release/bulkhead"))),
            ("BULKHEAD_TEST_PYTHON", path(self.python.clone())),
            ("BULKHEAD_TEST_NPM_RDS", path(self.npm_rds.clone())),
            ("BULKHEAD_TEST_NPM_BROWSER", path(self.npm_browser.clone())),
            ("BULKHEAD_TEST_CHROMIUM", path(crate::run::found(CHROMIUM).context("there is no chromium")?)),
            ("BULKHEAD_TEST_ARTIFACTS", path(artifacts()?)),
            ("BULKHEAD_TEST_NODE", path(self.node.clone())),
            ("BULKHEAD_TEST_NPM_MCP", path(self.npm_mcp.clone())),
            ("BULKHEAD_TEST_MCP_FIXTURE", path(workspace::target()?.join("release/mcp-fixture"))),
            ("BULKHEAD_TEST_PSQL", path(description.bin_dir.join("psql"))),
            ("BULKHEAD_TEST_SQLITE3", "sqlite3".to_owned()),
            ("AWS_ACCESS_KEY_ID", AWS_KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", self.aws_secret.clone()),
            ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_REGION", String::new()),
            ("AWS_DEFAULT_REGION", String::new()),
        ])
    }
}

/// Microsoft's mock of a SQL Server, with canned answers but real handshakes. A program of its own and no dependency of the tests: it
/// brings OpenSSL.
fn mock_tds() -> Result<std::path::PathBuf> {
    install::debian(&["libssl-dev", "pkg-config"], || {
        crate::run::exists("pkg-config") && std::path::Path::new("/usr/include/openssl/ssl.h").is_file()
    })?;
    install::cargo_tool("mssql-mock-tds", "0.3.0")
}

/// Where tests leave pictures.
fn artifacts() -> Result<std::path::PathBuf> {
    let folder = workspace::target()?.join("test-artifacts");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// A loopback port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}
