#![doc = include_str!("../README.md")]
// The contract's own error record; where this runs, with 32-bit pointers, it is half as large.
#![allow(clippy::result_large_err)]

pub mod decode;
mod describe;
pub mod errors;
#[doc(hidden)]
pub mod fuzz;
pub mod options;
pub mod protocol;
pub mod session;
mod showplan;
pub mod tsql;
pub mod wire;

mod guest;
mod manifest;

pub use guest::SqlServer;
pub use manifest::manifest;

#[cfg(all(target_family = "wasm", feature = "export"))]
bulkhead_driver::export!(SqlServer);
