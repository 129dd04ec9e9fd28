//! The server against `rustref` (bench/peers), over HTTP, by the same load generator in turns.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::cpu;
use crate::guard::{Guarded, TemporaryFolder};
use crate::servers::{Servers, free_port};
use crate::{plugins, run, say, workspace};

const CALLERS: &str = "16";
const SECONDS: &str = "2";
const READY_WITHIN: Duration = Duration::from_secs(10);
const MODERN: &str = "2026-07-28";
const OLDER: &str = "2025-06-18";
const STARTS: usize = 5;

/// What is asked, in which protocol version, and the aim for CPU of a call against the native server's.
const CASES: [(&str, u32, &str, Option<f64>); 4] = [
    ("SELECT 1", 1, MODERN, Some(2.0)),
    ("1,000 rows", 1_000, MODERN, Some(0.7)),
    ("SELECT 1, with a session", 1, OLDER, Some(2.0)),
    ("1,000 rows, with a session", 1_000, OLDER, Some(0.7)),
];

pub(super) fn run(servers: &Servers, rounds: usize, json: bool) -> Result<()> {
    let peers = build_peers()?;
    let folder = TemporaryFolder::create()?;
    let (native_port, port) = (free_port()?, free_port()?);
    let native = start_native(&peers, servers, native_port)?;
    let config = write_config(servers, folder.path(), port)?;
    let bulkhead = start_bulkhead(&config)?;
    for port in [native_port, port] {
        wait_for(port)?;
    }
    for (what, rows, version, aim) in CASES {
        let sql = statement(rows);
        let mut ratios = Vec::new();
        let mut costs = Vec::new();
        for round in 0..=rounds {
            let ours = load(&peers, port, "query", &sql, version, bulkhead.id())?;
            let theirs = load(&peers, native_port, "execute_sql", &sql, version, native.id())?;
            if round > 0 {
                ratios.push(ours / theirs);
                costs.push((ours, theirs));
            }
        }
        report(what, &costs, &ratios, aim, json);
    }
    let resident = cpu::resident(bulkhead.id())?;
    drop((native, bulkhead));
    figure("resident memory after the load", resident as f64 / 1e6, "MB", None, json);
    starts(&peers, &config, port, json)
}

fn statement(rows: u32) -> String {
    if rows == 1 {
        return "SELECT 1 AS x".to_owned();
    }
    format!(
        "SELECT i AS id, 'customer ' || i AS name, i * 1.5::float8 AS amount, i % 2 = 0 AS active, \
         timestamp '2026-01-01 00:00:00' + i * interval '1 minute' AS created FROM generate_series(1, {rows}) AS i"
    )
}

pub(super) fn build_peers() -> Result<PathBuf> {
    let peers = workspace::root()?.join("bench/peers");
    let target = workspace::target()?.join("peers");
    for name in ["mcpload", "rustref"] {
        say::note(format_args!("building {name}"));
        run::visible(
            workspace::cargo()
                .args(["build", "--release", "--quiet"])
                .arg("--target-dir")
                .arg(&target)
                .current_dir(peers.join(name)),
        )?;
    }
    Ok(target.join("release"))
}

fn start_native(peers: &Path, servers: &Servers, port: u16) -> Result<Guarded> {
    let server = servers.postgres();
    let (user, password) = servers.owner()?;
    let dsn =
        format!("host={} port={} dbname={} user={user} password='{password}'", server.address, server.port, server.database);
    Guarded::spawn(Command::new(peers.join("rustref")).arg(port.to_string()).arg(dsn), Signal::SIGTERM)
}

fn write_config(servers: &Servers, folder: &Path, port: u16) -> Result<PathBuf> {
    let server = servers.postgres();
    let (user, password) = servers.owner()?;
    let config = json!({
        "server": {"listen": format!("127.0.0.1:{port}")},
        "drivers": {"folder": plugins::folder()?, "cache": folder.join("cache")},
        "databases": {"main": {
            "driver": "postgres", "host": server.address, "port": server.port, "user": user, "password": password,
            "catalog": server.database, "tls": {"mode": "off"}, "pool": {"max": 10},
        }},
    });
    let file = folder.join("bulkhead.json");
    std::fs::write(&file, config.to_string()).context("writing the configuration")?;
    Ok(file)
}

