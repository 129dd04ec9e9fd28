//! `describe`: what is in the database, from SQLite's pragmas and its catalogue.
//!
//! SQLite has no routines of a user's, no owners and no comments; what it keeps only as text is read by [`crate::ddl`].

mod keys;
mod search;
mod server;
mod statistics;
mod table;
mod tables;

use crate::rules::Mode;
use crate::session::Session;
use crate::sqlite::Statement;
use bulkhead_driver::error::Result;
use bulkhead_driver::{Description, Error, ErrorKind, Parameter, Target, Value};

impl Session {
    /// Describes something.
    pub(crate) fn describe(&mut self, target: &Target) -> Result<Description> {
        self.begin_call(Mode::Internal)?;
        Ok(match target {
            Target::Server => Description::Server(self.describe_server()?),
            Target::Catalogs => Description::Catalogs(self.describe_catalogs()?),
            Target::Schemas => Description::Schemas(self.describe_schemas()?),
            Target::Tables(filter) => Description::Tables(self.describe_tables(filter)?),
            Target::Table(name) => Description::Table(self.describe_table(name)?),
            Target::Routines(_) => Description::Routines(Vec::new()),
            Target::Search(filter) => Description::Search(self.describe_search(filter)?),
            Target::Statistics(name) => Description::Statistics(self.describe_statistics(name)?),
            Target::User => return Err(nobody()),
        })
    }

    /// The first value of a query of ours, as text.
    fn value(&mut self, text: &str) -> Result<Option<String>> {
        let mut found = None;
        self.rows(text, &[], |row| found = found.take().or_else(|| optional(row, 0)))?;
        Ok(found)
    }
}

/// A file knows no users: what can be done to it is the operating system's and the configuration's to say.
fn nobody() -> Error {
    Error::new(ErrorKind::Unsupported, "SQLite has no users").hint("what is allowed here, the database's configuration says")
}

/// A parameter.
fn text_param(text: &str) -> Parameter {
    Parameter { name: None, value: Value::Text(text.to_owned()), type_hint: None }
}

/// A value as text; empty for NULL.
fn string(row: &Statement, column: usize) -> String {
    String::from_utf8_lossy(row.text(column)).into_owned()
}

/// A value as text.
fn optional(row: &Statement, column: usize) -> Option<String> {
    use crate::sqlite::StorageClass;
    (row.storage_class(column) != StorageClass::Null).then(|| string(row, column))
}

/// A schema's name as it can stand in a statement.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
