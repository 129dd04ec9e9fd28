//! The sections `delegation` and `mcp` of another server's configuration, as they are written there. They become databases and tools
//! of ours before anything is used.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SecretRef, TokenExchange};

/// Databases, as the modules of another server.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    /// Each a database: of PostgreSQL where the name begins with `postgresql`, of SQL Server where it begins with `mssql`.
    #[serde(default)]
    pub modules: BTreeMap<String, Module>,
}

/// One database.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// What is in it.
    #[serde(default, rename = "_comment")]
    pub comment: Option<String>,
    /// The server's name or address.
    #[serde(alias = "server")]
    #[schemars(extend("x-aliases" = ["server"]))]
    pub host: String,
    /// Without it the driver's default.
    #[serde(default)]
    pub port: Option<u16>,
    /// The catalog.
    #[serde(default)]
    pub database: Option<String>,
    /// The service's user.
    #[serde(default, alias = "userName")]
    #[schemars(extend("x-aliases" = ["userName"]))]
    pub user: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<SecretRef>,
    /// Encryption.
    #[serde(default)]
    pub options: ModuleOptions,
    /// Connections.
    #[serde(default)]
    pub pool: ModulePool,
    /// A caller's token is exchanged for one of the database's.
    #[serde(default, rename = "tokenExchange")]
    pub token_exchange: Option<TokenExchange>,
}

/// How a module's server is reached.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModuleOptions {
    /// PostgreSQL. True: TLS, everything verified. False: none.
    pub ssl: Option<bool>,
    /// SQL Server. True: TLS. False: the login alone is encrypted.
    pub encrypt: Option<bool>,
    /// SQL Server. True: no certificate is verified.
    #[serde(rename = "trustServerCertificate")]
    pub trust_server_certificate: Option<bool>,
    /// SQL Server. It is always on here.
    #[serde(rename = "enableArithAbort")]
    pub enable_arith_abort: Option<bool>,
}

/// A module's connections.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModulePool {
    /// The most at once.
    pub max: Option<u32>,
    /// Kept open.
    pub min: Option<u32>,
    /// An unused one is closed after this.
    #[serde(rename = "idleTimeoutMillis")]
    pub idle_timeout_millis: Option<u64>,
    /// How long connecting may take, and how long a call waits for a connection.
    #[serde(rename = "connectionTimeoutMillis")]
    pub connection_timeout_millis: Option<u64>,
}

/// The tools, as another server turns them on.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct McpSection {
    /// Tools by name: those that aren't true here are off.
    #[serde(default, rename = "enabledTools")]
    pub enabled_tools: Option<BTreeMap<String, bool>>,
}
