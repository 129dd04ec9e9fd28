//! What is on the server, from its catalogs: one query for a target (six for a table, in one round trip).
//!
//! The queries name everything by its schema and hold for PostgreSQL 12 to 18. Columns come as text; lists of names as
//! JSON arrays, so that any name is safe.

mod catalogs;
mod routines;
mod row;
mod schemas;
mod search;
mod server;
mod statistics;
mod table;
mod tables;
mod user;

use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{Description, Error, Target};

impl<W: Wire> Session<W> {
    /// Describes the server or something on it.
    ///
    /// # Errors
    /// `undefined` if there is no such table; else the server's.
    pub fn describe(&mut self, target: Target) -> Result<Description, Error> {
        match target {
            Target::Server => self.describe_server().map(Description::Server),
            Target::Catalogs => self.describe_catalogs().map(Description::Catalogs),
            Target::Schemas => self.describe_schemas().map(Description::Schemas),
            Target::Tables(filter) => self.describe_tables(&filter).map(Description::Tables),
            Target::Table(name) => self.describe_table(&name).map(Description::Table),
            Target::Routines(filter) => self.describe_routines(&filter).map(Description::Routines),
            Target::Search(filter) => self.describe_search(&filter).map(Description::Search),
            Target::Statistics(name) => self.describe_statistics(&name).map(Description::Statistics),
            Target::User => self.describe_user().map(Description::User),
        }
    }
}
