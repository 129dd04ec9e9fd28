//! A PostgreSQL of the tests' own: TLS, and one user for each way to log in.
//!
//! The server's certificate names `localhost` only, so that `127.0.0.1` serves as the wrong host name.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use serde::Serialize;

use super::account::Account;
use super::certificates::Certificates;
use super::free_port;
use crate::guard::{Guarded, TemporaryFolder};
use crate::{install, run, say};

/// Where Debian keeps its versions, one folder each.
const VERSIONS: &str = "/usr/lib/postgresql";
const START_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(30);

/// What tests are told, as JSON.
#[derive(Serialize)]
pub(crate) struct Description {
    /// The name in the server's certificate.
    pub(crate) host: &'static str,
    /// The same server by a name that its certificate doesn't have.
    pub(crate) address: &'static str,
    pub(crate) port: u16,
    /// As `SHOW server_version_num`.
    pub(crate) version: u32,
    /// The database that `owner` owns.
    pub(crate) database: &'static str,
    /// A second one on the same server, also owned by `owner`.
    pub(crate) other_database: &'static str,
    /// By role: `superuser`, `owner`, `readonly` (`pg_read_all_data`), `md5`, `cleartext`, `tls_only` (SCRAM, refused
    /// without TLS), `certificate` (client certificate, no password), `scram_and_certificate`.
    pub(crate) users: BTreeMap<&'static str, User>,
    /// The authority of the server's and the client's certificate.
    pub(crate) ca_file: PathBuf,
    pub(crate) client_cert: PathBuf,
    pub(crate) client_key: PathBuf,
    /// An authority that signed neither, and a client certificate that the server doesn't trust.
    pub(crate) other_ca_file: PathBuf,
    pub(crate) other_client_cert: PathBuf,
    pub(crate) other_client_key: PathBuf,
    pub(crate) server_cert: PathBuf,
    pub(crate) data_dir: PathBuf,
    pub(crate) log_file: PathBuf,
    pub(crate) bin_dir: PathBuf,
    pub(crate) pid: i32,
}

/// A role and how it logs in.
#[derive(Serialize, Clone)]
pub(crate) struct User {
    pub(crate) name: &'static str,
    /// None: a client certificate alone.
    pub(crate) password: Option<String>,
    /// The method in pg_hba.conf.
    pub(crate) method: &'static str,
}

/// The running server.
pub(crate) struct Postgres {
    // Stopped before its folder is removed.
    server: Option<Guarded>,
    folder: TemporaryFolder,
    description: Description,
}

/// key, role, method, SQL attributes, password encryption.
const USERS: [(&str, &str, &str, &str, &str); 8] = [
    ("superuser", "postgres", "scram-sha-256", "SUPERUSER", "scram-sha-256"),
    ("owner", "bulkhead", "scram-sha-256", "", "scram-sha-256"),
    ("readonly", "bulkhead_readonly", "scram-sha-256", "IN ROLE pg_read_all_data", "scram-sha-256"),
    ("md5", "bulkhead_md5", "md5", "", "md5"),
    ("cleartext", "bulkhead_cleartext", "password", "", "scram-sha-256"),
    ("tls_only", "bulkhead_tls", "scram-sha-256", "", "scram-sha-256"),
    ("certificate", "bulkhead_cert", "cert", "", "scram-sha-256"),
    ("scram_and_certificate", "bulkhead_both", "scram-sha-256", "", "scram-sha-256"),
];

const HBA: &str = "\
host    all bulkhead_md5       127.0.0.1/32 md5
host    all bulkhead_cleartext 127.0.0.1/32 password
hostssl all bulkhead_cert      127.0.0.1/32 cert
hostssl all bulkhead_tls       127.0.0.1/32 scram-sha-256
hostnossl all bulkhead_tls     127.0.0.1/32 reject
hostssl all bulkhead_both      127.0.0.1/32 scram-sha-256 clientcert=verify-ca
hostnossl all bulkhead_both    127.0.0.1/32 reject
host    all all                127.0.0.1/32 scram-sha-256
";

