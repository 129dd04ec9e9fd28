//! One database's entry.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration;
use super::{AwsConfig, LimitsConfig, PolicyRef, SecretRef, TokenExchange};

/// Everything the operator says of one database.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// The driver's name.
    #[serde(alias = "type", deserialize_with = "super::alias::driver")]
    #[schemars(extend("x-aliases" = ["type"], "x-instead" = ["connection_string"]))]
    pub driver: String,
    /// For people and models: what is in it.
    #[serde(default)]
    pub description: Option<String>,
    /// What else is to be said of it, by name: `team: shop`. Callers see them.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Everything that a connection string can say, in its form: `postgresql://…`, `host=… dbname=…`, `Server=…;Database=…`,
    /// `sqlite:///…`. Or a reference to it, as to a password.
    #[serde(default, skip_serializing)]
    pub connection_string: Option<SecretRef>,
    /// The server's name or address.
    #[serde(default, alias = "hostname")]
    #[schemars(extend("x-aliases" = ["hostname"]))]
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
    /// Short for `aws.region`, for drivers that are known by an alias. And the region of secrets of AWS that don't name their own.
    #[serde(default)]
    pub region: Option<String>,
    /// Short for the option of that name, likewise.
    #[serde(default)]
    pub resource_arn: Option<String>,
    /// Short for the option of that name, likewise. Of other drivers short for `password: aws-secrets:ARN#password`.
    #[serde(default)]
    pub secret_arn: Option<String>,
    /// The user. None: the one that is kept with the password, where its provider knows it.
    #[serde(default)]
    pub user: Option<String>,
    /// The password: `env:NAME`, `file:PATH`, `aws-secrets:NAME-OR-ARN#KEY`, or itself.
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
    /// What its driver may use of the machine.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// The driver's own options, by its schema.
    #[serde(default)]
    pub options: serde_json::Map<String, serde_json::Value>,
    /// A caller's token is exchanged for one of the database's. Not done yet: the database is down, unless it is said that the
    /// service's own user is good for all.
    #[serde(default, alias = "tokenExchange", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-aliases" = ["tokenExchange"]))]
    pub token_exchange: Option<TokenExchange>,
    /// Why it can't be used, though nothing is wrong with it.
    #[serde(skip)]
    pub(crate) refused: Option<String>,
}

/// As many as a person looks through; a model reads them all.
const MAX_LABELS: usize = 32;
/// As Kubernetes has them.
const MAX_LABEL_KEY: usize = 63;
/// A word or two.
const MAX_LABEL: usize = 256;

fn is_label(text: &str, longest: usize) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
    !text.is_empty() && text.len() <= longest && text.bytes().all(fits)
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

impl std::fmt::Display for TlsMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            TlsMode::VerifyFull => "verify-full",
            TlsMode::VerifyCa => "verify-ca",
            TlsMode::RequireUnverified => "require-unverified",
            TlsMode::LoginOnly => "login-only",
            TlsMode::LoginOnlyUnverified => "login-only-unverified",
            TlsMode::Off => "off",
        })
    }
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
    /// What is wrong with it, by key.
    pub(super) fn check(&self) -> Vec<(String, String)> {
        let mut wrong: Vec<(String, String)> = Vec::new();
        let mut at = |key: &str, why: &str| wrong.push((key.to_owned(), why.to_owned()));
        let places = [self.host.is_some(), self.directory.is_some(), self.aws.is_some()];
        match places.into_iter().filter(|given| *given).count() {
            0 if self.refused.is_some() => {}
            0 => at("host", "is missing (or `directory`, for an embedded database, or `aws`, for one behind a service)"),
            1 => {}
            _ => at("host", "a database has a host, a directory or aws, one of them"),
        }
        if self.endpoints.iter().any(|endpoint| self::endpoint(endpoint).is_none()) {
            at("endpoints", "each is `host:port`");
        }
        if self.tls.allow_plaintext_password && self.tls.mode != TlsMode::Off {
            at("tls.allow_plaintext_password", "goes with tls.mode off: under TLS nothing is in the clear");
        }
        if self.pool.max == 0 {
            at("pool.max", "must be at least 1");
        } else if self.pool.min > self.pool.max {
            at("pool.min", "must not be more than pool.max");
        }
        let timeouts = [("statement_timeout", self.statement_timeout), ("pool.connect_timeout", Some(self.pool.connect_timeout))];
        for (key, timeout) in timeouts {
            if timeout == Some(Duration::ZERO) {
                at(key, "must be longer than 0s; no limit can be turned off");
            }
        }
        for (key, most) in [("max_rows", self.max_rows), ("max_bytes", self.max_bytes)] {
            if most == Some(0) {
                at(key, "must be at least 1");
            }
        }
        if self.tls.client_certificate.is_some() != self.tls.client_key.is_some() {
            at("tls.client_key", "client_certificate and client_key go together");
        }
        if let Some(key) =
            self.labels.iter().find(|(key, value)| !is_label(key, MAX_LABEL_KEY) || value.len() > MAX_LABEL).map(|(key, _)| key)
        {
            let why =
                format!("a name is 1 to {MAX_LABEL_KEY} letters, digits, '_', '-', '.' and '/', a value up to {MAX_LABEL} bytes");
            at(&format!("labels.{key}"), &why);
        }
        if let Some((key, why)) = self.limits.check() {
            at(&key, &why);
        }
        if self.labels.len() > MAX_LABELS {
            at("labels", &format!("at most {MAX_LABELS}: a model reads them"));
        }
        for (key, secret) in [("password", &self.password), ("access_token", &self.access_token)] {
            if let Some(Err(why)) = secret.as_ref().map(SecretRef::check) {
                at(key, &why);
            }
        }
        if let Some(aws) = &self.aws
            && let Err(why) = aws.check(self)
        {
            let (key, why) = why.split_once(": ").unwrap_or(("aws", &why));
            at(key, why);
        }
        if let Some(exchange) = &self.token_exchange {
            wrong.extend(exchange.check().into_iter().map(|(key, why)| (key.to_owned(), why)));
        }
        wrong
    }

    pub(super) fn secrets(&mut self) -> impl Iterator<Item = &mut SecretRef> {
        let exchange = self.token_exchange.as_mut().map(|exchange| &mut exchange.client_secret);
        [self.password.as_mut(), self.access_token.as_mut(), exchange].into_iter().flatten()
    }

    pub(super) fn resolve(&mut self, base: &Path) {
        let paths = [&mut self.directory, &mut self.tls.ca_file, &mut self.tls.client_certificate, &mut self.tls.client_key];
        for path in paths.into_iter().flatten().filter(|path| path.is_relative()) {
            *path = base.join(&*path);
        }
        for secret in self.secrets() {
            secret.resolve_path(base);
        }
    }
}
