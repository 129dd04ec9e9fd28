//! `cargo xtask bench`: what the sandbox costs, against native programs in the same run.

mod cpu;
mod end_to_end;
mod many;
mod rds;

use std::process::Command;

use anyhow::Result;
use clap::ValueEnum;

use crate::servers::Servers;
use crate::{plugins, run, say, workspace};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these parts
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Rounds of each side
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Figures as JSON lines
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The PostgreSQL driver against tokio-postgres, in one process
    Postgres,
    /// The SQLite driver against rusqlite, in one process
    Sqlite,
    /// The SQL Server driver against tiberius, in one process
    Sqlserver,
    /// The RDS Data API driver against AWS's SDK, in one process
    Rds,
    /// An idle open connection's memory
    Idle,
    /// A neighbour's calls while four drivers spin
    Neighbour,
    /// The server against one without MCP library and sandbox, over HTTP
    EndToEnd,
    /// A hundred and a thousand databases in one process, touched at once, and a restart of their server
    Many,
}

/// Builds everything, starts the servers, and measures.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let wanted = |part| arguments.parts.is_empty() || arguments.parts.contains(&part);
    plugins::drivers(&[])?;
    plugins::hostile(&[])?;
    say::step("building the server and the benchmarks");
    // The selection of the gate, so that dependencies are built once.
    let build = ["build", "--release", "--workspace", "--exclude", "xtask", "--bins"];
    run::visible(workspace::cargo().args(build).current_dir(workspace::root()?))?;
    if arguments.parts == [Part::Many] {
        return many::run(arguments.json);
    }
    let servers = Servers::start()?;

    for (part, name) in [
        (Part::Postgres, "postgres"),
        (Part::Sqlite, "sqlite"),
        (Part::Sqlserver, "sqlserver"),
        (Part::Idle, "idle"),
        (Part::Neighbour, "neighbour"),
    ] {
        if wanted(part) {
            say::step(format_args!("measuring: {name}"));
            run::visible(&mut in_process(name, part, arguments, &servers)?)?;
        }
    }
    if wanted(Part::Rds) {
        let stand_in = rds::StandIn::start(&servers)?;
        say::step("measuring: rds");
        let mut command = in_process("rds", Part::Rds, arguments, &servers)?;
        stand_in.tell(&mut command, &servers);
        run::visible(&mut command)?;
    }
    if wanted(Part::EndToEnd) {
        say::step("measuring: end to end");
        end_to_end::run(&servers, arguments.rounds, arguments.json)?;
    }
    if wanted(Part::Many) {
        drop(servers);
        many::run(arguments.json)?;
    }
    Ok(())
}

fn in_process(name: &str, part: Part, arguments: &Arguments, servers: &Servers) -> Result<Command> {
    let mut command = Command::new(workspace::target()?.join("release/bulkhead-bench"));
    command.arg("--drivers").arg(plugins::folder()?);
    if arguments.json {
        command.arg("--json");
    }
    command.arg(name);
    match part {
        Part::Postgres | Part::Idle => {
            let server = servers.postgres();
            let (user, password) = servers.owner()?;
            command.args(["--host", server.address, "--port", &server.port.to_string(), "--database", server.database]);
            command.args(["--user", user, "--rounds", &arguments.rounds.to_string()]);
            command.env("BULKHEAD_BENCH_PASSWORD", password);
        }
        Part::Neighbour => {
            command.arg("--hostile").arg(plugins::hostile_folder()?);
        }
        Part::Sqlserver => {
            let (host, port) = servers.tds().plain()?;
            let (database, user, password) = servers.tds().owner()?;
            command.args(["--host", host, "--port", &port.to_string(), "--database", database]);
            command.args(["--user", user, "--rounds", &arguments.rounds.to_string()]);
            command.env("BULKHEAD_BENCH_PASSWORD", password);
        }
        Part::Rds => {
            command.args(["--rounds", &arguments.rounds.to_string()]);
        }
        Part::Sqlite | Part::EndToEnd | Part::Many => {}
    }
    Ok(command)
}