impl Postgres {
    /// Installs PostgreSQL if need be, makes a cluster and starts it.
    pub(crate) fn start(account: &Account) -> Result<Self> {
        install::debian(&["postgresql"], || newest().is_some())?;
        let bin = newest().context("PostgreSQL has no folder")?;
        say::step(format_args!("starting PostgreSQL from {}", bin.display()));
        let start = Instant::now();
        let folder = TemporaryFolder::create()?;
        account.own(folder.path())?;
        // The account has to reach the certificates, and we reach the client's key, being its owner or root.
        let make = |name: &str, authority: &str| {
            Certificates::create(&folder.path().join(name), authority, &["localhost"], "bulkhead_cert")
        };
        let certificates = make("tls", "Bulkhead test authority")?;
        let others = make("other-tls", "Some other authority")?;
        account.own(&certificates.server_key)?;
        let users = users()?;
        let password = users.get("superuser").and_then(|user| user.password.clone()).unwrap_or_default();
        let data = folder.path().join("data");
        initdb(account, &bin, folder.path(), &data, &password)?;
        let port = free_port()?;
        configure(&data, port, &certificates)?;
        let log_file = folder.path().join("log");
        let server = launch(account, &bin, folder.path(), port)?;
        let psql = Psql { bin: &bin, port, password: &password };
        psql.run("postgres", &roles(&users))?;
        psql.run("postgres", "CREATE DATABASE bulkhead OWNER bulkhead")?;
        psql.run("postgres", "CREATE DATABASE bulkhead_other OWNER bulkhead")?;
        let version = psql.run("postgres", "SHOW server_version_num")?;
        let description = Description {
            host: "localhost",
            address: "127.0.0.1",
            port,
            version: version.trim().parse().context("the server's version is not a number")?,
            database: "bulkhead",
            other_database: "bulkhead_other",
            users,
            ca_file: certificates.ca_file,
            client_cert: certificates.client_cert,
            client_key: certificates.client_key,
            other_ca_file: others.ca_file,
            other_client_cert: others.client_cert,
            other_client_key: others.client_key,
            server_cert: certificates.server_cert,
            data_dir: data,
            log_file,
            bin_dir: bin,
            pid: server.id(),
        };
        say::note(format_args!("port {port}, ready in {}", say::since(start)));
        Ok(Self { server: Some(server), folder, description })
    }

    /// Stops it, as an administrator in a hurry does: connections are cut.
    pub(crate) fn stop(&mut self) {
        self.server = None;
    }

    /// Starts it again, on the same port.
    pub(crate) fn start_again(&mut self, account: &Account) -> Result<()> {
        let Description { bin_dir, port, .. } = &self.description;
        let server = launch(account, bin_dir, self.folder.path(), *port)?;
        self.description.pid = server.id();
        self.server = Some(server);
        Ok(())
    }

    /// What the superuser's `psql` prints.
    pub(crate) fn sql(&self, sql: &str) -> Result<String> {
        let password = self.description.users.get("superuser").and_then(|user| user.password.as_deref()).unwrap_or_default();
        Psql { bin: &self.description.bin_dir, port: self.description.port, password }.run("postgres", sql)
    }

    /// What tests are told of it.
    pub(crate) fn description(&self) -> &Description {
        &self.description
    }
}

