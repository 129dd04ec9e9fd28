//! The TDS server that `cargo xtask test` started, and how it is seen from outside: by its own words and by other clients.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::environment::wanted;

/// The server answers a question of ours within this, or it is broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// The server: `BULKHEAD_TEST_TDS`.
#[derive(Debug, Clone, Deserialize)]
pub struct Server {
    /// The name in its certificate.
    pub host: String,
    /// Its address, which is not in its certificate.
    pub address: String,
    /// By how they encrypt: `none`, `login`, `on`, `strict`.
    pub ports: BTreeMap<String, u16>,
    /// Where it answers questions.
    pub admin_port: u16,
    /// Where sessions begin.
    pub database: String,
    /// Another one.
    pub other_database: String,
    /// By what they are for: `owner`, `reader`, `confined`, `moved`.
    pub users: BTreeMap<String, User>,
    /// An access token of the owner's.
    pub token: String,
    /// Its certificate's authority.
    pub ca_file: PathBuf,
    /// An authority that it has nothing to do with.
    pub other_ca_file: PathBuf,
    /// The client of FreeTDS.
    pub tsql: String,
    /// Node.
    pub node: String,
}

/// A login.
#[derive(Debug, Clone, Deserialize)]
pub struct User {
    /// Its name.
    pub name: String,
    /// Its password.
    pub password: String,
}

impl Server {
    /// What the environment names.
    ///
    /// # Panics
    /// If it names none.
    #[must_use]
    pub fn from_environment() -> Server {
        serde_json::from_str(&wanted("BULKHEAD_TEST_TDS")).expect("BULKHEAD_TEST_TDS is JSON")
    }

    /// The port that encrypts so.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn port(&self, mode: &str) -> u16 {
        *self.ports.get(mode).unwrap_or_else(|| panic!("no port {mode}"))
    }

    /// One of the logins, by what it is for.
    ///
    /// # Panics
    /// If there is none of that name.
    #[must_use]
    pub fn user(&self, purpose: &str) -> &User {
        self.users.get(purpose).unwrap_or_else(|| panic!("no user {purpose}"))
    }

    /// A login of one test's own: its sessions are told from all others by it.
    ///
    /// # Panics
    /// If it can't be made.
    #[must_use]
    pub fn login(&self, purpose: &str) -> User {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{purpose}_{}_{number}", std::process::id());
        let password = format!("secret-of-{name}");
        self.sql(&format!("CREATE LOGIN {name} WITH PASSWORD = '{password}'"));
        User { name, password }
    }

    /// What the server saw of a login's sessions: one of the columns of `fixture.sessions`.
    ///
    /// # Panics
    /// If the server doesn't say.
    #[must_use]
    pub fn sessions(&self, user: &User, column: &str) -> Vec<Value> {
        let sql = format!("SELECT {column} FROM fixture.sessions WHERE login_name = '{}' ORDER BY session_id", user.name);
        self.look(&self.database, &sql).into_iter().filter_map(|row| row.into_iter().next()).collect()
    }

    /// How many of a login's sessions run a statement that contains `text`.
    ///
    /// # Panics
    /// If the server doesn't say.
    #[must_use]
    pub fn running(&self, user: &User, text: &str) -> usize {
        self.sessions(user, "text").iter().filter(|found| found.as_str().is_some_and(|found| found.contains(text))).count()
    }

    /// A database's entry in the configuration: TLS, fully verified.
    #[must_use]
    pub fn entry(&self, user: &User) -> Value {
        json!({
            "driver": "sqlserver",
            "host": self.host,
            "port": self.port("on"),
            "catalog": self.database,
            "user": user.name,
            "password": user.password,
            "tls": { "mode": "verify-full", "ca_file": self.ca_file },
        })
    }

    /// The rows of a batch's queries, as the server keeps them, asked for beside all of its protocol.
    ///
    /// # Panics
    /// If the batch fails.
    #[must_use]
    pub fn look(&self, database: &str, sql: &str) -> Vec<Vec<Value>> {
        let stream = TcpStream::connect((self.address.as_str(), self.admin_port)).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        writeln!(&stream, "{}", json!({ "database": database, "sql": sql })).expect("a question is sent");
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).expect("an answer");
        let mut answer: Value = serde_json::from_str(&line).expect("JSON");
        assert!(answer["error"].is_null(), "{sql}: {answer}");
        serde_json::from_value(answer["rows"].take()).expect("rows")
    }

    /// Runs a script in the database where sessions begin.
    ///
    /// # Panics
    /// If it fails.
    pub fn sql(&self, sql: &str) {
        let _ = self.look(&self.database, sql);
    }
}
