//! Where a server's databases come from: a file, the environment, or the command line for a single one.

use std::path::PathBuf;

use crate::config::{self, Environment, Flags};

#[derive(Clone, clap::Args)]
pub(super) struct Source {
    /// The configuration, YAML or JSON
    #[arg(long, short, value_name = "FILE", env = "BULKHEAD_CONFIG")]
    config: Option<PathBuf>,
    /// One database behind the RDS Data API, by its cluster
    #[arg(long = "resource_arn", visible_alias = "resource-arn", value_name = "ARN")]
    resource_arn: Option<String>,
    /// One PostgreSQL database, by its server
    #[arg(long, value_name = "HOST")]
    hostname: Option<String>,
    /// That server's port
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// The secret with its user and password
    #[arg(long = "secret_arn", visible_alias = "secret-arn", value_name = "ARN")]
    secret_arn: Option<String>,
    /// The catalog
    #[arg(long, value_name = "NAME")]
    database: Option<String>,
    /// The region; without it the environment's, else the cluster's own
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Refuse writes
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", action = clap::ArgAction::Set)]
    readonly: Option<bool>,
}

impl Source {
    /// The same, for the configuration to be read from.
    pub(super) fn of(self, listen: Option<std::net::SocketAddr>, sse: bool) -> config::Source {
        let Source { config, resource_arn, hostname, port, secret_arn, database, region, readonly } = self;
        let flags = Flags { resource_arn, hostname, port, secret_arn, database, region, readonly, listen, sse };
        config::Source { file: config, flags, environment: Environment::process() }
    }
}
