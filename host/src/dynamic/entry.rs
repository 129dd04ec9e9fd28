//! From what a caller gave to a database's entry: what a caller may decide is taken over and checked, all else is the operator's.

use std::path::Path;

use super::given::{blank, invalid};
use super::rules::Rules;
use crate::config::{self, DatabaseConfig, PolicyRef, SecretRef, TlsConfig};
use crate::contract::{ErrorKind, Features};
use crate::driver::Driver;
use crate::error::CallError;

/// Hosts in one connection string: more than a cluster has.
const MAX_ENDPOINTS: usize = 8;
/// The options of drivers that are a caller's to set: none of them reads a file, keeps more memory or changes what a session may do.
const OPTIONS: [&str; 7] =
    ["search_path", "channel_binding", "encryption", "instance", "application_intent", "language", "packet_size"];
/// An option that is a list of the server's own settings, and those of them that are a caller's to set.
const SETTINGS: (&str, [&str; 6]) =
    ("settings", ["application_name", "search_path", "timezone", "datestyle", "intervalstyle", "lock_timeout"]);

impl Rules {
    /// The entry of a database that a caller named.
    ///
    /// # Errors
    /// What of it isn't allowed.
    pub(super) fn entry(&self, given: DatabaseConfig, driver: &Driver) -> Result<DatabaseConfig, CallError> {
        no_more_than_its_own(&given)?;
        let own = blank(&given.driver)?;
        let mut entry = own.clone();
        let embedded = driver.manifest.features.contains(Features::EMBEDDED);
        if embedded {
            self.directory(&mut entry, &given)?;
        } else {
            self.hosts(&mut entry, &given, driver)?;
        }
        entry.catalog = given.catalog;
        entry.user = given.user;
        entry.password = given.password;
        entry.options = given.options;
        let rules = self.config();
        entry.policy = rules.policy.clone().map(|policy| PolicyRef::Inline(Box::new(policy)));
        entry.read_only = Some(rules.read_only || given.read_only == Some(true));
        entry.confirm_writes = Some(false);
        entry.catalogs = Some(Vec::new());
        entry.statement_timeout =
            Some(given.statement_timeout.map_or(rules.statement_timeout, |given| given.min(rules.statement_timeout)));
        entry.max_rows = Some(rules.max_rows);
        entry.max_bytes = Some(rules.max_bytes);
        entry.pool = rules.pool.clone();
        entry.pool.max = narrower(given.pool.max, own.pool.max, rules.pool.max).max(rules.pool.min);
        entry.pool.connect_timeout = narrower(given.pool.connect_timeout, own.pool.connect_timeout, rules.pool.connect_timeout);
        Ok(entry)
    }

    fn hosts(&self, entry: &mut DatabaseConfig, given: &DatabaseConfig, driver: &Driver) -> Result<(), CallError> {
        let Some(host) = &given.host else { return Err(invalid("the host is missing".to_owned())) };
        let Some(port) = given.port.or(driver.manifest.default_port) else {
            return Err(invalid("the port is missing".to_owned()));
        };
        if given.endpoints.len() >= MAX_ENDPOINTS {
            return Err(invalid(format!("more than {MAX_ENDPOINTS} hosts")));
        }
        let modes = &self.config().tls_modes;
        if !modes.contains(&given.tls.mode) {
            let modes: Vec<String> = modes.iter().map(|mode| mode.to_string()).collect();
            let what = format!("the TLS mode {} is not among those that may be used (dynamic.tls_modes)", given.tls.mode);
            return Err(CallError::new(ErrorKind::Permission, what).hint(format!("there are: {}", modes.join(", "))));
        }
        entry.host = Some(self.host(host, port)?);
        entry.port = Some(port);
        for text in &given.endpoints {
            let Some((host, port)) = config::endpoint(text) else { return Err(invalid("a host is not `host:port`".to_owned())) };
            let host = self.host(host, port)?;
            entry.endpoints.push(if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") });
        }
        entry.tls = TlsConfig { mode: given.tls.mode, ca_file: self.config().ca_file.clone(), ..TlsConfig::default() };
        Ok(())
    }

    fn host(&self, host: &str, port: u16) -> Result<String, CallError> {
        let refused = |why| CallError::new(ErrorKind::Permission, why);
        let host = self.allowed().host(host).map_err(refused)?;
        self.allowed().port(port).map_err(refused)?;
        Ok(host)
    }

    fn directory(&self, entry: &mut DatabaseConfig, given: &DatabaseConfig) -> Result<(), CallError> {
        if given.host.is_some() {
            return Err(invalid(format!("the driver {:?} has no hosts: it keeps its databases in files", given.driver)));
        }
        let is_name = |name: &String| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', ':', '?']);
        if !given.catalog.as_ref().is_some_and(is_name) {
            return Err(invalid("the database's file is missing, or its name isn't plain".to_owned()));
        }
        let canonical = |path: &Path| std::fs::canonicalize(path).ok();
        let wanted = given.directory.as_deref().and_then(canonical);
        // The operator's own directory, not the caller's way to it.
        let listed = self
            .config()
            .allow_directories
            .iter()
            .filter_map(|listed| canonical(listed))
            .find(|listed| Some(listed) == wanted.as_ref());
        let what = "the directory is not among those that may be used (dynamic.allow_directories)";
        entry.directory = Some(listed.ok_or_else(|| CallError::new(ErrorKind::Permission, what))?);
        Ok(())
    }
}

/// What a caller asks for, if it asks for anything, as far as it is no more than what there is.
fn narrower<T: Ord>(given: T, unsaid: T, most: T) -> T {
    if given == unsaid { most } else { given.min(most) }
}

/// A caller's string must not have the host read a file or a variable, nor set what is the operator's.
fn no_more_than_its_own(given: &DatabaseConfig) -> Result<(), CallError> {
    let refused =
        |what: &str| Err(CallError::new(ErrorKind::Permission, format!("{what}: not in a connection that a caller names")));
    if given.tls.files().next().is_some() {
        return refused("files of certificates and keys are the operator's to name");
    }
    if given.tls.server_name.is_some() || given.tls.allow_plaintext_password {
        return refused("the name in the certificate, and a password in the clear, are the operator's to allow");
    }
    if !matches!(given.password, None | Some(SecretRef::Plain(_))) || given.access_token.is_some() {
        return refused("a secret is given as itself, not by where it is kept");
    }
    let (settings, known) = SETTINGS;
    if given.options.keys().any(|option| !OPTIONS.contains(&option.as_str()) && option != settings) {
        return refused(&format!("options beside {} are the operator's to set", OPTIONS.join(", ")));
    }
    let mut names = given.options.get(settings).and_then(serde_json::Value::as_object).into_iter().flat_map(|all| all.keys());
    if names.any(|name| !known.contains(&name.to_ascii_lowercase().as_str())) {
        return refused(&format!("settings beside {} are the operator's to set", known.join(", ")));
    }
    let mut own = blank(&given.driver)?;
    own.host = given.host.clone();
    own.port = given.port;
    own.endpoints = given.endpoints.clone();
    own.directory = given.directory.clone();
    own.catalog = given.catalog.clone();
    own.user = given.user.clone();
    own.password = given.password.clone();
    own.tls.mode = given.tls.mode;
    own.options = given.options.clone();
    // Less may be asked for.
    own.read_only = given.read_only.filter(|read_only| *read_only);
    own.statement_timeout = given.statement_timeout;
    own.pool.max = given.pool.max;
    own.pool.connect_timeout = given.pool.connect_timeout;
    if own == *given { Ok(()) } else { refused("limits and pools are the operator's to set") }
}
