//! Drivers: from a file to something that can be instantiated.
//!
//! In this order: the size, the file, its sha256 against the pin, compiling (or the cache), what it imports against what it is
//! granted, its shape against the contract, its manifest. The first that doesn't fit refuses the driver, in words.

mod cache;
mod imports;
mod inspect;
mod linker;
mod load;
mod options;

pub use inspect::{Inspection, inspect};

pub(crate) use cache::Cache;
pub(crate) use load::{Driver, DriverFile};

/// Why a driver can't be used. For operators: says which file and what is wrong with it.
#[derive(Debug)]
pub struct DriverError(String);

impl std::fmt::Display for DriverError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DriverError {}
