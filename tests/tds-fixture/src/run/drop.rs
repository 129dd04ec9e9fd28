//! DROP.

use std::rc::Rc;

use super::session::Session;
use crate::catalog::{Table, define};
use crate::error::SqlError;
use crate::sql::ast::Name;
use crate::sql::scope::quote;

impl Session {
    pub(crate) fn drop_objects(
        &mut self,
        kind: &str,
        names: &[Name],
        if_exists: bool,
        on: Option<&Name>,
    ) -> Result<(), SqlError> {
        for name in names {
            if !self.dropped(kind, name, on)? && !if_exists {
                let what = kind.to_lowercase();
                let message =
                    format!("Cannot drop the {what} '{}', because it does not exist or you do not have permission.", name.text());
                return Err(SqlError::new(3701, 11, message).state(5));
            }
        }
        Ok(())
    }

    /// Whether there was one to drop.
    fn dropped(&mut self, kind: &str, name: &Name, on: Option<&Name>) -> Result<bool, SqlError> {
        let conn = Rc::clone(&self.conn);
        match kind {
            "TABLE" => {
                let found = self.compile(|compiler| compiler.catalog.find_table(&compiler.database, name))?;
                let Some(table) = found.filter(|table| table.view.is_none() && table.id != 0) else { return Ok(false) };
                self.atomically(|_| {
                    conn.execute_batch(&format!("DROP TABLE {}", table.path))?;
                    define::forget(&conn, &table.database, table.id)
                })?;
                self.server.set_identity(&table.path, None);
                Ok(true)
            }
            "INDEX" => {
                let (table, index) = match (on, name.schema()) {
                    (Some(table), _) => (table.clone(), name.last()),
                    (None, Some(table)) => (Name(vec![table.to_owned()]), name.last()),
                    (None, None) => return Ok(false),
                };
                let table = self.compile(|compiler| compiler.catalog.table(&compiler.database, &table))?;
                let db = quote(&table.database);
                let found = conn.execute(
                    &format!("DELETE FROM {db}._indexes WHERE object_id = ?1 AND name = ?2"),
                    rusqlite::params![table.id, index],
                )?;
                conn.execute_batch(&format!("DROP INDEX IF EXISTS {db}.{}", quote(&index_path(&table, index))))?;
                Ok(found > 0)
            }
            "SCHEMA" => {
                let sql = format!("DELETE FROM {}._schemas WHERE name = ? AND schema_id > 4", quote(&self.database));
                Ok(conn.execute(&sql, [name.last()])? > 0)
            }
            "DATABASE" => Err(SqlError::lacks("DROP DATABASE")),
            _ => {
                let code = match kind {
                    "VIEW" => "V",
                    "FUNCTION" => "FN",
                    _ => "P",
                };
                let database = self.compile(|compiler| compiler.catalog.database(&compiler.database, name))?;
                let Some((id, _)) = self.compile(|compiler| compiler.catalog.module(&database, name, code))? else {
                    return Ok(false);
                };
                define::forget(&conn, &database, id)?;
                Ok(true)
            }
        }
    }
}

pub(super) fn index_path(table: &Table, index: &str) -> String {
    format!("{}.{}.{index}", table.id, table.name)
}
