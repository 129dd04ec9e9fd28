//! What is counted, for `/metrics` (OpenMetrics text).
//!
//! Counting is adding to a number that the counting place holds already: each database has one [`Meter`], found once, and nothing is
//! looked up by labels while a call runs but the tool's name, at its end. The text is made when somebody asks for it.
//!
//! Labels hold nothing that a caller writes: databases by their configured ids, at most [`book::MAX_METERS`] that were ever used, the rest
//! together as `other`, and those that callers connected to together as [`DYNAMIC`]; drivers and tools by their names; kinds of errors, traps and evictions. No SQL, no message, no address.

mod book;
mod called;
mod guest;
mod histogram;
mod meter;
mod text;

pub(crate) use book::{DYNAMIC, Live, Measured, Standing, attach, reloaded};
pub(crate) use called::{CALL, Call, concerns};
pub(crate) use guest::{Instance, timed};
pub(crate) use meter::{Eviction, Trap};
pub(crate) use text::{CONTENT_TYPE, text};
