//! `cargo xtask`: what a developer of Bulkhead does besides `cargo build`.
//!
//! Each command obtains what it needs by name and says so: nothing has to be installed beforehand but
//! rustup and, on Debian, apt. Whatever is fetched or built lands under `target/`.
#![forbid(unsafe_code)]

mod plugins;
mod run;
mod say;
mod toolchain;
mod workspace;

use std::process::ExitCode;

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
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Plugins(arguments) => plugins::run(&arguments),
        Command::Hostile(arguments) => plugins::run_hostile(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
