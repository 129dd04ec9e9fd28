//! What is on the server, from its catalog views: one round trip for a target.
//!
//! The queries hold for SQL Server 2012 and later and Azure SQL. What an object is called comes as a parameter, never in the text.

mod catalogs;
mod indexes;
mod keys;
mod native;
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
