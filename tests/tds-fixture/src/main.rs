//! A TDS server for the tests: an implementation of the protocol of its own, independent of the driver's, so that it is a
//! check; enough T-SQL for the tests; SQLite behind it.
//!
//! Order of reading: `config` and `listen` (ports, TLS, login), `tds` (the protocol), `run` (sessions and statements),
//! `sql` (T-SQL into SQLite's SQL), `catalog` (what `sys` shows), `types`, `convert`, `time`, `decimal`, `udt`,
//! `collation` (values), `admin` (how tests look from outside).

#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::result_large_err,
    reason = "a test's server: a mistake in it is to be seen"
)]
#![deny(unsafe_code)]

mod admin;
mod catalog;
mod collation;
mod config;
mod convert;
mod decimal;
mod error;
mod functions;
mod listen;
mod run;
mod server;
mod sql;
mod tds;
mod time;
mod types;
mod udt;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};

fn main() -> Result<()> {
    let file = std::env::args_os().nth(1).context("the configuration's file is missing")?;
    let config = config::Config::read(Path::new(&file))?;
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let server = server::Server::new(config, folder.path().to_owned()).map_err(|error| anyhow!("{}", error.message))?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(listen::serve(Arc::new(server)))
}
