//! The PostgreSQL that `cargo xtask test` started, seen by `psql`: what a value or a session really is, by another client
//! than ours.

pub mod private;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::environment::wanted;

/// The server: `BULKHEAD_TEST_PG`.
#[derive(Debug, Clone, Deserialize)]
pub struct Server {
    /// The name in its certificate.
    pub host: String,
    /// Its address, which is not in its certificate.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// The catalog that `owner` owns.
    pub database: String,
    /// Another one.
    pub other_database: String,
    /// By what they are for: `superuser`, `owner`, `md5`, ...
    pub users: BTreeMap<String, User>,
    /// Its certificate's authority.
    pub ca_file: PathBuf,
    /// For users who log in by certificate.
    pub client_cert: PathBuf,
    /// Its key.
    pub client_key: PathBuf,
    /// An authority that it has nothing to do with.
    pub other_ca_file: PathBuf,
    /// A certificate that it doesn't trust.
    pub other_client_cert: PathBuf,
    /// Its key.
    pub other_client_key: PathBuf,
    /// Its log.
    pub log_file: PathBuf,
}

/// A role.
#[derive(Debug, Clone, Deserialize)]
pub struct User {
    /// Its name.
    pub name: String,
    /// None: a certificate alone.
    pub password: Option<String>,
}

/// PgBouncer in front of the server: `BULKHEAD_TEST_PGBOUNCER`.
#[derive(Debug, Clone, Deserialize)]
pub struct Bouncer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl Bouncer {
    /// What the environment names.
    ///
    /// # Panics
    /// If it names none.
    #[must_use]
    pub fn from_environment() -> Bouncer {
        serde_json::from_str(&wanted("BULKHEAD_TEST_PGBOUNCER")).expect("BULKHEAD_TEST_PGBOUNCER is JSON")
    }
}

impl Server {
    /// What the environment names.
    ///
    /// # Panics
    /// If it names none.
    #[must_use]
    pub fn from_environment() -> Server {
        serde_json::from_str(&wanted("BULKHEAD_TEST_PG")).expect("BULKHEAD_TEST_PG is JSON")
    }

    /// One of the roles, by what it is for.
    ///
    /// # Panics
    /// If there is none of that name.
    #[must_use]
    pub fn user(&self, purpose: &str) -> &User {
        self.users.get(purpose).unwrap_or_else(|| panic!("no user {purpose}"))
    }

    /// A role of one test's own, with a schema of its own name that is first in its search path: its backends are told from
    /// all others by it.
    ///
    /// # Panics
    /// If it can't be made.
    #[must_use]
    pub fn role(&self, purpose: &str) -> User {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{purpose}_{}_{number}", std::process::id());
        let password = format!("secret-of-{name}");
        self.sql(&format!("CREATE ROLE {name} LOGIN PASSWORD '{password}'; CREATE SCHEMA {name} AUTHORIZATION {name}"));
        User { name, password: Some(password) }
    }

    /// A database's entry in the configuration: TLS, fully verified.
    #[must_use]
    pub fn entry(&self, user: &User) -> Value {
        let mut entry = json!({
            "driver": "postgres",
            "host": self.host,
            "port": self.port,
            "catalog": self.database,
            "user": user.name,
            "tls": { "mode": "verify-full", "ca_file": self.ca_file },
        });
        if let Some(password) = &user.password {
            entry["password"] = json!(password);
        }
        entry
    }

    /// What the superuser's `psql` prints.
    ///
    /// # Panics
    /// If the statement fails.
    #[must_use]
    pub fn query(&self, sql: &str) -> String {
        self.psql(self.user("superuser"), &["-At", "-c", sql])
    }

    /// Runs a script as the superuser.
    ///
    /// # Panics
    /// If it fails.
    pub fn sql(&self, sql: &str) {
        let _ = self.query(sql);
    }

    /// Runs a script as a role.
    ///
    /// # Panics
    /// If it fails.
    pub fn sql_as(&self, user: &User, sql: &str) {
        let _ = self.psql(user, &["-At", "-c", sql]);
    }

    /// What `psql` prints for a role.
    ///
    /// # Panics
    /// If it fails.
    #[must_use]
    pub fn psql(&self, user: &User, arguments: &[&str]) -> String {
        let output = self.psql_tries(user, arguments);
        assert!(output.status.success(), "psql {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        text.strip_suffix('\n').map(str::to_owned).unwrap_or(text)
    }

    /// How `psql` ends for a role.
    ///
    /// # Panics
    /// If it doesn't start.
    #[must_use]
    pub fn psql_tries(&self, user: &User, arguments: &[&str]) -> Output {
        Command::new(wanted("BULKHEAD_TEST_PSQL"))
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1"])
            .args(arguments)
            .env("PGHOST", &self.address)
            .env("PGPORT", self.port.to_string())
            .env("PGDATABASE", &self.database)
            .env("PGUSER", &user.name)
            .env("PGPASSWORD", user.password.as_deref().unwrap_or_default())
            .env("PGCLIENTENCODING", "UTF8")
            .env("PGSSLMODE", "prefer")
            .stdin(Stdio::null())
            .output()
            .expect("psql starts")
    }

    /// How many backends serve a role.
    ///
    /// # Panics
    /// If the server doesn't say.
    #[must_use]
    pub fn backends(&self, user: &User) -> usize {
        let count = self.query(&format!("SELECT count(*) FROM pg_stat_activity WHERE usename = '{}'", user.name));
        count.parse().expect("a count")
    }

    /// How many of a role's backends run a statement that contains `text`.
    ///
    /// # Panics
    /// If the server doesn't say.
    #[must_use]
    pub fn running(&self, user: &User, text: &str) -> usize {
        let count = self.query(&format!(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND state = 'active' AND query LIKE '%{text}%'",
            user.name
        ));
        count.parse().expect("a count")
    }
}

/// Waits until something holds.
///
/// # Panics
/// If it doesn't within `patience`; `what` says what was waited for.
pub async fn wait_until(what: &str, patience: Duration, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < patience, "waited {patience:?} for: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
