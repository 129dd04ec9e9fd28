//! What the server is told at its start: one file of JSON.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// How a port encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encryption {
    /// Not at all.
    None,
    /// The login alone, unless the client wants more.
    Login,
    /// Required.
    On,
    /// TLS before anything else (TDS 8.0).
    Strict,
}

impl Encryption {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Encryption::None => "none",
            Encryption::Login => "login",
            Encryption::On => "on",
            Encryption::Strict => "strict",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) ports: Vec<Port>,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) users: Vec<User>,
    /// Access tokens, and whose they are.
    #[serde(default)]
    pub(crate) tokens: Vec<Token>,
    pub(crate) databases: Vec<String>,
    /// Statements in lines of JSON, answers in lines of JSON: how tests look from outside.
    pub(crate) admin_port: u16,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Port {
    pub(crate) port: u16,
    pub(crate) encryption: Encryption,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) password: String,
    /// Where its sessions begin.
    pub(crate) database: String,
    /// Databases that it can't open.
    #[serde(default)]
    pub(crate) closed: Vec<String>,
    /// Sent elsewhere instead of being let in.
    #[serde(default)]
    pub(crate) route: Option<Route>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Route {
    pub(crate) host: String,
    pub(crate) port: u16,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    pub(crate) token: String,
    pub(crate) user: String,
}

impl Config {
    pub(crate) fn read(file: &Path) -> Result<Config> {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is not a configuration", file.display()))
    }
}
