//! What the sandbox costs.
//!
//! Every figure is a ratio to a native client that did the same work in the same run, in rounds that take turns, and the median
//! of the rounds: a machine's noise is in both.

mod cpu;
mod idle;
mod native;
mod neighbour;
mod postgres;
mod rds;
mod report;
mod sqlite;
mod sqlserver;
mod work;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Arguments {
    /// The folder of built drivers.
    #[arg(long, env = "BULKHEAD_TEST_DRIVERS")]
    drivers: PathBuf,
    /// Print figures as JSON lines.
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The PostgreSQL driver against tokio-postgres.
    Postgres(Server),
    /// The SQLite driver against rusqlite.
    Sqlite,
    /// The SQL Server driver against tiberius.
    Sqlserver(Server),
    /// The RDS Data API driver against AWS's SDK. The keys are those of the environment.
    Rds(rds::StandIn),
    /// What an idle open connection holds.
    Idle(Server),
    /// A neighbour's worst call while other drivers spin.
    Neighbour {
        /// The folder of built hostile drivers.
        #[arg(long, env = "BULKHEAD_TEST_HOSTILE")]
        hostile: PathBuf,
    },
}

/// A server.
#[derive(clap::Args, Clone)]
pub(crate) struct Server {
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    #[arg(long)]
    port: u16,
    #[arg(long)]
    user: String,
    #[arg(long, env = "BULKHEAD_BENCH_PASSWORD", hide_env_values = true)]
    password: String,
    #[arg(long)]
    database: String,
    /// Rounds of each side.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = bulkhead::runtime()?;
    runtime.block_on(async {
        match &arguments.what {
            What::Postgres(server) => postgres::run(server, &arguments.drivers, arguments.json).await,
            What::Sqlserver(server) => sqlserver::run(server, &arguments.drivers, arguments.json).await,
            What::Rds(stand_in) => rds::run(stand_in, &arguments.drivers, arguments.json).await,
            What::Sqlite => sqlite::run(&arguments.drivers, arguments.json).await,
            What::Idle(server) => idle::run(server, &arguments.drivers, arguments.json).await,
            What::Neighbour { hostile } => neighbour::run(&arguments.drivers, hostile, arguments.json).await,
        }
    })
}
