//! The configuration file: what an operator writes, as types.
//!
//! A file is read once, checked here, and not looked at again: everything behind [`Config::load`] works on checked values.
//! Secrets are resolved when a database is opened, not when the file is read, so that a missing one is that database's fault
//! alone.

mod admin;
mod alias;
mod aws;
mod connection_string;
mod database;
mod delegation;
mod duration;
mod dynamic;
mod fault;
mod fit;
mod forms;
mod identity;
mod limits;
mod load;
mod near;
mod origin;
mod overlay;
mod policy;
mod reload;
mod schema;
mod secret;
#[cfg(test)]
mod seeds;
mod sessions;
mod statement;
mod tree;
mod warnings;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use admin::{AdminConfig, ReadyWhen};
pub(crate) use alias::{region as aws_region, variable as first_variable};
pub use aws::AwsConfig;
pub(crate) use aws::HttpEndpoint;
pub use connection_string::{ConnectionStringError, parse as parse_connection_string};
pub(crate) use database::endpoint;
pub use database::{DatabaseConfig, PoolConfig, TlsConfig, TlsMode};
pub use delegation::{Delegation, McpSection, Module, ModuleOptions, ModulePool};
pub(crate) use dynamic::host_name;
pub use dynamic::{DynamicConfig, HostRule, Network};
pub use fault::{ConfigErrors, Fault};
pub use forms::{Environment, Flags};
pub use identity::{AuthConfig, TokenCache, TokenExchange, TrustedIdp};
pub use limits::{ConnectionsConfig, LimitsConfig};
pub use load::{Loaded, Source};
pub use origin::Origin;
pub use overlay::{Overlay, Section};
pub(crate) use policy::{DEFAULT_MAX_BYTES, DEFAULT_MAX_ROWS, DEFAULT_STATEMENT_TIMEOUT};
pub use policy::{FunctionsConfig, PolicyConfig, PolicyRef, ToolsConfig};
pub use reload::ReloadConfig;
pub use schema::schema;
pub use secret::{Reference, Secret, SecretRef};
pub use sessions::SessionsConfig;
pub use statement::{ParameterType, SavedParameter, SavedStatement};
pub(crate) use tree::wrong_key;

/// The id of the database whose connection string a request brings with it.
pub(crate) const ATTACHED: &str = "connection-string";
/// What the ids of connected databases begin with.
pub(crate) const DYNAMIC: &str = "dynamic-";

/// The whole file.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where and for whom the HTTP server listens.
    #[serde(default)]
    pub server: ServerConfig,
    /// Where drivers come from and what they are granted.
    #[serde(default)]
    pub drivers: DriversConfig,
    /// What may be done on databases, by name, for the entries that refer to one.
    #[serde(default)]
    pub policies: BTreeMap<String, PolicyConfig>,
    /// The databases, by id.
    #[serde(default)]
    pub databases: BTreeMap<String, DatabaseConfig>,
    /// The database of calls that name none. With one database configured it is that one.
    #[serde(default)]
    pub default_database: Option<String>,
    /// Saved statements, by the names of their tools.
    #[serde(default)]
    pub statements: BTreeMap<String, SavedStatement>,
    /// Connections of all databases together.
    #[serde(default)]
    pub connections: ConnectionsConfig,
    /// When changes of all this are taken.
    #[serde(default)]
    pub reload: ReloadConfig,
    /// A listener for whoever runs the server. Without it there is none.
    #[serde(default)]
    pub admin: Option<AdminConfig>,
    /// Secrets that are elsewhere.
    #[serde(default)]
    pub secrets: SecretsConfig,
    /// Who vouches for callers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<AuthConfig>,
    /// Databases as another server has them: they become entries of `databases`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<Delegation>,
    /// Tools as another server has them: they become `server.tools`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp: Option<McpSection>,
    /// Connections to databases that aren't configured. Without it there are none.
    #[serde(default)]
    pub dynamic: Option<DynamicConfig>,
}

