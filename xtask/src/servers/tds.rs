//! The tests' TDS server (`tests/tds-fixture`), and the clients of SQL Server that it is held against.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use serde::Serialize;
use serde_json::json;

use super::account::Account;
use super::certificates::Certificates;
use super::free_port;
use super::postgres::{random_hex, wait_for};
use crate::guard::{Guarded, TemporaryFolder};
use crate::{install, run, say, workspace};

/// The name in its certificate.
const HOST: &str = "localhost";
const TEDIOUS: &str = "tedious@19.2.2";
const DATABASE: &str = "shop";
const OTHER_DATABASE: &str = "other";
/// How a port encrypts: not at all, the login alone, always within PRELOGIN, TLS first (TDS 8.0).
const MODES: [&str; 4] = ["none", "login", "on", "strict"];
/// By what they are for; each its own name on the server.
const USERS: [(&str, &str); 4] =
    [("owner", "tds_owner"), ("reader", "tds_reader"), ("confined", "tds_confined"), ("moved", "tds_moved")];

/// What tests are told, as JSON.
#[derive(Serialize)]
pub(crate) struct Description {
    host: &'static str,
    /// Not in the certificate.
    address: &'static str,
    /// By mode.
    ports: BTreeMap<&'static str, u16>,
    /// A line `{"database": …, "sql": …}` is answered by a line `{"rows": …}` or `{"error": …}`.
    admin_port: u16,
    database: &'static str,
    other_database: &'static str,
    /// `confined` can't open the other database, `moved` is routed to the port that always encrypts.
    users: BTreeMap<&'static str, User>,
    /// An access token of the owner's.
    token: String,
    ca_file: PathBuf,
    other_ca_file: PathBuf,
    server_cert: PathBuf,
    pid: i32,
    tsql: &'static str,
    node: &'static str,
    /// A folder with tedious in its node_modules.
    tedious: PathBuf,
}

#[derive(Serialize)]
struct User {
    name: &'static str,
    password: String,
}

impl Description {
    /// The port without encryption.
    pub(crate) fn plain(&self) -> Result<(&'static str, u16)> {
        Ok((self.address, *self.ports.get("none").context("there is no port without encryption")?))
    }

    /// Where sessions begin, and the name and password of its owner.
    pub(crate) fn owner(&self) -> Result<(&'static str, &'static str, &str)> {
        let owner = self.users.get("owner").context("there is no owner")?;
        Ok((self.database, owner.name, &owner.password))
    }
}

/// The running server.
pub(crate) struct Tds {
    _server: Guarded,
    _folder: TemporaryFolder,
    description: Description,
}

impl Tds {
    /// Installs the clients, builds the server if need be and starts it.
    pub(crate) fn start(account: &Account) -> Result<Self> {
        install::debian(&["freetds-bin"], || run::exists("tsql"))?;
        let tedious = install::npm("tedious", &[TEDIOUS])?;
        run::visible(
            workspace::cargo()
                // The selection of the gate, so that dependencies are built once.
                .args(["build", "--quiet", "--release", "--workspace", "--exclude", "xtask", "--bin", "tds-fixture"])
                .current_dir(workspace::root()?),
        )?;
        say::step("starting the TDS server");
        let folder = TemporaryFolder::create()?;
        account.own(folder.path())?;
        let ours = Certificates::create(&folder.path().join("tls"), "Bulkhead test TDS authority", &[HOST], "unused")?;
        let other = Certificates::create(&folder.path().join("other"), "Another test authority", &[HOST], "unused")?;
        let mut ports = BTreeMap::new();
        for mode in MODES {
            ports.insert(mode, free_port()?);
        }
        let admin_port = free_port()?;
        let mut users = BTreeMap::new();
        for (purpose, name) in USERS {
            users.insert(purpose, User { name, password: format!("{purpose}-{}", random_hex()?) });
        }
        let token = format!("token-{}", random_hex()?);
        let told: Vec<_> = USERS
            .iter()
            .filter_map(|(purpose, name)| {
                let closed: &[&str] = if *purpose == "confined" { &[OTHER_DATABASE] } else { &[] };
                let route = if *purpose == "moved" { Some(json!({ "host": HOST, "port": ports.get("on")? })) } else { None };
                let password = &users.get(purpose)?.password;
                Some(json!({ "name": name, "password": password, "database": DATABASE, "closed": closed, "route": route }))
            })
            .collect();
        let settings = json!({
            "ports": ports.iter().map(|(mode, port)| json!({ "port": port, "encryption": mode })).collect::<Vec<_>>(),
            "certificate": ours.server_cert,
            "key": ours.server_key,
            "users": told,
            "tokens": [{ "token": token, "user": "tds_owner" }],
            "databases": ["master", DATABASE, OTHER_DATABASE],
            "admin_port": admin_port,
        });
        let file = folder.path().join("settings.json");
        fs::write(&file, settings.to_string()).context("cannot write the TDS server's settings")?;
        for path in [&file, &ours.server_key] {
            account.own(path)?;
        }
        let log_file = folder.path().join("log");
        let log = fs::File::create(&log_file).context("cannot create the TDS server's log")?;
        // Where the account may read it, whoever owns the workspace.
        let program = folder.path().join("tds-fixture");
        fs::copy(workspace::target()?.join("release/tds-fixture"), &program).context("cannot copy the TDS server")?;
        account.own(&program)?;
        let mut server = Guarded::spawn(
            account
                .command(&program, "TERM")
                .arg(&file)
                .env("TMPDIR", folder.path())
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log)
                .current_dir(folder.path()),
            Signal::SIGTERM,
        )?;
        let ready = || fs::read_to_string(&log_file).is_ok_and(|said| said.lines().any(|line| line == "ready"));
        wait_for(&mut server, admin_port, &log_file, ready)?;
        let description = Description {
            host: HOST,
            address: "127.0.0.1",
            ports,
            admin_port,
            database: DATABASE,
            other_database: OTHER_DATABASE,
            users,
            token,
            ca_file: ours.ca_file,
            other_ca_file: other.ca_file,
            server_cert: ours.server_cert,
            pid: server.id(),
            tsql: "tsql",
            node: "node",
            tedious,
        };
        Ok(Self { _server: server, _folder: folder, description })
    }

    /// What tests are told of it.
    pub(crate) fn description(&self) -> &Description {
        &self.description
    }
}
