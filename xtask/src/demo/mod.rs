//! `cargo xtask demo`: from a checkout to an answered question.
//!
//! Order: the port is tried first, since that is the commonest failure and the cheapest to find; then the
//! drivers and the host are built, the sample database and the configuration are written under `.bulkhead/demo`,
//! the server is started, and one call is made as a client would make it.

mod sample;
mod table;

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use crate::guard::Guarded;
use crate::{call, plugins, run, say, workspace};

/// A first build of the host takes about this much.
const BUILD_ROOM: u64 = 3_000_000_000;
/// With a cold cache the server compiles the drivers when it starts.
const START_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

const QUESTION: &str = "\
SELECT origin.name AS origin, destination.name AS destination, count(*) AS shipments,
       round(sum(s.weight_kg) / 1000.0, 1) AS tonnes, sum(s.price_cents) / 100 AS revenue
FROM shipments s
JOIN voyages v ON v.id = s.voyage_id
JOIN ports origin ON origin.id = v.origin_id
JOIN ports destination ON destination.id = v.destination_id
GROUP BY v.origin_id, v.destination_id
ORDER BY revenue DESC
LIMIT 8";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Port to serve on, on 127.0.0.1
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// Stop after the first answer
    #[arg(long)]
    once: bool,
}

/// Builds, serves, asks, and keeps serving.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    require_port(arguments.port)?;
    plugins::drivers(&[])?;
    serve(&build_host()?, arguments.port, arguments.once)
}

/// Serves the sample with what was built, and asks; returns after the answer when it is to be `once`.
pub(crate) fn serve(binary: &Path, port: u16, once: bool) -> Result<()> {
    let folder = workspace::root()?.join(".bulkhead/demo");
    sample::create(&folder.join("data"), "shipping.db")?;
    let config = write_config(&folder, port)?;
    let mut server = start(binary, &config, port, once)?;

    say::step("asking it, as an MCP client would");
    println!("\n{QUESTION}\n");
    let start = Instant::now();
    let answer = call::query(port, "shipping", QUESTION)?;
    let took = start.elapsed();
    println!("{}", table::render(&answer.columns, &answer.rows));
    println!("{} rows in {:.1} ms\n", answer.rows.len(), took.as_secs_f64() * 1000.0);
    if once {
        return Ok(());
    }
    print!("{}", instructions(port, binary, &config)?);
    say::step(format_args!("serving http://127.0.0.1:{port}/mcp until Ctrl-C"));
    let status = server.wait()?;
    bail!("the server has ended by itself ({status})")
}

fn require_port(port: u16) -> Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            bail!("port {port} is taken: stop what listens there, or choose another with --port")
        }
        Err(error) => Err(error).with_context(|| format!("cannot listen on port {port}")),
    }
}

/// Builds the server; gives its file.
fn build_host() -> Result<PathBuf> {
    let target = workspace::target()?;
    let binary = target.join("release/bulkhead");
    if !binary.is_file() {
        workspace::require_free_space(&target, BUILD_ROOM, "building the server")?;
        say::note("a first build takes some minutes");
    }
    say::step("building the server");
    run::visible(workspace::cargo().args(["build", "--release", "--package", "bulkhead"]).current_dir(workspace::root()?))?;
    Ok(binary)
}

fn write_config(folder: &Path, port: u16) -> Result<PathBuf> {
    let drivers = plugins::folder()?;
    // A JSON string is a YAML string, whatever a path holds.
    let drivers = serde_json::to_string(&drivers.display().to_string())?;
    let text = format!(
        "# Written by `cargo xtask demo`, anew each time: copy it before changing it.\n\
         server:\n  listen: 127.0.0.1:{port}\n\
         drivers:\n  folder: {drivers}\n  cache: cache\n\
         databases:\n  shipping:\n    driver: sqlite\n    directory: data\n    catalog: shipping.db\n    \
         description: Ports, ships, voyages and shipments of a small shipping company (made up)\n    \
         read_only: true\n"
    );
    let file = folder.join("bulkhead.yaml");
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

fn start(binary: &Path, config: &Path, port: u16, quiet: bool) -> Result<Guarded> {
    say::step(format_args!("starting {}", binary.display()));
    let start = Instant::now();
    let mut command = Command::new(binary);
    command.arg("serve").arg("--config").arg(config).stdin(Stdio::null()).stdout(Stdio::null());
    if quiet && std::env::var_os("BULKHEAD_LOG").is_none() {
        command.env("BULKHEAD_LOG", "warn");
    }
    let mut server = Guarded::spawn(&mut command, Signal::SIGTERM)?;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if let Some(status) = server.ended()? {
            bail!("the server has ended at its start ({status})");
        }
        if start.elapsed() > START_LIMIT {
            bail!("the server doesn't answer on port {port}");
        }
        std::thread::sleep(POLL);
    }
    say::note(format_args!("ready in {}", say::since(start)));
    Ok(server)
}

fn instructions(port: u16, binary: &Path, config: &Path) -> Result<String> {
    let http = serde_json::json!({
        "mcpServers": { "bulkhead": { "type": "http", "url": format!("http://127.0.0.1:{port}/mcp") } }
    });
    let stdio = serde_json::json!({
        "mcpServers": { "bulkhead": {
            "command": binary.display().to_string(),
            "args": ["stdio", "--config", config.display().to_string()],
        } }
    });
    Ok(format!(
        "To use it from an MCP client, give the client one of these. Over HTTP, while this runs:\n\n{}\n\n\
         Over stdio, where the client starts the server itself:\n\n{}\n\n\
         From a shell:\n\n{} query --config {} -d shipping 'SELECT * FROM ports'\n\n",
        serde_json::to_string_pretty(&http)?,
        serde_json::to_string_pretty(&stdio)?,
        binary.display(),
        config.display(),
    ))
}
