//! PgBouncer in transaction mode before the tests' PostgreSQL: two server connections, so that two statements of
//! one client may well meet different ones.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};
use nix::sys::signal::Signal;
use serde::Serialize;

use super::account::Account;
use super::{free_port, postgres};
use crate::guard::{Guarded, TemporaryFolder};
use crate::{install, say};

/// Where Debian puts it: not on everybody's PATH.
const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// What tests are told, as JSON. Users, passwords and the certificate are those of the PostgreSQL behind it; users
/// that log in there by certificate can't come this way.
#[derive(Serialize)]
pub(crate) struct Description {
    pub(crate) host: &'static str,
    pub(crate) port: u16,
    pub(crate) pool_mode: &'static str,
    pub(crate) pool_size: u32,
    pub(crate) pid: i32,
}

/// The running pooler.
pub(crate) struct PgBouncer {
    _server: Guarded,
    _folder: TemporaryFolder,
    description: Description,
}

impl PgBouncer {
    /// Installs it if need be and starts it.
    pub(crate) fn start(account: &Account, behind: &postgres::Description) -> Result<Self> {
        install::debian(&["pgbouncer"], || Path::new(PROGRAM).is_file())?;
        say::step("starting PgBouncer");
        let folder = TemporaryFolder::create()?;
        account.own(folder.path())?;
        let port = free_port()?;
        let key = folder.path().join("server.key");
        let server_key = behind.server_cert.with_extension("key");
        fs::copy(&server_key, &key).context("cannot copy the server's key")?;
        let users = folder.path().join("users");
        let list: String = behind
            .users
            .values()
            .filter_map(|user| Some(format!("\"{}\" \"{}\"\n", user.name, user.password.as_ref()?)))
            .collect();
        fs::write(&users, list).context("cannot write PgBouncer's users")?;
        let pool_size = 2;
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={behind_port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {users}\n\
             pool_mode = transaction\ndefault_pool_size = {pool_size}\nmax_client_conn = 200\n\
             client_tls_sslmode = allow\nclient_tls_cert_file = {certificate}\nclient_tls_key_file = {key}\n",
            behind_port = behind.port,
            users = users.display(),
            certificate = behind.server_cert.display(),
            key = key.display(),
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings).context("cannot write PgBouncer's settings")?;
        for path in [&key, &users, &file] {
            account.own(path)?;
        }
        let log_file = folder.path().join("log");
        let log = fs::File::create(&log_file).context("cannot create PgBouncer's log")?;
        let mut server = Guarded::spawn(
            account
                .command(Path::new(PROGRAM), "TERM")
                .arg(&file)
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log)
                .current_dir(folder.path()),
            Signal::SIGTERM,
        )?;
        postgres::wait_for(&mut server, port, &log_file, || true)?;
        let description = Description { host: "localhost", port, pool_mode: "transaction", pool_size, pid: server.id() };
        say::note(format_args!("port {port}"));
        Ok(Self { _server: server, _folder: folder, description })
    }

    /// What tests are told of it.
    pub(crate) fn description(&self) -> &Description {
        &self.description
    }
}
