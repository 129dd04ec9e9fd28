//! What is checked without running anything.

use std::process::Command;

use anyhow::Result;

use super::{APART, Gate};
use crate::{install, run, workspace};

const DENY: (&str, &str) = ("cargo-deny", "0.20.2");
const MACHETE: (&str, &str) = ("cargo-machete", "0.9.2");

/// Runs every check.
pub(super) fn run(gate: &mut Gate) {
    gate.step("formatting", || run::visible(cargo()?.args(["fmt", "--all", "--check"])));
    gate.step("clippy", || {
        run::visible(
            cargo()?
                .args(["clippy", "--release", "--workspace", "--exclude", APART, "--all-targets"])
                .args(["--", "--deny", "warnings"]),
        )
    });
    gate.step("clippy of xtask", || {
        run::visible(cargo()?.args(["clippy", "--package", APART, "--all-targets", "--", "--deny", "warnings"]))
    });
    gate.step("documentation", || {
        run::visible(cargo()?.env("RUSTDOCFLAGS", "--deny warnings").args([
            "doc",
            "--release",
            "--workspace",
            "--exclude",
            APART,
            "--no-deps",
        ]))
    });
    // Advisories are left out: they come from a git repository that a build machine may not reach.
    gate.step("licences, bans and sources (cargo deny, without advisories)", || {
        let config = workspace::root()?.join("xtask/deny.toml");
        run::visible(
            tool(DENY)?
                .args(["--locked", "--workspace", "--all-features", "--config"])
                .arg(config)
                .args(["check", "--hide-inclusion-graph"])
                .args(["bans", "licenses", "sources"]),
        )
    });
    gate.step("unused dependencies (cargo machete)", || {
        run::visible(tool(MACHETE)?.arg("--skip-target-dir").arg(workspace::root()?))
    });
}

fn cargo() -> Result<Command> {
    in_root(workspace::cargo())
}

fn tool((name, version): (&str, &str)) -> Result<Command> {
    in_root(Command::new(install::cargo_tool(name, version)?))
}

fn in_root(mut command: Command) -> Result<Command> {
    command.current_dir(workspace::root()?);
    Ok(command)
}
