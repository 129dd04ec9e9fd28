//! Databases that callers name themselves: off unless this is there, and then within these lists.

mod host_rule;

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use host_rule::host_name;
pub use host_rule::{HostRule, Network};

use super::{PolicyConfig, PoolConfig, TlsMode, duration};

/// Connections to databases that aren't configured, by connection strings: what they may be. Without this section there are none.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DynamicConfig {
    /// The drivers.
    pub drivers: Vec<String>,
    /// Where the databases may be: `db.example.com`, `*.internal.example.com` (at any depth), `10.1.2.3`, `10.0.0.0/8`. A name leads to what
    /// isn't public (private, loopback and link-local addresses) only where that is listed by its address, too; `localhost` alone leads
    /// to loopback. Metadata services of clouds are refused whatever is listed.
    #[serde(default)]
    pub hosts: Vec<HostRule>,
    /// The ports.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// How the connections may be encrypted. The first is that of connections that don't say.
    #[serde(default = "default_tls_modes")]
    pub tls_modes: Vec<TlsMode>,
    /// PEM file of the certificate authorities to believe. None: the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Directories of embedded databases, for drivers that have them. Their subdirectories aren't meant.
    #[serde(default)]
    pub allow_directories: Vec<PathBuf>,
    /// Databases of one session.
    #[serde(default = "default_max_per_session")]
    pub max_per_session: usize,
    /// Databases of all sessions together, and connection strings of the header at once.
    #[serde(default = "default_max")]
    pub max: usize,
    /// A database that isn't used for this long is closed.
    #[serde(default = "default_idle_timeout", with = "duration")]
    #[schemars(with = "duration::Text")]
    pub idle_timeout: Duration,
    /// Refuse all writes.
    #[serde(default = "default_read_only")]
    pub read_only: bool,
    /// The longest a statement may run, whatever a caller asks for.
    #[serde(default = "default_statement_timeout", with = "duration")]
    #[schemars(with = "duration::Text")]
    pub statement_timeout: Duration,
    /// The most rows in one answer, whatever a caller asks for.
    #[serde(default = "default_max_rows")]
    pub max_rows: u64,
    /// The most bytes of values in one answer.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: u64,
    /// What else may be done: schemas, tables, functions, tools. The limits are those above.
    #[serde(default)]
    pub policy: Option<PolicyConfig>,
    /// The connections of each.
    #[serde(default = "default_pool")]
    pub pool: PoolConfig,
    /// Takes a connection string in each request's `X-Database-Connection-String` as well.
    #[serde(default)]
    pub header: bool,
}

/// What an agent compares at a time, with room.
const DEFAULT_MAX_PER_SESSION: usize = 4;
/// An open connection takes some hundred kilobytes.
const DEFAULT_MAX: usize = 256;
/// Longer than a person thinks, shorter than a forgotten window.
const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// One caller at a time, mostly.
const DEFAULT_POOL: usize = 2;

fn default_tls_modes() -> Vec<TlsMode> {
    vec![TlsMode::VerifyFull]
}

fn default_max_per_session() -> usize {
    DEFAULT_MAX_PER_SESSION
}

fn default_max() -> usize {
    DEFAULT_MAX
}

fn default_idle_timeout() -> Duration {
    DEFAULT_IDLE_TIMEOUT
}

fn default_read_only() -> bool {
    true
}

fn default_statement_timeout() -> Duration {
    super::DEFAULT_STATEMENT_TIMEOUT
}

fn default_max_rows() -> u64 {
    super::DEFAULT_MAX_ROWS
}

fn default_max_bytes() -> u64 {
    super::DEFAULT_MAX_BYTES
}

fn default_pool() -> PoolConfig {
    PoolConfig { max: DEFAULT_POOL, ..PoolConfig::default() }
}

