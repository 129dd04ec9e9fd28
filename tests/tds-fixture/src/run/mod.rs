//! Runs requests: one thread for each session, which alone touches its connection to SQLite.

pub(crate) mod batch;
pub(crate) mod change;
pub(crate) mod define;
pub(crate) mod drop;
pub(crate) mod modules;
pub(crate) mod notices;
pub(crate) mod options;
pub(crate) mod remote;
pub(crate) mod select;
pub(crate) mod session;
pub(crate) mod showplan;
pub(crate) mod system;
pub(crate) mod transaction;
