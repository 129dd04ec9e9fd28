//! Results as text: JSON, CSV, Markdown, and tables for a terminal.
//!
//! Everything is written straight from the columns into one `String`, without a tree in between. How values are spelled:
//!
//! | value | JSON | CSV, Markdown, terminal |
//! |---|---|---|
//! | NULL | `null` | an empty field (CSV), `NULL` |
//! | boolean | `true` | `true` |
//! | integer | a number to ±(2^53 - 1), beyond it a string: clients that read numbers as doubles lose no digit | digits |
//! | float | the shortest number that reads back the same; `"NaN"`, `"Infinity"`, `"-Infinity"` | the same, bare |
//! | decimal | a string with every digit | digits |
//! | bytes | base64; `{"base64": "..."}` in a column of another kind | base64 (terminal: `\x` and hexadecimal) |
//! | json | inline, without whitespace between tokens | as the database has it |
//! | array | inline; numbers that a double can't hold as strings | as the driver spells it |
//! | anything else | a string | as it is |
//!
//! [`arrow`] gives columns with types instead, for programs.
//!
//! JSON that is malformed, nests deeper than [`MAX_JSON_DEPTH`], or has half a surrogate pair is given as a string: a client
//! must be able to read the answer around it.

mod arrow;
mod csv;
mod failure;
mod health;
mod inline;
mod json;
mod markdown;
mod plain;
mod quoted;
mod terminal;
#[cfg(test)]
pub(crate) mod tests;

pub use arrow::arrow;
pub use csv::csv;
pub use failure::failure;
pub use health::{health, pool};
pub use inline::MAX_JSON_DEPTH;
pub(crate) use inline::as_it_is as json;
pub use json::{RowShape, column_keys, rows};
pub(crate) use json::{base64, float, integer};
pub use markdown::markdown;
pub use quoted::quoted;
pub use terminal::terminal;