/// Secrets in files of their own.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SecretsConfig {
    /// Takes a secret from a file that others than its owner can read. Kubernetes mounts secrets so, unless told `defaultMode: 0400`.
    pub allow_readable_files: bool,
}

/// The HTTP server.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port.
    #[schemars(with = "String", extend("format" = ADDRESS))]
    pub listen: SocketAddr,
    /// The path of the MCP endpoint.
    pub path: String,
    /// Serves HTTP+SSE at `/sse` and `/messages`, too, for clients of protocol version 2024-11-05.
    pub sse: bool,
    /// Origins of browsers that may call, beside loopback ones: `https://app.example.com`.
    pub allowed_origins: Vec<String>,
    /// Names by which clients may call, beside loopback ones and the listening address: `db.example.com`.
    pub allowed_hosts: Vec<String>,
    /// Tools beside those that every client sees.
    pub toolsets: Vec<Toolset>,
    /// Tools that are turned off by `false`, by name.
    pub tools: BTreeMap<String, bool>,
    /// Tools under the names that clients of another server know, in place of our own.
    pub family: Option<Family>,
    /// What callers have between calls.
    pub sessions: SessionsConfig,
    /// Serves `/metrics` to whoever reaches this listener, without a token; the admin listener serves it in any case.
    pub metrics: bool,
    /// When `/readyz` says that requests may come.
    pub ready_when: ReadyWhen,
}

/// Some tools that are turned on together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Toolset {
    /// `session_info`, `list_sessions`.
    Sessions,
    /// `begin_transaction`, `commit`, `rollback`.
    Transactions,
    /// `list_catalogs`, `list_routines`, `table_stats`, `server_info`, `user_info`, `explain_policy`, `test_connection`.
    Administration,
    /// `execute_script`.
    Scripts,
}

/// Another server whose clients' names for tools are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// `execute_query`, `list_databases`, `list_tables`, `list_views`, `describe_table`, `get_foreign_keys`, `get_table_stats`,
    /// `get_server_info`, `test_connection`.
    Sqlserver,
    /// `run_query`, `get_table_schema`, `list_databases`, `get_database_info`, `health_check`, and over PostgreSQL's catalogs
    /// `show_postgresql_settings`, `identify_slow_queries`, `analyze_table_fragmentation`, `analyze_vacuum_stats`,
    /// `analyze_query_performance`, `recommend_indexes`.
    Awslabs,
    /// For each database `PREFIX-delegate`, `PREFIX-schema`, `PREFIX-table-details`; `health-check`, `user-info`.
    Delegate,
    /// `database_selector`, `database_connect`, `query`, `batch_query`, `list_tables`, `describe_table`, `list_databases`, with answers
    /// of that server's shape.
    PoolRegistry,
}

impl Default for ServerConfig {
    fn default() -> Self {
        ServerConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            path: "/mcp".to_owned(),
            sse: false,
            allowed_origins: Vec::new(),
            allowed_hosts: Vec::new(),
            toolsets: Vec::new(),
            tools: BTreeMap::new(),
            family: None,
            sessions: SessionsConfig::default(),
            metrics: false,
            ready_when: ReadyWhen::default(),
        }
    }
}

/// Drivers: every `NAME.wasm` in the folder, and those named.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DriversConfig {
    /// The folder, relative to the file. None: `drivers` beside the file, or beside the binary.
    pub folder: Option<PathBuf>,
    /// Where compiled drivers are kept. None: the user's cache directory.
    pub cache: Option<PathBuf>,
    /// Settings of single drivers, by name.
    pub settings: BTreeMap<String, DriverConfig>,
}

/// One driver.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DriverConfig {
    /// The component, where it isn't in the folder.
    pub path: Option<PathBuf>,
    /// The component's sha256 in hexadecimal: another file is refused.
    pub sha256: Option<String>,
    /// What it may import beyond the defaults.
    pub grants: Vec<Grant>,
    /// Linear memory of one instance, in MiB.
    pub max_memory_mib: Option<u32>,
}

