//! `bulkhead config`: what a configuration may say, what one says, and the beginning of one.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::UNUSABLE;
use crate::config;

mod check;
mod init;
mod show;

use super::ConfigFile;

#[derive(Subcommand)]
pub(super) enum ConfigCommand {
    /// Print the JSON Schema of the configuration
    ///
    /// JSON Schema 2020-12, for editors and for checks elsewhere.
    Schema,
    /// Check a configuration and say everything that is wrong with it
    ///
    /// Connects to nothing. Ends with 2 if there is an error. What works and could be better is said on standard error.
    Check {
        #[command(flatten)]
        config: ConfigFile,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Load no drivers: their options aren't looked at
        #[arg(long)]
        no_drivers: bool,
    },
    /// Show what a configuration comes to, with every default, and where each value comes from
    ///
    /// Secrets aren't shown: their references are, and `***` where one stands in the file.
    Show {
        #[command(flatten)]
        config: ConfigFile,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write an example to begin with
    Init {
        /// Where to; `-` for standard output
        #[arg(value_name = "FILE", default_value = "bulkhead.yaml")]
        file: PathBuf,
        /// Replace a file that is there
        #[arg(long)]
        force: bool,
    },
}

impl ConfigCommand {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            ConfigCommand::Schema => {
                super::print(&format!("{:#}\n", config::schema()))?;
                Ok(ExitCode::SUCCESS)
            }
            ConfigCommand::Check { config, json, no_drivers } => {
                let good = check::run(&config.source(), json, !no_drivers).await?;
                Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(UNUSABLE) })
            }
            ConfigCommand::Show { config, json } => {
                show::run(&config.source(), json)?;
                Ok(ExitCode::SUCCESS)
            }
            ConfigCommand::Init { file, force } => {
                init::run(&file, force)?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}
