//! Many databases in one process: what they cost unused, what happens when all are wanted at once, and a restart of their server.
//!
//! The entries are spread over a hundred real databases of a PostgreSQL of this part's own, which can be stopped and started.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::cpu;
use super::end_to_end::{build_peers, figure, start, start_bulkhead, wait_for};
use crate::guard::{Guarded, TemporaryFolder};
use crate::servers::account::Account;
use crate::servers::free_port;
use crate::servers::postgres::Postgres;
use crate::{call, plugins, say};

/// Real ones.
const CATALOGS: usize = 100;
const COUNTS: [usize; 3] = [1, 100, 1_000];
/// All databases' connections together: the server takes 300.
const MAX_CONNECTIONS: usize = 200;
/// Connections close this long after their last use here, so that the end of a run is seen.
const IDLE: Duration = Duration::from_secs(3);
/// What a call is given during the restart.
const CALL_MS: u64 = 2_000;
/// How long the server is gone.
const GONE: Duration = Duration::from_secs(3);
/// Callers during the restart.
const CALLERS: usize = 16;
/// What is given up on.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn run(json: bool) -> Result<()> {
    let peers = build_peers()?;
    let account = Account::for_servers()?;
    let mut postgres = Postgres::start(&account)?;
    say::note(format_args!("making {CATALOGS} databases"));
    for number in 0..CATALOGS {
        postgres.sql(&format!("CREATE DATABASE many_{number} OWNER bulkhead STRATEGY FILE_COPY"))?;
    }
    say::step("measuring: many databases");
    let folder = TemporaryFolder::create()?;
    let port = free_port()?;
    for count in COUNTS {
        let config = write_config(&postgres, folder.path(), port, count)?;
        // The first start compiles.
        start(&peers, &config, port)?;
        let (time, bytes) = start(&peers, &config, port)?;
        let (time_aim, memory_aim) = if count == 1_000 { (Some(150.0), Some(60.0)) } else { (None, None) };
        figure(&format!("{count} databases: start to the first tools/list"), time, "ms", time_aim, json);
        figure(&format!("{count} databases: tools/list"), bytes, "bytes", None, json);
        let server = started(&config, port)?;
        call::tool(port, "list_databases", &json!({}))?;
        figure(&format!("{count} databases: resident, idle"), resident(&server)?, "MB", memory_aim, json);
        ensure!(backends(&postgres)? == 0, "a database was opened before it was used");
        if count == 1_000 {
            touch(&postgres, &server, port, count, json)?;
            // Twice: what only the first one needs isn't lost.
            for which in ["a restart", "a second restart"] {
                restart(which, &mut postgres, &account, &server, port, count, json)?;
            }
        }
    }
    Ok(())
}

fn write_config(postgres: &Postgres, folder: &Path, port: u16, count: usize) -> Result<PathBuf> {
    let server = postgres.description();
    let owner = server.users.get("owner").context("there is no owner")?;
    let password = folder.join("password");
    std::fs::write(&password, owner.password.as_deref().unwrap_or_default()).context("writing the password")?;
    std::fs::set_permissions(&password, Permissions::from_mode(0o600)).context("writing the password")?;
    let databases: BTreeMap<String, Value> = (0..count)
        .map(|number| {
            let entry = json!({
                "driver": "postgres", "host": server.host, "port": server.port, "user": owner.name, "password": format!("file:{}", password.display()),
                "catalog": format!("many_{}", number % CATALOGS), "description": format!("Tenant {number}"),
                "tls": {"mode": "verify-full", "ca_file": server.ca_file},
                "pool": {"max": 2, "idle_timeout": format!("{} s", IDLE.as_secs()), "acquire_timeout": "20 s"},
            });
            (id(number), entry)
        })
        .collect();
    let config = json!({
        "server": {"listen": format!("127.0.0.1:{port}")},
        "drivers": {"folder": plugins::folder()?, "cache": folder.join("cache")},
        "connections": {"max": MAX_CONNECTIONS},
        "databases": databases,
    });
    let file = folder.join(format!("{count}.json"));
    std::fs::write(&file, config.to_string()).context("writing the configuration")?;
    Ok(file)
}

fn id(number: usize) -> String {
    format!("tenant_{number:04}")
}

fn started(config: &Path, port: u16) -> Result<Guarded> {
    let server = start_bulkhead(config)?;
    wait_for(port)?;
    Ok(server)
}

