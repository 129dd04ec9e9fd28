//! Nothing of its own: see `tests/library.rs`.
#![forbid(unsafe_code)]