/// Something that a driver gets only when the operator says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Grant {
    /// `secrets-reveal`: the driver sees passwords in the clear.
    RevealSecrets,
    /// `wasi:http`, signed by the host: the driver sends requests to its database's endpoint. Given also by the `aws` of a database.
    SignedHttp,
}

/// The schema's `format` of an address and a port.
const ADDRESS: &str = "bulkhead-address";

impl Config {
    /// Reads and checks a YAML or JSON file. Relative paths in it become relative to the file.
    ///
    /// # Errors
    /// Everything that is wrong with the file, and where.
    pub fn load(path: &Path) -> Result<Config, ConfigErrors> {
        Ok(Source::file(path).load()?.config)
    }

    /// Reads and checks the text of a YAML or JSON file.
    ///
    /// # Errors
    /// Everything that is wrong with the text, and where.
    pub fn parse(text: &str) -> Result<Config, ConfigErrors> {
        Ok(load::text(text)?.config)
    }

    /// What is wrong with it as a whole, by key. `ids` are those of all databases that were written, also of those that don't fit.
    fn check(&self, ids: &BTreeSet<String>) -> Vec<(String, String)> {
        let mut wrong = Vec::new();
        let there = |id: &str| ids.contains(id) || self.databases.contains_key(id);
        if let Some(default) = self.default_database.as_ref().filter(|id| !there(id)) {
            let all = self.databases.keys().cloned().collect::<Vec<_>>().join(", ");
            wrong.push(("default_database".to_owned(), format!("there is no database {default:?}; there are: {all}")));
        }
        if self.server.sessions.max_connections == 0 {
            let why = "at least 1: without a connection no call can run";
            wrong.push(("server.sessions.max_connections".to_owned(), why.to_owned()));
        }
        if self.connections.max == 0 {
            wrong.push(("connections.max".to_owned(), "at least 1: without a connection no call can run".to_owned()));
        }
        if let Some(Err(why)) = self.admin.as_ref().map(AdminConfig::check) {
            let (key, why) = why.split_once(": ").unwrap_or(("admin", &why));
            wrong.push((key.to_owned(), why.to_owned()));
        }
        for (id, database) in &self.databases {
            if id.is_empty() || id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)) {
                wrong.push((format!("databases.{id}"), "an id is 1 to 64 letters, digits, '_', '-' and '.'".to_owned()));
            }
            wrong.extend(database.check().into_iter().map(|(key, why)| (format!("databases.{id}.{key}"), why)));
        }
        if let Some(dynamic) = &self.dynamic {
            if let Err(why) = dynamic.check() {
                let (key, why) = why.split_once(": ").unwrap_or(("dynamic", &why));
                wrong.push((key.to_owned(), why.to_owned()));
            }
            let all = DYNAMIC.trim_end_matches('-');
            for id in self.databases.keys().filter(|id| *id == ATTACHED || *id == all || id.starts_with(DYNAMIC)) {
                let why = format!("with `dynamic` the ids {ATTACHED}, {all} and {DYNAMIC}… are taken");
                wrong.push((format!("databases.{id}"), why));
            }
        }
        for (name, statement) in &self.statements {
            if let Err(why) = statement.check(name) {
                wrong.push((format!("statements.{name}"), why));
            }
            if let Some(id) = statement.database_id.as_ref().filter(|id| !there(id)) {
                wrong.push((format!("statements.{name}.database_id"), format!("there is no database {id:?}")));
            }
        }
        for (name, driver) in &self.drivers.settings {
            if let Some(sha256) = &driver.sha256
                && (sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()))
            {
                wrong.push((format!("drivers.settings.{name}.sha256"), "64 hexadecimal digits are wanted".to_owned()));
            }
        }
        if let Some(auth) = &self.auth {
            wrong.extend(auth.check());
            if !auth.trusted_idps.is_empty() && !self.server.listen.ip().is_loopback() {
                let why = "with auth.trusted_idps it has to be a loopback address: callers aren't told apart yet, and whoever reaches \
                           the server would be let in";
                wrong.push(("server.listen".to_owned(), why.to_owned()));
            }
        }
        wrong
    }

    /// What isn't there, or can't be read, of what is needed to connect: by key. Nothing of it is looked at when a server starts.
    #[must_use]
    pub fn missing(&self) -> Vec<(String, String)> {
        let mut missing = Vec::new();
        for (id, database) in &self.databases {
            for (name, secret) in [("password", &database.password), ("access_token", &database.access_token)] {
                if let Some(Err(why)) = secret.as_ref().map(SecretRef::look) {
                    missing.push((format!("databases.{id}.{name}"), why));
                }
            }
        }
        missing
    }

    fn resolve(&mut self, base: &Path) {
        let absolute = |path: &mut PathBuf| {
            if path.is_relative() {
                *path = base.join(&*path);
            }
        };
        self.drivers.folder.iter_mut().for_each(absolute);
        self.drivers.cache.iter_mut().for_each(absolute);
        self.drivers.settings.values_mut().filter_map(|driver| driver.path.as_mut()).for_each(absolute);
        if let Some(dynamic) = &mut self.dynamic {
            dynamic.resolve(base);
        }
        for database in self.databases.values_mut() {
            database.resolve(base);
            if self.secrets.allow_readable_files {
                database.secrets().for_each(SecretRef::allow_readable);
            }
        }
        if let Some(admin) = &mut self.admin {
            admin.token.resolve_path(base);
            if self.secrets.allow_readable_files {
                admin.token.allow_readable();
            }
            admin.changes_file.iter_mut().for_each(absolute);
        }
        if self.drivers.folder.is_none() {
            let beside_file = base.join("drivers");
            let beside_binary = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("drivers")));
            self.drivers.folder =
                if beside_file.is_dir() { Some(beside_file) } else { beside_binary.filter(|path| path.is_dir()) };
        }
    }
}

