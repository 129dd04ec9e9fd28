#![doc = include_str!("../README.md")]

pub mod decode;
mod describe;
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