pub(super) fn start_bulkhead(config: &Path) -> Result<Guarded> {
    let mut command = Command::new(workspace::target()?.join("release/bulkhead"));
    command.args(["serve", "--config"]).arg(config).env("BULKHEAD_LOG", "warn").stdout(Stdio::null());
    Guarded::spawn(&mut command, Signal::SIGTERM)
}

pub(super) fn wait_for(port: u16) -> Result<()> {
    let start = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        if start.elapsed() > READY_WITHIN {
            bail!("nothing listens on port {port}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// CPU of one call, in microseconds.
fn load(peers: &Path, port: u16, tool: &str, sql: &str, version: &str, pid: i32) -> Result<f64> {
    let arguments = json!({"sql": sql}).to_string();
    let url = format!("http://127.0.0.1:{port}/mcp");
    let before = cpu::of(pid)?;
    let output = run::output(Command::new(peers.join("mcpload")).args([
        "mcp", "--url", &url, "--tool", tool, "--args", &arguments, "-c", CALLERS, "-d", SECONDS, "-w", "0.2", "--proto", version,
    ]))?;
    let spent = cpu::of(pid)?.saturating_sub(before);
    let answer: Value = serde_json::from_str(&output).with_context(|| format!("mcpload said: {output}"))?;
    if answer.get("errors").and_then(Value::as_u64) != Some(0) {
        bail!("calls failed: {output}");
    }
    let calls = answer.get("total").and_then(Value::as_f64).unwrap_or(f64::NAN);
    Ok(spent.as_secs_f64() * 1e6 / calls)
}

fn starts(peers: &Path, config: &Path, port: u16, json: bool) -> Result<()> {
    let (time, _) = start(peers, config, port)?;
    figure("start to the first answered tools/list", time, "ms", Some(60.0), json);
    Ok(())
}

/// From starting the process to the first answered `tools/list`, with a warm compile cache, in ms; and the list's size in bytes.
pub(super) fn start(peers: &Path, config: &Path, port: u16) -> Result<(f64, f64)> {
    let (mut times, mut bytes) = (Vec::new(), f64::NAN);
    for _ in 0..STARTS {
        let began = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_nanos().to_string();
        let server = start_bulkhead(config)?;
        let url = format!("http://127.0.0.1:{port}/mcp");
        let output = run::output(Command::new(peers.join("mcpload")).args(["ready", "--url", &url, "--t0", &began]))?;
        drop(server);
        let answer: Value = serde_json::from_str(&output).with_context(|| format!("mcpload said: {output}"))?;
        times.push(answer.get("ready_ms").and_then(Value::as_f64).unwrap_or(f64::NAN));
        bytes = answer.get("tools_list_bytes").and_then(Value::as_f64).unwrap_or(f64::NAN);
    }
    Ok((median(times), bytes))
}

pub(super) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

fn report(what: &str, costs: &[(f64, f64)], ratios: &[f64], aim: Option<f64>, json: bool) {
    let ours = median(costs.iter().map(|cost| cost.0).collect());
    let theirs = median(costs.iter().map(|cost| cost.1).collect());
    let ratio = median(ratios.to_vec());
    if json {
        println!("{}", json!({"what": what, "cpu_us": ours, "native_cpu_us": theirs, "cpu_ratio": ratio, "aim": aim}));
    } else {
        println!("{what:<34} CPU {ours:>10.1} us   native {theirs:>10.1} us   ratio {ratio:>5.2}{}", shown(aim, ratio));
    }
}

pub(super) fn figure(what: &str, value: f64, unit: &str, aim: Option<f64>, json: bool) {
    if json {
        println!("{}", json!({"what": what, "value": value, "unit": unit, "aim": aim}));
    } else {
        println!("{what:<50} {value:>10.3} {unit}{}", shown(aim, value));
    }
}

fn shown(aim: Option<f64>, value: f64) -> String {
    aim.map_or_else(String::new, |aim| format!("   aim {aim}{}", if value <= aim { "" } else { "  (over)" }))
}
