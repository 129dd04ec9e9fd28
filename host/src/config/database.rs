//! One database's entry.

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration;
use super::{AwsConfig, PolicyRef, SecretRef};

/// Everything the operator says of one database.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// The driver's name.
    #[serde(alias = "type", deserialize_with = "super::alias::driver")]
    #[schemars(extend("x-aliases" = ["type"]))]
    pub driver: String,
    /// For people and models: what is in it.
    #[serde(default)]
    pub description: Option<String>,
    /// The server's name or address.
    #[serde(default)]
    pub host: Option<String>,
    /// None: the driver's default.
    #[serde(default)]
    pub port: Option<u16>,
    /// Further endpoints of the same database, as `host:port`: tried after the host, and where it may send a login on to.
    #[serde(default)]
    pub endpoints: Vec<String>,
    /// The directory of an embedded database, relative to the file.
    #[serde(default)]
    pub directory: Option<PathBuf>,
    /// The catalog ("database") on the server; a file's name in the directory of an embedded database.
    #[serde(default, alias = "database")]
    #[schemars(extend("x-aliases" = ["database"]))]
    pub catalog: Option<String>,
    /// Other catalogs on the same server that a call may name. `*`: all.
    #[serde(default)]
    pub catalogs: Option<Vec<String>>,
    /// Signed requests to a service of AWS, in place of a host.
    #[serde(default)]
    pub aws: Option<AwsConfig>,
    /// Short for `aws.region`, for drivers that are known by an alias.
    #[serde(default)]
    pub region: Option<String>,
    /// Short for the option of that name, likewise.
    #[serde(default)]
    pub resource_arn: Option<String>,
    /// Short for the option of that name, likewise.
    #[serde(default)]
    pub secret_arn: Option<String>,
    /// The user.
    #[serde(default)]
    pub user: Option<String>,
    /// The password: `env:NAME`, `file:PATH`, or itself.
    #[serde(default)]
    pub password: Option<SecretRef>,
    /// An access token in place of a password, for servers that take one: written as a password is, and read anew for each
    /// connection.
    #[serde(default)]
    pub access_token: Option<SecretRef>,
    /// Encryption to the server.
    #[serde(default)]
    pub tls: TlsConfig,
    /// Connections.
    #[serde(default)]
    pub pool: PoolConfig,
    /// Refuse all writes.
    #[serde(default, alias = "readonly")]
    #[schemars(extend("x-aliases" = ["readonly"]))]
    pub read_only: Option<bool>,
    /// What else may be done: the name of one of `policies`, or a mapping. The keys that also stand here may be in one of the two.
    #[serde(default)]
    pub policy: Option<PolicyRef>,
    /// How the names of its tools begin in the family `delegate`. None: its id, with `sql` for `postgresql`.
    #[serde(default)]
    pub tool_prefix: Option<String>,
    /// Put each write to the person at the client first; without a yes nothing runs.
    #[serde(default)]
    pub confirm_writes: Option<bool>,
    /// The longest a statement may run, whatever a caller asks for. None: 30 s.
    #[serde(default, with = "duration::optional")]
    #[schemars(with = "Option<duration::Text>")]
    pub statement_timeout: Option<Duration>,
    /// The most rows in one answer, whatever a caller asks for. None: 100,000.
    #[serde(default)]
    pub max_rows: Option<u64>,
    /// The most bytes of values in one answer. None: 16 MiB.
    #[serde(default)]
    pub max_bytes: Option<u64>,
    /// The driver's own options, by its schema.
    #[serde(default)]
    pub options: serde_json::Map<String, serde_json::Value>,
}

/// A database's connections.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PoolConfig {
    /// The most connections at once.
    pub max: usize,
    /// Kept open once they have been opened.
    pub min: usize,
    /// A connection unused for this long is closed.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub idle_timeout: Duration,
    /// How long a call waits for a connection.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub acquire_timeout: Duration,
    /// How long connecting may take.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub connect_timeout: Duration,
    /// A connection older than this is closed when it is returned.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Text")]
    pub max_lifetime: Duration,
    /// While no connection can be had, calls fail at once, and the server is looked for in the background. Without it each call tries for
    /// itself.
    pub fail_fast: bool,
}

