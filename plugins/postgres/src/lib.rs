#![doc = include_str!("../README.md")]
// The contract's own error record; where this runs, with 32-bit pointers, it is half as large.
#![allow(clippy::result_large_err)]

pub mod decode;
mod describe;
#[doc(hidden)]
pub mod fuzz;
pub mod options;
pub mod protocol;
pub mod session;
pub mod sqlstate;
pub mod types;
pub mod wire;

mod guest;
mod manifest;

pub use guest::Postgres;
pub use manifest::manifest;

#[cfg(all(target_family = "wasm", feature = "export"))]
bulkhead_driver::export!(Postgres);
