//! What the driver itself refuses of a statement that must only read, before the database sees it.

use super::Session;
use crate::service::Service;
use crate::statement::Statement;
use bulkhead_driver::{Error, ErrorKind};

/// What can begin a statement that only reads. Anything that begins or ends a transaction isn't among them: it could end the one
/// in which the database refuses writes.
const READING: &[&str] = &["SELECT", "VALUES", "TABLE", "WITH", "SHOW", "EXPLAIN", "DESCRIBE", "DESC"];

impl<S: Service> Session<S> {
    /// Refuses what can't be a read, and reads in a transaction that isn't read-only.
    pub(super) fn allow(&self, statement: &Statement, read_only: bool) -> Result<(), Error> {
        if !read_only {
            return Ok(());
        }
        if self.transaction.as_ref().is_some_and(|open| !open.read_only) {
            return Err(refused("a read-only statement can't run in a transaction that was begun for writing"));
        }
        if !READING.contains(&statement.verb()) {
            return Err(refused(&format!("{} is not a statement that only reads", statement.verb())));
        }
        Ok(())
    }
}

fn refused(message: &str) -> Error {
    Error::new(ErrorKind::ReadOnly, message).sqlstate("25006")
}
