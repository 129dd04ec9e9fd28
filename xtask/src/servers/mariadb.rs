//! A MariaDB, in place of the MySQL behind the RDS Data API's stand-in: Debian has no MySQL.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use serde::Serialize;

use super::account::Account;
use super::{free_port, postgres};
use crate::guard::{Guarded, TemporaryFolder};
use crate::{install, run, say};

/// Where Debian puts it: not on everybody's PATH.
const PROGRAM: &str = "/usr/sbin/mariadbd";
const INSTALL: &str = "/usr/bin/mariadb-install-db";
/// Which that needs, from the clients' package.
const DEFAULTS: &str = "/usr/bin/my_print_defaults";

/// What tests are told, as JSON.
#[derive(Serialize)]
pub(crate) struct Description {
    pub(crate) port: u16,
    /// The database that is there; the user may make others whose names begin so.
    pub(crate) database: &'static str,
    pub(crate) user: &'static str,
    pub(crate) password: String,
}

/// The running server.
pub(crate) struct MariaDb {
    // Stopped before its folder is removed.
    _server: Guarded,
    _folder: TemporaryFolder,
    description: Description,
}

impl MariaDb {
    /// Installs it if need be, makes a data folder and starts it.
    pub(crate) fn start(account: &Account) -> Result<Self> {
        install::debian(&["mariadb-server-core", "mariadb-client-core"], || {
            [PROGRAM, INSTALL, DEFAULTS].iter().all(|file| Path::new(file).is_file())
        })?;
        say::step("starting MariaDB");
        let start = Instant::now();
        let folder = TemporaryFolder::create()?;
        account.own(folder.path())?;
        let data = folder.path().join("data");
        run::quiet(
            account
                .command(Path::new(INSTALL), "KILL")
                .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"])
                .arg(format!("--datadir={}", data.display()))
                .current_dir(folder.path()),
        )?;
        let description = Description {
            port: free_port()?,
            database: "bulkhead",
            user: "bulkhead",
            password: format!("mysql-{}", postgres::random_hex()?),
        };
        let first = folder.path().join("first.sql");
        fs::write(&first, first_statements(&description.password)).context("cannot write the first statements")?;
        account.own(&first)?;
        let log_file = folder.path().join("log");
        let log = fs::File::create(&log_file).context("cannot create the server's log")?;
        let mut server = Guarded::spawn(
            account
                .command(Path::new(PROGRAM), "TERM")
                .args(["--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve", "--character-set-server=utf8mb4"])
                // Nothing here outlives the run.
                .args(["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M", "--performance-schema=OFF"])
                .arg(format!("--port={}", description.port))
                .arg(format!("--datadir={}", data.display()))
                .arg(format!("--socket={}", folder.path().join("socket").display()))
                .arg(format!("--pid-file={}", folder.path().join("pid").display()))
                .arg(format!("--init-file={}", first.display()))
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log)
                .current_dir(folder.path()),
            Signal::SIGTERM,
        )?;
        // Its port is opened after the first statements.
        postgres::wait_for(&mut server, description.port, &log_file, || true)?;
        say::note(format_args!("port {}, ready in {}", description.port, say::since(start)));
        Ok(Self { _server: server, _folder: folder, description })
    }

    /// What tests are told of it.
    pub(crate) fn description(&self) -> &Description {
        &self.description
    }
}

/// One statement a line, as the server wants them. In a pattern of a grant `_` stands for any character.
fn first_statements(password: &str) -> String {
    format!(
        "CREATE DATABASE bulkhead;\n\
         CREATE USER 'bulkhead'@'127.0.0.1' IDENTIFIED BY '{password}';\n\
         GRANT ALL ON `bulkhead%`.* TO 'bulkhead'@'127.0.0.1';\n\
         SET GLOBAL log_bin_trust_function_creators = 1;\n"
    )
}
