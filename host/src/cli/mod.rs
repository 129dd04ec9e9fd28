//! The command line: what each command takes, and the process around it.
//!
//! Logs go to standard error, always: standard output is for answers, and with `stdio` it is the protocol's.

mod compatible;
mod config;
mod driver;
mod policy;
mod query;
mod serve;
mod source;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Parser, Subcommand};
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Config;
use crate::registry::Registry;

/// The exit code of a statement that failed, as opposed to a command that couldn't be run (2).
const FAILED: u8 = 1;
/// The exit code of a command that couldn't be run: a wrong argument, a configuration that can't be used.
const UNUSABLE: u8 = 2;

/// What servers log unless BULKHEAD_LOG says otherwise. rmcp tells of every message it gets at `info`.
const SERVER_LOG: &str = "warn,bulkhead=info";
/// What other commands log.
const COMMAND_LOG: &str = "warn";
/// Of those whose answer is what is wrong: it isn't said twice.
const LOOKING_LOG: &str = "warn,bulkhead::registry=error";

/// An MCP server for SQL databases whose drivers are sandboxed WebAssembly components.
#[derive(Parser)]
#[command(
    name = "bulkhead",
    version,
    max_term_width = 100,
    after_help = "Logs go to standard error; BULKHEAD_LOG sets how much (warn,bulkhead=debug)."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve MCP over HTTP
    ///
    /// Serves MCP (streamable HTTP, every protocol version) until SIGTERM or SIGINT. Running calls then get five seconds to end.
    /// Requests must name a host, and come from a web origin, that is this machine's or in the configuration.
    Serve {
        #[command(flatten)]
        source: source::Source,
        /// Listen here instead of where the configuration says
        #[arg(long, value_name = "ADDRESS:PORT")]
        listen: Option<std::net::SocketAddr>,
        /// Serve HTTP+SSE, too
        #[arg(long)]
        sse: bool,
    },
    /// Serve MCP to one client on standard input and output
    ///
    /// For clients that start their servers themselves. Ends when the input ends.
    Stdio {
        #[command(flatten)]
        source: source::Source,
    },
    /// Run one SQL statement and print its result
    Query(query::Query),
    /// Check a configuration, show what it comes to, begin one
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Ask what a configuration allows
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Look at drivers
    #[command(subcommand)]
    Driver(driver::Driver),
}

#[derive(clap::Args)]
struct ConfigFile {
    /// The configuration, YAML or JSON; without it what the environment says
    #[arg(long, short, value_name = "FILE", env = "BULKHEAD_CONFIG")]
    config: Option<PathBuf>,
}

impl ConfigFile {
    fn source(&self) -> crate::config::Source {
        let environment = crate::config::Environment::process();
        crate::config::Source { file: self.config.clone(), environment, ..Default::default() }
    }

    fn load(&self) -> anyhow::Result<Config> {
        Ok(self.source().load()?.config)
    }
}

/// Runs the command line's command and gives the process's exit code.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match compatible::arguments(std::env::args_os().collect()) {
        Ok(arguments) => Arguments::parse_from(arguments),
        Err(why) => return report(&why),
    };
    log(&arguments.command);
    let runtime = match crate::runtime::runtime() {
        Ok(runtime) => runtime,
        Err(why) => return report(&anyhow::Error::new(why).context("starting the runtime")),
    };
    let code = runtime.block_on(dispatch(arguments.command)).unwrap_or_else(|why| report(&why));
    // A read of standard input can't be interrupted, and nothing else is left to wait for.
    runtime.shutdown_background();
    code
}

/// Sets up the log: servers say what they do, one-off commands only what is wrong.
fn log(command: &Command) {
    let default = match command {
        Command::Serve { .. } | Command::Stdio { .. } => SERVER_LOG,
        Command::Config(_) => LOOKING_LOG,
        _ => COMMAND_LOG,
    };
    let filter = EnvFilter::try_from_env("BULKHEAD_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let colours = std::io::stderr().is_terminal();
    // What it says below this are whole messages, and in a message may be a password.
    let no_messages = filter_fn(|about| *about.level() <= Level::INFO || !about.target().starts_with("rmcp"));
    let written = tracing_subscriber::fmt::layer().with_ansi(colours).with_writer(std::io::stderr);
    tracing_subscriber::registry().with(filter).with(no_messages).with(written).init();
}

async fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve { source, listen, sse } => serve::http(source.of(listen, sse)).await?,
        Command::Stdio { source } => serve::stdio(source.of(None, false)).await?,
        Command::Query(query) => return query.run().await,
        Command::Config(command) => return command.run().await,
        Command::Policy(policy) => return policy.run().await,
        Command::Driver(driver) => return driver.run().await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn open(config: Config) -> anyhow::Result<Arc<Registry>> {
    Registry::open(config).await.context("opening the configured databases")
}

/// Says what is wrong. Nobody need listen.
fn complain(text: &str) {
    use std::io::Write;
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Prints an answer. A reader that has seen enough is no error.
fn print(text: &str) -> std::io::Result<()> {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn report(why: &anyhow::Error) -> ExitCode {
    complain(&format!("bulkhead: {why:#}\n"));
    ExitCode::from(UNUSABLE)
}