/// One statement on each at the same moment.
fn touch(postgres: &Postgres, server: &Guarded, port: u16, count: usize, json: bool) -> Result<()> {
    let before = resident(server)?;
    let began = Instant::now();
    let callers: Vec<_> = (0..count).map(|number| std::thread::spawn(move || ask(port, number))).collect();
    let mut said: BTreeMap<String, usize> = BTreeMap::new();
    let mut most = 0;
    for (number, caller) in callers.into_iter().enumerate() {
        if number % 50 == 0 {
            most = most.max(backends(postgres).unwrap_or(0));
        }
        let outcome = caller.join().map_err(|_| anyhow::anyhow!("a caller failed"))?;
        let outcome = outcome.unwrap_or_else(|why| format!("no answer: {why:#}"));
        *said.entry(outcome).or_default() += 1;
    }
    let answered = said.get(ANSWERED).copied().unwrap_or(0);
    figure("all touched at once: answered", answered as f64, "calls", None, json);
    for (why, times) in said.iter().filter(|(why, _)| *why != ANSWERED) {
        say::note(format_args!("{times} refused: {why}"));
    }
    figure("all touched at once: time", began.elapsed().as_secs_f64(), "s", None, json);
    figure("all touched at once: connections seen at most", most as f64, "", Some(MAX_CONNECTIONS as f64), json);
    let open = backends(postgres)?;
    let each = (resident(server)? - before) / (open.max(1) as f64);
    figure("an open connection, resident", each, "MB", Some(2.0), json);
    Ok(())
}

const ANSWERED: &str = "answered";

/// Asks one database for its name. What it said: that it answered, or in which words it refused.
fn ask(port: u16, number: usize) -> Result<String> {
    let arguments = json!({"database_id": id(number), "sql": "SELECT current_database()", "timeout_ms": CALL_MS});
    let message = call::tool(port, "query", &arguments)?;
    let expected = format!("many_{}", number % CATALOGS);
    if message.pointer("/result/structuredContent/rows/0/0").and_then(Value::as_str) == Some(&expected) {
        return Ok(ANSWERED.to_owned());
    }
    let error = message.pointer("/result/structuredContent/error/kind").and_then(Value::as_str);
    Ok(error.map_or_else(|| message.to_string(), |kind| format!("error of kind {kind}")))
}

/// Callers go on and on while the server goes and comes back.
fn restart(
    which: &str,
    postgres: &mut Postgres,
    account: &Account,
    server: &Guarded,
    port: u16,
    count: usize,
    json: bool,
) -> Result<()> {
    quiet(postgres, server)?;
    let (files, memory) = (open_files(server)?, resident(server)?);
    let stop = Arc::new(AtomicBool::new(false));
    let longest = Arc::new(Mutex::new(Duration::ZERO));
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (stop, longest) = (stop.clone(), longest.clone());
            std::thread::spawn(move || -> Result<()> {
                let mut number = caller;
                while !stop.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    ask(port, number % count)?;
                    let mut longest = longest.lock().unwrap_or_else(PoisonError::into_inner);
                    *longest = longest.max(began.elapsed());
                    number += CALLERS;
                }
                Ok(())
            })
        })
        .collect();
    std::thread::sleep(Duration::from_secs(2));
    postgres.stop();
    std::thread::sleep(GONE);
    let down = not_well(port)?;
    postgres.start_again(account)?;
    let back = Instant::now();
    while not_well(port)? > 0 {
        ensure!(back.elapsed() < PATIENCE, "{} databases are still down", not_well(port)?);
        std::thread::sleep(Duration::from_millis(50));
    }
    let healed = back.elapsed();
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.join().map_err(|_| anyhow::anyhow!("a caller failed"))??;
    }
    let longest = *longest.lock().unwrap_or_else(PoisonError::into_inner);
    figure(&format!("{which}: databases seen down"), down as f64, "", None, json);
    figure(&format!("{which}: the longest call"), longest.as_secs_f64(), "s", Some(CALL_MS as f64 / 1e3 + 0.5), json);
    figure(&format!("{which}: all healthy after its return"), healed.as_secs_f64(), "s", Some(5.0), json);
    quiet(postgres, server)?;
    let more = open_files(server)?.saturating_sub(files);
    figure(&format!("{which}: open files more than before"), more as f64, "", Some(4.0), json);
    figure(&format!("{which}: resident more than before"), resident(server)? - memory, "MB", None, json);
    Ok(())
}

/// Waits until idle connections have been closed.
fn quiet(postgres: &Postgres, server: &Guarded) -> Result<()> {
    let began = Instant::now();
    while backends(postgres)? > 0 {
        ensure!(began.elapsed() < PATIENCE, "{} connections stay, {} files are open", backends(postgres)?, open_files(server)?);
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// How many databases are down or degraded.
fn not_well(port: u16) -> Result<usize> {
    let message = call::tool(port, "list_databases", &json!({}))?;
    let databases = message.pointer("/result/structuredContent/databases").and_then(Value::as_array).context("no databases")?;
    let unwell =
        |database: &&Value| ["down", "degraded"].map(Value::from).contains(database.get("state").unwrap_or(&Value::Null));
    Ok(databases.iter().filter(unwell).count())
}

fn backends(postgres: &Postgres) -> Result<usize> {
    let count = postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'bulkhead'")?;
    count.trim().parse().context("no count")
}

fn resident(server: &Guarded) -> Result<f64> {
    Ok(cpu::resident(server.id())? as f64 / 1e6)
}

fn open_files(server: &Guarded) -> Result<usize> {
    Ok(std::fs::read_dir(format!("/proc/{}/fd", server.id())).context("the server is gone")?.count())
}
