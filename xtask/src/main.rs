//! `cargo xtask`: what a developer of Bulkhead does besides `cargo build`.
//!
//! Each command obtains what it needs by name and says so: nothing has to be installed beforehand but
//! rustup and, on Debian, apt. Whatever is fetched or built lands under `target/`.
#![forbid(unsafe_code)]

mod bench;
mod call;
mod demo;
mod guard;
mod install;
mod plugins;
mod run;
mod say;
mod servers;
mod test;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Build, try and test Bulkhead")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the drivers into target/drivers, getting the WebAssembly toolchain first
    Plugins(plugins::Arguments),
    /// Build the hostile drivers of the test suite into target/hostile
    Hostile(plugins::HostileArguments),
    /// Build and serve a sample database, and ask it something
    Demo(demo::Arguments),
    /// Measure the sandbox against native programs
    Bench(bench::Arguments),
    /// Run everything that CI runs
    Test(test::Arguments),
    /// Start the servers that tests need, and run a command with their environment
    Servers(servers::Arguments),
}

fn main() -> ExitCode {
    match run_command() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_command() -> Result<ExitCode> {
    let command = Arguments::parse().command;
    guard::on_signals()?;
    match command {
        Command::Plugins(arguments) => plugins::run(&arguments)?,
        Command::Hostile(arguments) => plugins::run_hostile(&arguments)?,
        Command::Demo(arguments) => demo::run(&arguments)?,
        Command::Bench(arguments) => bench::run(&arguments)?,
        Command::Test(arguments) => test::run(&arguments)?,
        Command::Servers(arguments) => return servers::run(&arguments),
    }
    Ok(ExitCode::SUCCESS)
}
