//! Scripts: several statements in one text, run in order on one connection.

mod named;
mod run;
mod split;

pub use named::{Named, named};
pub use run::{Outcome, Report, ScriptOptions, Step, run, time_left};
pub use split::{Piece, one, split};
