//! Which packages make a compiler that runs from a folder: the named ones and the shared libraries under them.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use super::apt::Apt;

/// Dependencies that a compiler run from a folder does without: libclang serves editors.
const NOT_NEEDED: [&str; 1] = ["libclang1-"];

/// One package of a suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// Bytes once unpacked.
    pub(super) unpacked: u64,
    /// First alternatives of its dependencies.
    depends: Vec<String>,
}

impl Package {
    /// The first dependency whose name starts so.
    pub(super) fn depends_on(&self, prefix: &str) -> Option<String> {
        self.depends.iter().find(|name| name.starts_with(prefix)).cloned()
    }
}

/// The candidates of `roots` and of the shared libraries that they need, by name. Development files, the native
/// compiler and the linker are left out: only libraries are followed.
pub(super) fn resolve(apt: &Apt, roots: &[String]) -> Result<BTreeMap<String, Package>> {
    let mut found = BTreeMap::new();
    let mut wanted = roots.to_vec();
    while !wanted.is_empty() {
        let packages = parse(&apt.show(&wanted)?);
        for name in &wanted {
            let Some(package) = packages.iter().find(|package| package.name == *name) else {
                bail!("this suite has no package {name}");
            };
            found.insert(name.clone(), package.clone());
        }
        wanted = packages
            .iter()
            .flat_map(|package| &package.depends)
            .filter(|name| is_library(name) && !found.contains_key(*name))
            .cloned()
            .collect();
        wanted.sort();
        wanted.dedup();
    }
    Ok(found)
}

fn is_library(name: &str) -> bool {
    (name.starts_with("lib") || name.starts_with("zlib"))
        && !name.ends_with("-dev")
        && !NOT_NEEDED.iter().any(|prefix| name.starts_with(prefix))
}

fn parse(stanzas: &str) -> Vec<Package> {
    stanzas.split("\n\n").filter_map(parse_one).collect()
}

fn parse_one(stanza: &str) -> Option<Package> {
    let field = |name: &str| stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    let depends = ["Pre-Depends", "Depends"]
        .iter()
        .filter_map(|name| field(name))
        .flat_map(|list| list.split(','))
        .filter_map(|one| one.split(['|', '(', ':']).next())
        .map(|name| name.trim().to_owned())
        .collect();
    Some(Package {
        name: field("Package")?.to_owned(),
        version: field("Version")?.to_owned(),
        // Installed-Size is in KiB.
        unpacked: field("Installed-Size")?.parse::<u64>().ok()? * 1024,
        depends,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const STANZAS: &str = "Package: rustc\nVersion: 1.97.1+dfsg1-1\nInstalled-Size: 13432\nDepends: libc6 (>= 2.34), \
        libstd-rust-dev (= 1.97.1+dfsg1-1), gcc | clang, binutils:any\nDescription: Rust\n more: of it\n\n\
        Package: zlib1g\nVersion: 1:1.3\nInstalled-Size: 10\n";

    #[test]
    fn stanzas_are_read() {
        let packages = parse(STANZAS);
        assert_eq!(packages.len(), 2);
        assert_eq!(packages[0].version, "1.97.1+dfsg1-1");
        assert_eq!(packages[0].unpacked, 13432 * 1024);
        assert_eq!(packages[0].depends, ["libc6", "libstd-rust-dev", "gcc", "binutils"]);
        assert_eq!(packages[1].depends, [""; 0]);
    }

    #[test]
    fn only_shared_libraries_are_followed() {
        for name in ["libc6", "zlib1g", "libllvm22", "libstd-rust-1.97"] {
            assert!(is_library(name), "{name}");
        }
        for name in ["gcc", "binutils", "libc6-dev", "libstdc++-15-dev", "libclang1-22", "llvm-22"] {
            assert!(!is_library(name), "{name}");
        }
    }
}
