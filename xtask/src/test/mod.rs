//! `cargo xtask test`: the whole gate, as CI runs it.
//!
//! Order: the cheap refusals first (formatting, lints), then the drivers, then the tests of single crates and
//! the end-to-end tests with their servers running, documentation last. A step that fails doesn't keep the
//! others from running: one run shows everything that is wrong.
//!
//! The workspace is built as one, in the release profile, so that dependencies are compiled once for the lints
//! and once for all tests and the server that they start.

mod count;
mod lint;

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::servers::{Servers, free_port};
use crate::{demo, plugins, run, say, workspace};
use count::Count;

/// The package of the end-to-end tests.
const END_TO_END: &str = "bulkhead-tests";
/// What tests are built with.
const PROFILE: &str = "xtask/src/test/profile.toml";
/// This program is built in the dev profile, in which it already runs.
const APART: &str = "xtask";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run one part only
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Run only the tests whose name contains this
    filter: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Formatting, clippy, documentation, licences, unused dependencies
    Lint,
    /// The tests of single crates
    Unit,
    /// The end-to-end tests
    E2e,
}

/// Runs the gate; an error names the steps that failed.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let wanted = |part: Part| arguments.only.is_none_or(|only| only == part);
    let mut gate = Gate::default();
    if wanted(Part::Lint) && arguments.filter.is_none() {
        lint::run(&mut gate);
    }
    if wanted(Part::Unit) || wanted(Part::E2e) {
        tests(&mut gate, arguments, wanted(Part::Unit), wanted(Part::E2e));
    }
    if let Some(filter) = &arguments.filter
        && gate.count == Count::default()
    {
        gate.step("filter", || bail!("no test that ran is named like `{filter}`"));
    }
    gate.finish()
}

fn tests(gate: &mut Gate, arguments: &Arguments, unit: bool, e2e: bool) {
    let built = gate.step("drivers", || {
        plugins::drivers(&[])?;
        plugins::hostile(&[]).map(drop)
    }) && gate.step("build", || run::visible(&mut build()?));
    if !built {
        return;
    }
    if e2e && arguments.filter.is_none() {
        gate.step("demo", || demo::serve(&workspace::target()?.join("release/bulkhead"), free_port()?, true));
    }
    let start = || {
        let servers = Servers::start()?;
        let environment = servers.environment()?;
        Ok((servers, environment))
    };
    // The servers run until this function returns.
    let Some((_servers, environment)) = gate.produce("servers", start) else {
        return;
    };
    let mut suite = |name, choice: Choice| {
        gate.count(name, |total| {
            let mut command = choice.command(arguments.filter.as_deref())?;
            command.envs(environment.iter().map(|(name, value)| (name, value)));
            total.run(&mut command)
        });
    };
    if unit {
        suite("tests of xtask", Choice::Own);
        suite("unit tests", Choice::Units);
        suite("examples in documentation", Choice::Documentation);
    }
    if e2e {
        suite("end-to-end tests", Choice::EndToEnd);
    }
}

/// Cargo, with what tests are built with.
fn cargo(command: &[&str]) -> Result<Command> {
    let mut cargo = workspace::cargo();
    cargo.args(command).args(["--config", PROFILE]).current_dir(workspace::root()?);
    Ok(cargo)
}

/// Builds every test and the server in one go: cargo chooses a dependency's features by what is built together.
fn build() -> Result<Command> {
    let mut command = cargo(&["build"])?;
    command.args(["--release", "--workspace", "--exclude", APART, "--bins", "--tests"]);
    Ok(command)
}

/// Which tests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Own,
    Units,
    Documentation,
    EndToEnd,
}

impl Choice {
    fn command(self, filter: Option<&str>) -> Result<Command> {
        let nextest = run::exists("cargo-nextest");
        let mut command =
            cargo(if nextest && matches!(self, Self::Units | Self::EndToEnd) { &["nextest", "run"] } else { &["test"] })?;
        match self {
            Self::Own => command.args(["--package", APART]),
            Self::Documentation => command.args(["--doc", "--release", "--workspace", "--exclude", APART]),
            Self::Units | Self::EndToEnd if nextest => {
                let packages = match self {
                    Self::EndToEnd => format!("package({END_TO_END})"),
                    _ => format!("not package({END_TO_END})"),
                };
                command.args(["--release", "--workspace", "--exclude", APART]).args(["--no-fail-fast", "--filterset", &packages])
            }
            Self::Units => command.args(["--release", "--no-fail-fast", "--workspace"]).args([
                "--exclude",
                APART,
                "--exclude",
                END_TO_END,
                "--lib",
                "--bins",
                "--tests",
            ]),
            Self::EndToEnd => command.args(["--release", "--no-fail-fast", "--package", END_TO_END]),
        };
        if let Some(filter) = filter {
            command.arg(filter);
            if matches!(self, Self::Units | Self::EndToEnd) && nextest {
                // The name may be another part's. Without a filter, a part without tests is a failure.
                command.arg("--no-tests=pass");
            }
        }
        Ok(command)
    }
}

/// What ran, and how it ended.
#[derive(Default)]
struct Gate {
    count: Count,
    steps: Vec<(&'static str, bool, String)>,
}

impl Gate {
    /// Runs a step; whether it succeeded.
    fn step(&mut self, name: &'static str, run: impl FnOnce() -> Result<()>) -> bool {
        self.produce(name, run).is_some()
    }

    /// Runs a step that gives something.
    fn produce<T>(&mut self, name: &'static str, run: impl FnOnce() -> Result<T>) -> Option<T> {
        say::step(name);
        let start = Instant::now();
        let outcome = run();
        self.record(name, outcome.as_ref().err(), start);
        outcome.ok()
    }

    /// Runs a step that counts tests.
    fn count(&mut self, name: &'static str, run: impl FnOnce(&mut Count) -> Result<()>) {
        say::step(name);
        let start = Instant::now();
        let outcome = run(&mut self.count);
        self.record(name, outcome.as_ref().err(), start);
    }

    fn record(&mut self, name: &'static str, error: Option<&anyhow::Error>, start: Instant) {
        if let Some(error) = error {
            eprintln!("error: {name}: {error:#}");
        }
        self.steps.push((name, error.is_none(), say::since(start)));
    }

    fn finish(self) -> Result<()> {
        println!();
        for (name, good, took) in &self.steps {
            println!("{} {name} ({took})", if *good { "ok    " } else { "FAILED" });
        }
        println!("{} passed, {} failed", self.count.passed, self.count.failed);
        let failed: Vec<&str> = self.steps.iter().filter(|(_, good, _)| !good).map(|(name, ..)| *name).collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }
}
