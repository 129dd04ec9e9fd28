//! The database that a request brings with it.

use std::sync::Arc;

use crate::database::Database;

/// One request's own database. Cheap to clone.
#[derive(Clone)]
pub struct Attached(Arc<Database>);

impl Attached {
    pub(super) fn new(database: Arc<Database>) -> Attached {
        Attached(database)
    }

    /// The database.
    pub(crate) fn database(&self) -> &Arc<Database> {
        &self.0
    }
}

impl std::fmt::Debug for Attached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attached")
    }
}
