//! Where a server's databases come from: a file, or the command line for a single one.

use std::path::PathBuf;

use super::load;
use crate::config::{Config, DataApi};

#[derive(Clone, clap::Args)]
pub(super) struct Source {
    /// The configuration, YAML or JSON
    #[arg(long, short, value_name = "FILE", env = "BULKHEAD_CONFIG", required_unless_present = "resource_arn")]
    config: Option<PathBuf>,
    /// In place of a file: one database behind the RDS Data API, by its cluster
    #[arg(long = "resource_arn", visible_alias = "resource-arn", value_name = "ARN", env = "POSTGRES_RESOURCE_ARN")]
    resource_arn: Option<String>,
    /// The secret with its user and password
    #[arg(long = "secret_arn", visible_alias = "secret-arn", value_name = "ARN", env = "POSTGRES_SECRET_ARN")]
    secret_arn: Option<String>,
    /// The catalog
    #[arg(long, value_name = "NAME", env = "POSTGRES_DATABASE")]
    database: Option<String>,
    /// The region; without it the environment's, else the cluster's own
    #[arg(long, value_name = "REGION", requires = "resource_arn")]
    region: Option<String>,
    /// Refuse writes
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", requires = "resource_arn", action = clap::ArgAction::Set)]
    readonly: Option<bool>,
}

impl Source {
    /// The files that it is read from.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.config.iter().cloned().collect()
    }

    /// The file, where one is given; else the single database.
    pub(super) fn load(&self) -> anyhow::Result<Config> {
        let Source { config, resource_arn, secret_arn, database, region, readonly } = self.clone();
        match (config, resource_arn) {
            (Some(file), _) => load(&file),
            (None, Some(resource_arn)) => {
                Ok(DataApi { resource_arn, secret_arn, database, region, read_only: readonly.unwrap_or(false) }.config()?)
            }
            (None, None) => anyhow::bail!("--config is missing"),
        }
    }
}
