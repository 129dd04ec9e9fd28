//! The admin listener, and what the listeners say of the process's state.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretRef;

/// A listener of its own for whoever runs the server: health, metrics, and changes of what is configured.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminConfig {
    /// Address and port. A loopback address, unless `allow_remote` is set.
    pub listen: SocketAddr,
    /// What requests must carry as `Authorization: Bearer …`: `env:NAME` or `file:PATH`, at least 16 characters. A file is read anew for
    /// each request.
    pub token: SecretRef,
    /// Listen on an address that other machines reach. Put TLS before it: the token would cross the network in the clear.
    #[serde(default)]
    pub allow_remote: bool,
    /// Names by which it may be called, beside loopback ones and the listening address.
    #[serde(default)]
    pub allowed_hosts: Vec<String>,
    /// Where changes that are made through it are kept, so that they outlast a restart. Without it they end with the process.
    #[serde(default)]
    pub changes_file: Option<std::path::PathBuf>,
}

/// When `/readyz` says that requests may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReadyWhen {
    /// While the server serves, whatever state its databases are in: one that is down is told of to whoever calls it.
    #[default]
    Serving,
    /// While at least one database isn't down, too.
    Any,
    /// While no database is down, too.
    All,
}

impl AdminConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        if !self.listen.ip().is_loopback() && !self.allow_remote {
            return Err(format!(
                "admin.listen: {} is not a loopback address; other machines reach it only with admin.allow_remote: true",
                self.listen
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use crate::config::Config;

    #[test]
    fn other_machines_are_let_in_only_where_it_is_said() {
        for (listen, remote, allowed) in [
            ("127.0.0.1:8001", false, true),
            ("'[::1]:8001'", false, true),
            ("0.0.0.0:8001", false, false),
            ("192.168.1.5:8001", false, false),
            ("0.0.0.0:8001", true, true),
        ] {
            let text = format!("{{databases: {{}}, admin: {{listen: {listen}, token: 'env:T', allow_remote: {remote}}}}}");
            let parsed = Config::parse(&text);
            assert_eq!(parsed.is_ok(), allowed, "{listen}: {parsed:?}");
        }
        assert!(Config::parse("{databases: {}, admin: {listen: 127.0.0.1:8001}}").is_err());
    }
}
