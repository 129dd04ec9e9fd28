//! `bulkhead policy`: what a configuration allows.

use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;

use super::{ConfigFile, FAILED, open};

#[derive(Subcommand)]
pub(super) enum Policy {
    /// Say whether a statement would be allowed, and why
    ///
    /// Runs nothing and connects to nothing. The exit code is 0 if it would be allowed, and 1 if not.
    Explain {
        #[command(flatten)]
        config: ConfigFile,
        /// The database's id; without it the default one
        #[arg(long, short, value_name = "ID")]
        database: Option<String>,
        /// As in a read-only session
        #[arg(long)]
        read_only: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
        /// One statement
        #[arg(value_name = "SQL")]
        sql: String,
    },
}

impl Policy {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let Policy::Explain { config, database, read_only, json, sql } = self;
        let registry = open(config.load()?).await?;
        let found = registry.resolve(database.as_deref()).map_err(|why| anyhow::anyhow!("{why}"))?;
        let explained = found.policy().explain(&sql, read_only);
        if json {
            println!("{}", serde_json::to_string_pretty(&explained).context("writing JSON")?);
        } else {
            print!("{explained}");
        }
        registry.shutdown().await;
        Ok(if explained.allowed { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }
}