/// Whether a host is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_small_file_has_every_default() {
        let config = Config::parse("databases: {main: {driver: postgres, host: db.example.com, user: app}}").unwrap();
        let main = &config.databases["main"];
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8000");
        assert_eq!(main.tls.mode, TlsMode::VerifyFull);
        assert_eq!(main.pool.idle_timeout.as_secs(), 300);
        assert_eq!(main.read_only, None);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, word) in [
            ("databases: {main: {driver: postgres, host: h, prot: 1}}", "prot"),
            ("databases: {main: {driver: postgres}}", "host"),
            (
                "{server: {sessions: {max_connections: 0}}, databases: {main: {driver: postgres, host: h}}}",
                "sessions.max_connections",
            ),
            ("databases: {main: {driver: postgres, host: h}}\ndefault_database: other", "other"),
            ("databases: {main: {driver: postgres, host: h, pool: {max: 0}}}", "pool.max"),
            ("databases: {main: {driver: postgres, host: h, statement_timeout: soon}}", "statement_timeout"),
            ("databases: {main: {driver: postgres, host: h, statement_timeout: 0s}}", "statement_timeout: must be longer"),
            ("databases: {main: {driver: postgres, host: h, pool: {connect_timeout: 0s}}}", "pool.connect_timeout"),
            ("databases: {main: {driver: postgres, host: h, max_bytes: 0}}", "max_bytes: must be"),
            ("databases: {main: {driver: postgres, host: h, max_rows: 99999999999999999999}}", "to 18446744073709551615"),
            ("databases: {main: {driver: postgres, connection_string: 'postgresql://h/%00'}}", "%00"),
            ("databases: {main: {driver: postgres, host: h, endpoints: [h]}}", "endpoints"),
            ("databases: {main: {driver: postgres, host: h, tls: {allow_plaintext_password: true}}}", "plaintext"),
        ] {
            let why = Config::parse(text).unwrap_err().to_string();
            assert!(why.contains(word), "{why}");
        }
    }

    #[test]
    fn a_password_is_not_in_a_debug_print() {
        let config =
            Config::parse("databases: {main: {driver: postgres, host: h, password: hunter2, access_token: hunter3}}").unwrap();
        assert!(!format!("{config:?}").contains("hunter"));
    }
}
