//! Debian's rustc and clang for `wasm32-wasip2`, unpacked into a folder and run through their own loader, since
//! they are built for a newer glibc than the machine may have.
//!
//! Order: resolve names and versions from the suite's lists, check the disk, unpack beside the final place, try
//! the compiler, move, and only then write the stamp that later runs look for. What an interrupted run left is
//! removed by the next.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::TARGET;
use super::apt::Apt;
use super::packages;
use crate::workspace::{self, NoSpace};
use crate::{run, say};

/// Suites that may hold a rustc new enough, tried in order: `testing` breaks less often than `unstable`. Their
/// aliases are used, which don't age.
const SUITES: [&str; 2] = ["testing", "unstable"];

/// Room for the downloaded archives and the lists beside what is unpacked.
const DOWNLOAD_ROOM: u64 = 400_000_000;

/// Raise it when what is unpacked or the wrappers change, so that old folders are replaced.
const RECIPE: &str = "recipe 1";

/// The rustc that an earlier run unpacked.
pub(super) fn rust_found(folder: &Path, triple: &str) -> Result<Option<PathBuf>> {
    Ok(found(folder, "rust", triple)?.map(|root| root.join("run-rustc")))
}

/// Unpacks rustc with its standard libraries, and gives the program to run.
pub(super) fn fetch_rust(folder: &Path, triple: &str) -> Result<PathBuf> {
    let roots = ["rustc", "libstd-rust-dev", "libstd-rust-dev-wasm32"].map(str::to_owned);
    let root = fetch(
        folder,
        "rust",
        triple,
        "Rust",
        |_| Ok(roots.to_vec()),
        |root, loader| {
            let program = root.join("run-rustc");
            write_wrapper(&program, loader, "rustc", &root.join("usr/bin/rustc"), "")?;
            let libraries = run::output(Command::new(&program).args(["--print", "target-libdir", "--target", TARGET]))?;
            if !Path::new(libraries.trim()).is_dir() {
                bail!("this rustc has no standard library for {TARGET}");
            }
            Ok(())
        },
    )?;
    Ok(root.join("run-rustc"))
}

/// The C compiler that an earlier run unpacked, as settings for the crate `cc`.
pub(super) fn c_found(folder: &Path, triple: &str) -> Result<Option<Vec<(&'static str, OsString)>>> {
    Ok(found(folder, "c", triple)?.map(|root| c_settings(&root)))
}

/// Unpacks clang with the C library of WASI.
pub(super) fn fetch_c(folder: &Path, triple: &str) -> Result<Vec<(&'static str, OsString)>> {
    let roots = |apt: &Apt| {
        let newest = packages::resolve(apt, &["clang".to_owned()])?;
        let clang =
            newest.get("clang").and_then(|package| package.depends_on("clang-")).context("the package clang names no version")?;
        let headers = format!("lib{}-dev", clang.replace("clang-", "clang-common-"));
        Ok(vec![clang, headers, "wasi-libc".to_owned()])
    };
    let root = fetch(folder, "c", triple, "clang", roots, |root, loader| {
        let clang = newest_clang(root)?;
        let resources = fs::read_dir(clang.join("lib/clang"))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.join("include/stddef.h").is_file())
            .context("clang's own headers are missing")?;
        let flags = format!("-resource-dir '{}' --sysroot='{}'", resources.display(), root.join("usr").display());
        let program = root.join("run-clang");
        write_wrapper(&program, loader, "clang", &clang.join("bin/clang"), &flags)?;
        try_clang(&program, root)
    })?;
    Ok(c_settings(&root))
}

fn c_settings(root: &Path) -> Vec<(&'static str, OsString)> {
    vec![
        ("CC_wasm32_wasip2", root.join("run-clang").into()),
        // rustc makes its own index, so the machine's ar serves, whatever it knows of WebAssembly.
        ("AR_wasm32_wasip2", "ar".into()),
        ("CFLAGS_wasm32_wasip2", format!("--target={TARGET}").into()),
    ]
}

