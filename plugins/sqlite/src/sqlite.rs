//! SQLite itself, made safe: a database, its statements, and the places where it asks us.
//!
//! The C interface is <https://www.sqlite.org/c3ref/intro.html>. Nothing here knows of the contract.

mod callbacks;
mod database;
mod failure;
mod statement;

pub(crate) use callbacks::Callbacks;
pub(crate) use database::{Database, Flag, Opened, Setting};
pub(crate) use failure::Failure;
pub(crate) use statement::{Described, Statement, Step, StorageClass};

pub(crate) use libsqlite3_sys as codes;
