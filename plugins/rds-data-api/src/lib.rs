#![doc = include_str!("../README.md")]
// The contract's own error record; where this runs, with 32-bit pointers, it is half as large.
#![allow(clippy::result_large_err)]

mod describe;
pub mod engine;
#[doc(hidden)]
pub mod fuzz;
pub mod options;
pub mod params;
pub mod protocol;
pub mod service;
pub mod session;
pub mod sqlstate;
pub mod statement;
pub mod types;
pub mod values;

mod guest;
mod manifest;

pub use guest::RdsDataApi;
pub use manifest::manifest;

#[cfg(all(target_family = "wasm", feature = "export"))]
bulkhead_driver::export!(RdsDataApi);
