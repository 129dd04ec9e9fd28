//! Scripts: several statements in one text, run in order on one connection.

mod run;
mod split;

pub use run::{Outcome, Report, ScriptOptions, run};
pub use split::{Piece, split};
