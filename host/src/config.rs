//! The configuration file: what an operator writes, as types.
//!
//! A file is read once, checked here, and not looked at again: everything behind [`Config::load`] works on checked values.
//! Secrets are resolved when a database is opened, not when the file is read, so that a missing one is that database's fault
//! alone.

mod admin;
mod alias;
mod aws;
mod database;
mod duration;
mod place;
mod policy;
mod reload;
mod schema;
mod secret;
mod sessions;
mod statement;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use admin::{AdminConfig, ReadyWhen};
pub use alias::DataApi;
pub use aws::AwsConfig;
pub(crate) use aws::HttpEndpoint;
pub(crate) use database::endpoint;
pub use database::{DatabaseConfig, PoolConfig, TlsConfig, TlsMode};
pub(crate) use policy::{DEFAULT_MAX_BYTES, DEFAULT_MAX_ROWS, DEFAULT_STATEMENT_TIMEOUT};
pub use policy::{FunctionsConfig, PolicyConfig, PolicyRef, ToolsConfig};
pub use reload::ReloadConfig;
pub use schema::schema;
pub use secret::{Secret, SecretRef};
pub use sessions::SessionsConfig;
pub use statement::{ParameterType, SavedParameter, SavedStatement};

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
    pub databases: BTreeMap<String, DatabaseConfig>,
    /// The database of calls that name none. With one database configured it is that one.
    #[serde(default)]
    pub default_database: Option<String>,
    /// Saved statements, by the names of their tools.
    #[serde(default)]
    pub statements: BTreeMap<String, SavedStatement>,
    /// When changes of all this are taken.
    #[serde(default)]
    pub reload: ReloadConfig,
    /// A listener for whoever runs the server. Without it there is none.
    #[serde(default)]
    pub admin: Option<AdminConfig>,
}

/// The HTTP server.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port.
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

/// Why a configuration can't be used. Says file, place and key where they are known.
#[derive(Debug)]
pub struct ConfigError(String);

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads and checks a YAML or JSON file. Relative paths in it become relative to the file.
    ///
    /// # Errors
    /// What is wrong with the file, and where.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|why| ConfigError(format!("{shown}: {why}")))?;
        let mut config = Config::parse(&text).map_err(|why| ConfigError(format!("{shown}: {why}")))?;
        config.resolve(path.parent().unwrap_or(Path::new(".")));
        Ok(config)
    }

    /// Reads and checks the text of a YAML or JSON file.
    ///
    /// # Errors
    /// What is wrong with the text, and where.
    pub fn parse(text: &str) -> Result<Config, ConfigError> {
        // Line and column, but no lines of the file: one of them may hold a password.
        let options = serde_saphyr::options! { with_snippet: false };
        let read = serde_saphyr::from_str_with_options(text, options);
        let mut config: Config = read.map_err(|why| {
            let keys = why.location().and_then(|location| place::keys(text, location.line()));
            ConfigError(keys.map_or_else(|| why.to_string(), |keys| format!("{keys}: {why}")))
        })?;
        for (id, database) in &mut config.databases {
            alias::resolve(id, database).map_err(ConfigError)?;
        }
        policy::resolve(&config.policies, &mut config.databases).map_err(ConfigError)?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if let Some(default) = &self.default_database
            && !self.databases.contains_key(default)
        {
            return Err(ConfigError(format!(
                "default_database: there is no database {default:?}; there are: {}",
                self.databases.keys().cloned().collect::<Vec<_>>().join(", ")
            )));
        }
        if self.server.sessions.max_connections == 0 {
            return Err(ConfigError(
                "server.sessions.max_connections: at least 1: without a connection no call can run".to_owned(),
            ));
        }
        if let Some(admin) = &self.admin {
            admin.check().map_err(ConfigError)?;
        }
        for (id, database) in &self.databases {
            database.check(id).map_err(ConfigError)?;
        }
        for (name, statement) in &self.statements {
            statement.check(name).map_err(|why| ConfigError(format!("statements.{name}: {why}")))?;
            if let Some(id) = statement.database_id.as_ref().filter(|id| !self.databases.contains_key(*id)) {
                return Err(ConfigError(format!("statements.{name}.database_id: there is no database {id:?}")));
            }
        }
        for (name, driver) in &self.drivers.settings {
            if let Some(sha256) = &driver.sha256
                && (sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()))
            {
                return Err(ConfigError(format!("drivers.settings.{name}.sha256: 64 hexadecimal digits are wanted")));
            }
        }
        Ok(())
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
        for database in self.databases.values_mut() {
            database.resolve(base);
        }
        if let Some(admin) = &mut self.admin {
            admin.token.resolve_path(base);
        }
        if self.drivers.folder.is_none() {
            let beside_file = base.join("drivers");
            let beside_binary = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("drivers")));
            self.drivers.folder =
                if beside_file.is_dir() { Some(beside_file) } else { beside_binary.filter(|path| path.is_dir()) };
        }
    }
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
            ("databases: {main: {driver: postgres, host: h, statement_timeout: soon}}", "soon"),
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