/// Starts the server of a folder that has been made ready.
fn launch(account: &Account, bin: &Path, folder: &Path, port: u16) -> Result<Guarded> {
    let file = folder.join("log");
    let log = fs::File::options().create(true).append(true).open(&file).context("cannot open the server's log")?;
    let mut server = Guarded::spawn(
        account
            .command(&bin.join("postgres"), "INT")
            .arg("-D")
            .arg(folder.join("data"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .current_dir(folder),
        Signal::SIGINT,
    )?;
    wait_for(&mut server, port, &file, || accepts(bin, port))?;
    Ok(server)
}

/// Whether PostgreSQL takes sessions: its port is open some time before.
fn accepts(bin: &Path, port: u16) -> bool {
    let mut command = Command::new(bin.join("pg_isready"));
    command.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
    run::succeeds_within(&mut command, START_LIMIT).unwrap_or(false)
}

/// Waits until the server takes connections and says that it is ready.
pub(super) fn wait_for(server: &mut Guarded, port: u16, log: &Path, ready: impl Fn() -> bool) -> Result<()> {
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() || !ready() {
        let ended = server.ended()?;
        if ended.is_some() || start.elapsed() > START_LIMIT {
            let said = fs::read_to_string(log).unwrap_or_default();
            bail!("a server didn't start on port {port}; it said:\n{said}");
        }
        std::thread::sleep(POLL);
    }
    Ok(())
}

fn newest() -> Option<PathBuf> {
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    fs::read_dir(VERSIONS)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("bin/initdb").is_file() && path.join("bin/psql").is_file())
        .max_by_key(version)
        .map(|path| path.join("bin"))
}

fn initdb(account: &Account, bin: &Path, folder: &Path, data: &Path, password: &str) -> Result<()> {
    let file = folder.join("password");
    fs::write(&file, password).context("cannot write the password")?;
    account.own(&file)?;
    run::quiet(
        account
            .command(&bin.join("initdb"), "INT")
            .args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .arg(format!("--pwfile={}", file.display()))
            .arg("-D")
            .arg(data)
            .current_dir(folder),
    )?;
    fs::remove_file(&file).context("cannot remove the password's file")
}

fn configure(data: &Path, port: u16, certificates: &Certificates) -> Result<()> {
    let settings = format!(
        "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\nssl = on\n\
         ssl_cert_file = '{}'\nssl_key_file = '{}'\nssl_ca_file = '{}'\n\
         # Nothing here outlives the run.\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\n\
         # Pools of several tests at once.\nmax_connections = 300\n\
         log_line_prefix = '%m [%p] %u@%d '\n",
        certificates.server_cert.display(),
        certificates.server_key.display(),
        certificates.ca_file.display(),
    );
    // Later lines win, and the account keeps the file's ownership.
    let file = data.join("postgresql.conf");
    let before = fs::read_to_string(&file).context("cannot read postgresql.conf")?;
    fs::write(&file, before + &settings).context("cannot write postgresql.conf")?;
    fs::write(data.join("pg_hba.conf"), HBA).context("cannot write pg_hba.conf")
}

fn users() -> Result<BTreeMap<&'static str, User>> {
    let mut users = BTreeMap::new();
    for (key, name, method, ..) in USERS {
        let password = match method {
            "cert" => None,
            _ => Some(format!("{key}-{}", random_hex()?)),
        };
        users.insert(key, User { name, password, method });
    }
    Ok(users)
}

/// Passwords are new each time and found nowhere else, so that a test can look for them in logs and memory.
pub(super) fn random_hex() -> Result<String> {
    let mut bytes = [0; 12];
    fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes)).context("cannot read random bytes")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn roles(users: &BTreeMap<&'static str, User>) -> String {
    let mut sql = String::new();
    for (key, name, _, attributes, encryption) in USERS {
        if key == "superuser" {
            continue;
        }
        let password = users.get(key).and_then(|user| user.password.as_ref());
        let password = password.map(|password| format!("PASSWORD '{password}'")).unwrap_or_default();
        sql += &format!("SET password_encryption = '{encryption}'; CREATE ROLE {name} LOGIN {password} {attributes};\n");
    }
    sql
}

struct Psql<'a> {
    bin: &'a Path,
    port: u16,
    password: &'a str,
}

impl Psql<'_> {
    fn run(&self, database: &str, sql: &str) -> Result<String> {
        run::output(
            Command::new(self.bin.join("psql"))
                .args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres"])
                .args(["-p", &self.port.to_string(), "-d", database, "-c", sql])
                .env("PGPASSWORD", self.password),
        )
    }
}
