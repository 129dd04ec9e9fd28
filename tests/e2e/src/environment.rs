//! Where the binary, the drivers and the servers are: environment variables that `cargo xtask test` sets.

use std::path::PathBuf;

/// The host's binary: `BULKHEAD_BIN`.
#[must_use]
pub fn binary() -> PathBuf {
    PathBuf::from(wanted("BULKHEAD_BIN"))
}

/// The folder of the real drivers: `BULKHEAD_TEST_DRIVERS`.
#[must_use]
pub fn drivers() -> PathBuf {
    PathBuf::from(wanted("BULKHEAD_TEST_DRIVERS"))
}

/// The folder of the hostile drivers: `BULKHEAD_TEST_HOSTILE`.
#[must_use]
pub fn hostile_drivers() -> PathBuf {
    PathBuf::from(wanted("BULKHEAD_TEST_HOSTILE"))
}

/// A Python that has PyPI's `mcp`: `BULKHEAD_TEST_PYTHON`.
#[must_use]
pub fn python() -> PathBuf {
    PathBuf::from(wanted("BULKHEAD_TEST_PYTHON"))
}

/// The variable's value.
///
/// # Panics
/// Without it: the tests need what only `cargo xtask test` starts.
#[must_use]
pub fn wanted(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run through `cargo xtask test`, or under `cargo xtask servers -- cargo test ...`")
    })
}