impl DynamicConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        let at = |key: &str, why: &str| Err(format!("dynamic.{key}: {why}"));
        if self.drivers.is_empty() {
            return at("drivers", "names no driver: leave `dynamic` out to have no dynamic connections");
        }
        if self.hosts.is_empty() && self.allow_directories.is_empty() {
            return at("hosts", "lists no host: nothing could be connected to");
        }
        if self.ports.is_empty() && !self.hosts.is_empty() {
            return at("ports", "lists no port: nothing could be connected to");
        }
        if self.tls_modes.is_empty() {
            return at("tls_modes", "lists no mode: nothing could be connected to");
        }
        if self.max == 0 || self.max_per_session == 0 {
            return at("max", "and max_per_session must be at least 1");
        }
        if self.pool.max == 0 || self.pool.min > self.pool.max {
            return at("pool.max", "must be at least 1, and at least pool.min");
        }
        if let Some(policy) = &self.policy {
            policy.check().into_iter().next().map_or(Ok(()), |why| Err(format!("dynamic.policy.{why}")))?;
        }
        if self.max_rows == 0 || self.max_bytes == 0 {
            return at("max_rows", "and max_bytes must be at least 1");
        }
        if self.statement_timeout.is_zero() {
            return at("statement_timeout", "must be longer than 0s; no limit can be turned off");
        }
        Ok(())
    }

    pub(super) fn resolve(&mut self, base: &Path) {
        for path in self.ca_file.iter_mut().chain(&mut self.allow_directories).filter(|path| path.is_relative()) {
            *path = base.join(&*path);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::super::Config;

    fn parsed(dynamic: &str) -> Result<Config, String> {
        let text = format!("{{databases: {{main: {{driver: postgres, host: h}}}}, dynamic: {dynamic}}}");
        Config::parse(&text).map_err(|why| why.to_string())
    }

    #[test]
    fn without_it_there_is_none_and_with_it_little() {
        assert!(Config::parse("databases: {main: {driver: postgres, host: h}}").unwrap().dynamic.is_none());
        let dynamic = parsed("{drivers: [postgres], hosts: [db.example.com], ports: [5432]}").unwrap().dynamic.unwrap();
        assert!(dynamic.read_only && !dynamic.header);
        assert_eq!((dynamic.max_per_session, dynamic.max, dynamic.idle_timeout.as_secs()), (4, 256, 600));
        assert_eq!(dynamic.tls_modes, [super::TlsMode::VerifyFull]);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, word) in [
            ("{drivers: [], hosts: [h], ports: [1]}", "dynamic.drivers"),
            ("{drivers: [postgres], ports: [1]}", "dynamic.hosts"),
            ("{drivers: [postgres], hosts: [h]}", "dynamic.ports"),
            ("{drivers: [postgres], hosts: ['*'], ports: [1]}", "no host"),
            ("{drivers: [postgres], hosts: ['127.1'], ports: [1]}", "no host"),
            ("{drivers: [postgres], hosts: [h], ports: [1], tls_modes: []}", "dynamic.tls_modes"),
            ("{drivers: [postgres], hosts: [h], ports: [1], max: 0}", "dynamic.max"),
            ("{drivers: [postgres], hosts: [h], ports: [1], pool: {max: 0}}", "dynamic.pool.max"),
            ("{drivers: [postgres], hosts: [h], ports: [1], password: x}", "password"),
        ] {
            let why = parsed(text).unwrap_err();
            assert!(why.contains(word), "{word}: {why}");
        }
        let reserved = "{databases: {connection-string: {driver: postgres, host: h}}, dynamic: {drivers: [postgres], hosts: [h], ports: [1], header: true}}";
        assert!(Config::parse(reserved).unwrap_err().to_string().contains("databases.connection-string"));
        let handle =
            "{databases: {dynamic-1: {driver: postgres, host: h}}, dynamic: {drivers: [postgres], hosts: [h], ports: [1]}}";
        assert!(Config::parse(handle).unwrap_err().to_string().contains("databases.dynamic-1"));
    }
}