fn newest_clang(root: &Path) -> Result<PathBuf> {
    fs::read_dir(root.join("usr/lib"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.join("bin/clang").exists())
        .context("no clang among the unpacked files")
}

fn try_clang(program: &Path, root: &Path) -> Result<()> {
    let source = root.join("try.c");
    fs::write(&source, "#include <stdio.h>\n#include <stddef.h>\nint f(void) { return puts(\"\"); }\n")?;
    run::quiet(Command::new(program).arg(format!("--target={TARGET}")).args(["-c", "-o"]).arg(root.join("try.o")).arg(&source))
        .context("the unpacked clang doesn't work")
}

fn found(folder: &Path, name: &str, triple: &str) -> Result<Option<PathBuf>> {
    let root = folder.join(name);
    match fs::read_to_string(root.join("stamp")) {
        Ok(stamp) if stamp == stamp_of(&root, triple) => Ok(Some(root)),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("cannot read the toolchain's stamp"),
    }
}

/// The wrappers hold absolute paths, so a folder that was moved is no longer good.
fn stamp_of(root: &Path, triple: &str) -> String {
    format!("{RECIPE}\n{triple}\n{}\n", root.display())
}

fn fetch(
    folder: &Path,
    name: &str,
    triple: &str,
    what: &str,
    roots: impl Fn(&Apt) -> Result<Vec<String>>,
    finish: impl Fn(&Path, &Loader) -> Result<()>,
) -> Result<PathBuf> {
    let loader = Loader::for_host(triple)?;
    if !run::exists("apt-get") || !run::exists("dpkg") {
        bail!("this machine has no apt-get and dpkg");
    }
    let mut failure = None;
    for suite in SUITES {
        if let Some(error) = failure.take() {
            say::note(format_args!("that failed: {error:#}"));
        }
        say::step(format_args!("getting {what} for {TARGET} from Debian {suite}"));
        match fetch_from(suite, folder, name, triple, &roots, &|root| finish(root, &loader)) {
            Ok(root) => return Ok(root),
            Err(error) if error.is::<NoSpace>() => return Err(error),
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        Some(error) => Err(error),
        None => bail!("no suite of Debian to look in"),
    }
}

fn fetch_from(
    suite: &str,
    folder: &Path,
    name: &str,
    triple: &str,
    roots: &impl Fn(&Apt) -> Result<Vec<String>>,
    finish: &impl Fn(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let start = Instant::now();
    let root = folder.join(name);
    let state = folder.join(format!("{name}.apt"));
    for leftover in [&root, &state] {
        remove(leftover)?;
    }
    let outcome = (|| {
        let apt = Apt::update(state.clone(), suite)?;
        let packages = packages::resolve(&apt, &roots(&apt)?)?;
        let unpacked = packages.values().map(|package| package.unpacked).sum::<u64>();
        workspace::require_free_space(folder, unpacked + DOWNLOAD_ROOM, "the WebAssembly toolchain")?;
        say::note(format_args!("{} packages, {} unpacked", packages.len(), say::size(unpacked)));
        let exact: Vec<String> = packages.values().map(|package| format!("{}={}", package.name, package.version)).collect();
        fs::create_dir_all(&root)?;
        apt.unpack(&exact, &root)?;
        finish(&root)?;
        fs::write(root.join("stamp"), stamp_of(&root, triple)).context("cannot write the stamp")
    })();
    remove(&state)?;
    if outcome.is_err() {
        remove(&root)?;
    }
    outcome?;
    say::note(format_args!("done in {}", say::since(start)));
    Ok(root)
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot remove {}", folder.display())),
    }
}

/// Where glibc's loader and libraries lie on this kind of machine.
struct Loader {
    multiarch: &'static str,
    file: &'static str,
}

impl Loader {
    fn for_host(triple: &str) -> Result<Self> {
        match triple {
            "x86_64-unknown-linux-gnu" => Ok(Self { multiarch: "x86_64-linux-gnu", file: "ld-linux-x86-64.so.2" }),
            "aarch64-unknown-linux-gnu" => Ok(Self { multiarch: "aarch64-linux-gnu", file: "ld-linux-aarch64.so.1" }),
            other => bail!("Debian's packages cannot be used on {other}"),
        }
    }
}

fn write_wrapper(at: &Path, loader: &Loader, name: &str, program: &Path, flags: &str) -> Result<()> {
    let root = at.parent().context("a wrapper has no folder")?;
    let libraries = root.join("usr/lib").join(loader.multiarch);
    let script = format!(
        "#!/bin/sh\nexec '{loader}' --library-path '{libraries}' --argv0 {name} '{program}' {flags} \"$@\"\n",
        loader = libraries.join(loader.file).display(),
        libraries = libraries.display(),
        program = program.display(),
    );
    fs::write(at, script).with_context(|| format!("cannot write {}", at.display()))?;
    fs::set_permissions(at, fs::Permissions::from_mode(0o755)).context("cannot make it executable")
}