impl Default for PoolConfig {
    fn default() -> Self {
        PoolConfig {
            max: 10,
            min: 0,
            idle_timeout: Duration::from_secs(5 * 60),
            acquire_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(10),
            max_lifetime: Duration::from_secs(30 * 60),
            fail_fast: true,
        }
    }
}

/// How the host encrypts to the server and whom it believes.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TlsConfig {
    /// How much is verified.
    pub mode: TlsMode,
    /// PEM file of the certificate authorities to believe. None: the system's.
    pub ca_file: Option<PathBuf>,
    /// PEM file of a client certificate chain.
    pub client_certificate: Option<PathBuf>,
    /// PEM file of its key.
    pub client_key: Option<PathBuf>,
    /// The name to expect in the certificate. None: the host.
    pub server_name: Option<String>,
    /// Let a password or token cross in the clear where the mode is `off`, for protocols that have no other way.
    pub allow_plaintext_password: bool,
}

/// How much of a server's certificate is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// The chain and the name.
    #[default]
    VerifyFull,
    /// The chain alone.
    VerifyCa,
    /// Nothing: encrypted, to whoever answers.
    RequireUnverified,
    /// The login alone is encrypted, for protocols that have it so; the chain and the name are verified.
    LoginOnly,
    /// The same, to whoever answers.
    LoginOnlyUnverified,
    /// No TLS.
    Off,
}

impl TlsMode {
    /// Whether TLS may be taken off again after the login.
    pub(crate) fn is_login_only(self) -> bool {
        matches!(self, TlsMode::LoginOnly | TlsMode::LoginOnlyUnverified)
    }

    /// Whether nothing of the certificate is verified.
    pub(crate) fn is_unverified(self) -> bool {
        matches!(self, TlsMode::RequireUnverified | TlsMode::LoginOnlyUnverified)
    }
}

/// The host and the port of an endpoint: `db.example.com:1433`, `[::1]:1433`.
pub(crate) fn endpoint(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port = port.parse().ok().filter(|port| *port > 0)?;
    (!host.is_empty()).then_some((host, port))
}

impl TlsConfig {
    /// The files that it names.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.ca_file, &self.client_certificate, &self.client_key].into_iter().flatten()
    }
}

impl DatabaseConfig {
    pub(super) fn check(&self, id: &str) -> Result<(), String> {
        let at = |key: &str, why: &str| Err(format!("databases.{id}.{key}: {why}"));
        if id.is_empty() || id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)) {
            return Err(format!("databases.{id}: an id is 1 to 64 letters, digits, '_', '-' and '.'"));
        }
        match [self.host.is_some(), self.directory.is_some(), self.aws.is_some()].into_iter().filter(|given| *given).count() {
            0 => return at("host", "is missing (or `directory`, for an embedded database, or `aws`, for one behind a service)"),
            1 => {}
            _ => return at("host", "a database has a host, a directory or aws, one of them"),
        }
        if let Some(aws) = &self.aws {
            aws.check(self).map_err(|why| format!("databases.{id}.{why}"))?;
        }
        if self.endpoints.iter().any(|endpoint| self::endpoint(endpoint).is_none()) {
            return at("endpoints", "each is `host:port`");
        }
        if self.tls.allow_plaintext_password && self.tls.mode != TlsMode::Off {
            return at("tls.allow_plaintext_password", "goes with tls.mode off: under TLS nothing is in the clear");
        }
        if self.pool.max == 0 {
            return at("pool.max", "must be at least 1");
        }
        if self.pool.min > self.pool.max {
            return at("pool.min", "must not be more than pool.max");
        }
        if self.max_rows == Some(0) || self.max_bytes == Some(0) {
            return at("max_rows", "and max_bytes must be at least 1");
        }
        if self.tls.client_certificate.is_some() != self.tls.client_key.is_some() {
            return at("tls.client_key", "client_certificate and client_key go together");
        }
        Ok(())
    }

    pub(super) fn resolve(&mut self, base: &Path) {
        let paths = [&mut self.directory, &mut self.tls.ca_file, &mut self.tls.client_certificate, &mut self.tls.client_key];
        for path in paths.into_iter().flatten().filter(|path| path.is_relative()) {
            *path = base.join(&*path);
        }
        for secret in [&mut self.password, &mut self.access_token].into_iter().flatten() {
            secret.resolve_path(base);
        }
    }
}
