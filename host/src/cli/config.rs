//! `bulkhead config`: what a configuration may say.

use std::process::ExitCode;

use clap::Subcommand;

use crate::config;

#[derive(Subcommand)]
pub(super) enum ConfigCommand {
    /// Print the JSON Schema of the configuration
    ///
    /// JSON Schema 2020-12, for editors and for checks elsewhere.
    Schema,
}

impl ConfigCommand {
    pub(super) fn run(self) -> ExitCode {
        match self {
            ConfigCommand::Schema => println!("{:#}", config::schema()),
        }
        ExitCode::SUCCESS
    }
}
