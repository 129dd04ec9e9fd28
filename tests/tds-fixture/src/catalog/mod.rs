//! What there is in a database: kept in tables of SQLite beside the data, seen through the views of `sys`.
//!
//! Every database is one file of SQLite, attached under its name; a table `dbo.fruit` is the table `"dbo.fruit"` in it. A
//! session's own tables (`#t`, `@t`) are in SQLite's `temp`, which has a catalog of the same form.

pub(crate) mod define;
pub(crate) mod live;
pub(crate) mod views;

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::SqlError;
use crate::sql::ast::Name;
use crate::sql::scope::{Visible, quote};
use crate::tds::reply::Column;
use crate::types::Type;

/// SQLite's database of a session's own tables.
pub(crate) const TEMP: &str = "temp";

pub(crate) struct Catalog<'a> {
    pub(crate) conn: &'a Connection,
    pub(crate) live: &'a dyn Fn(&str) -> Result<(), SqlError>,
    pub(crate) databases: &'a [String],
}

/// A table or view.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) database: String,
    pub(crate) id: i64,
    pub(crate) name: String,
    /// In SQLite's SQL.
    pub(crate) path: String,
    pub(crate) columns: Vec<Defined>,
    /// A view's text.
    pub(crate) view: Option<String>,
}

/// A column as it was declared.
#[derive(Debug, Clone)]
pub(crate) struct Defined {
    pub(crate) id: i64,
    pub(crate) column: Column,
    pub(crate) default: Option<String>,
}

impl Table {
    pub(crate) fn visible(&self) -> Vec<Visible> {
        self.columns.iter().map(|defined| Visible { column: defined.column.clone(), sql: defined.column.name.clone() }).collect()
    }
}

/// 208.
pub(crate) fn no_object(name: &Name) -> SqlError {
    SqlError::new(208, 16, format!("Invalid object name '{}'.", name.text()))
}

impl Catalog<'_> {
    /// The table or view of a name.
    pub(crate) fn table(&self, current: &str, name: &Name) -> Result<Table, SqlError> {
        self.find_table(current, name)?.ok_or_else(|| no_object(name))
    }

    pub(crate) fn find_table(&self, current: &str, name: &Name) -> Result<Option<Table>, SqlError> {
        let database = self.database(current, name)?;
        if let Some(schema) = name.schema()
            && let Some(view) = views::find(schema, name.last())
        {
            let (place, path) = if view.is_live() {
                (self.live)(&view.name)?;
                (TEMP.to_owned(), format!("temp.{}", quote(&view.name)))
            } else {
                (database.clone(), format!("{}.{}", quote(&database), quote(&view.name)))
            };
            let columns = view.columns.iter().map(|column| Defined { id: 0, column: column.clone(), default: None }).collect();
            return Ok(Some(Table { database: place, id: 0, name: view.name.clone(), path, columns, view: None }));
        }
        let schema = name.schema().unwrap_or("dbo");
        let db = quote(&database);
        let found = self
            .conn
            .prepare_cached(&format!(
                "SELECT o.object_id, o.name, s.name, o.type, o.definition FROM {db}._objects o JOIN {db}._schemas s ON s.schema_id = \
                 o.schema_id WHERE o.name = ?1 AND s.name = ?2 AND o.type IN ('U', 'V')"
            ))?
            .query_row(params![name.last(), schema], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?, row.get::<_, Option<String>>(4)?))
            })
            .optional()?;
        let Some((id, object, schema, kind, definition)) = found else { return Ok(None) };
        let path = format!("{db}.{}", quote(&format!("{schema}.{object}")));
        let columns = self.columns(&database, id)?;
        Ok(Some(Table { database, id, name: object, path, columns, view: if kind == "V" { definition } else { None } }))
    }

    fn columns(&self, database: &str, id: i64) -> Result<Vec<Defined>, SqlError> {
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT column_id, name, spec, is_nullable, is_identity, is_computed, default_definition FROM {}._columns WHERE object_id = ? \
             ORDER BY column_id",
            quote(database)
        ))?;
        let rows = statement.query_map([id], |row| {
            let spec: String = row.get(2)?;
            let column = Column {
                name: row.get(1)?,
                kind: Type::parse(&spec).unwrap_or(Type::nvarchar(4000)),
                nullable: row.get(3)?,
                identity: row.get(4)?,
                computed: row.get(5)?,
            };
            Ok(Defined { id: row.get(0)?, column, default: row.get(6)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Where a table's identity column begins, and its steps.
    pub(crate) fn identity(&self, table: &Table) -> Result<(i64, i64), SqlError> {
        let sql = format!("SELECT seed, increment FROM {}._columns WHERE object_id = ? AND is_identity", quote(&table.database));
        Ok(self.conn.query_row(&sql, [table.id], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// The database that a name is in.
    pub(crate) fn database(&self, current: &str, name: &Name) -> Result<String, SqlError> {
        if name.last().starts_with(['#', '@']) {
            return Ok(TEMP.to_owned());
        }
        match name.database() {
            None => Ok(current.to_owned()),
            Some(wanted) => {
                let found = self.databases.iter().find(|known| known.eq_ignore_ascii_case(wanted));
                found.cloned().ok_or_else(|| no_object(name))
            }
        }
    }

    /// A schema's number.
    pub(crate) fn schema(&self, database: &str, name: &str) -> Result<i64, SqlError> {
        let sql = format!("SELECT schema_id FROM {}._schemas WHERE name = ?", quote(database));
        let found = self.conn.query_row(&sql, [name], |row| row.get(0)).optional()?;
        found.ok_or_else(|| {
            let message =
                format!("The specified schema name \"{name}\" either does not exist or you do not have permission to use it.");
            SqlError::new(2760, 16, message)
        })
    }

    /// A procedure's or function's text, with its number.
    pub(crate) fn module(&self, current: &str, name: &Name, kind: &str) -> Result<Option<(i64, String)>, SqlError> {
        let database = self.database(current, name)?;
        let db = quote(&database);
        let sql = format!(
            "SELECT o.object_id, o.definition FROM {db}._objects o JOIN {db}._schemas s ON s.schema_id = o.schema_id WHERE o.name = ?1 \
             AND s.name = ?2 AND o.type = ?3"
        );
        let found = self
            .conn
            .query_row(&sql, params![name.last(), name.schema().unwrap_or("dbo"), kind], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(found)
    }
}

/// Makes a database's catalog.
pub(crate) fn create(conn: &Connection, database: &str) -> rusqlite::Result<()> {
    let db = quote(database);
    let tables = [
        "_schemas(schema_id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE UNIQUE)",
        "_objects(object_id INTEGER PRIMARY KEY, schema_id INTEGER, name TEXT COLLATE NOCASE, type TEXT, parent_object_id INTEGER \
         DEFAULT 0, create_date TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%S.', 'now') || '000'), definition TEXT, system_named INTEGER \
         DEFAULT 0, UNIQUE(schema_id, name))",
        "_columns(object_id INTEGER, column_id INTEGER, name TEXT COLLATE NOCASE, spec TEXT, system_type_id INTEGER, user_type_id \
         INTEGER, max_length INTEGER, precision INTEGER, scale INTEGER, collation_name TEXT, is_nullable INTEGER, is_identity INTEGER, \
         seed INTEGER, increment INTEGER, is_computed INTEGER, definition TEXT, is_persisted INTEGER, default_object_id INTEGER \
         DEFAULT 0, default_definition TEXT, PRIMARY KEY(object_id, column_id))",
        "_indexes(object_id INTEGER, index_id INTEGER, name TEXT COLLATE NOCASE, type INTEGER, is_unique INTEGER, is_primary_key \
         INTEGER, is_unique_constraint INTEGER, filter_definition TEXT, PRIMARY KEY(object_id, index_id))",
        "_index_columns(object_id INTEGER, index_id INTEGER, index_column_id INTEGER, column_id INTEGER, key_ordinal INTEGER, \
         is_descending_key INTEGER, is_included_column INTEGER)",
        "_foreign_keys(object_id INTEGER PRIMARY KEY, parent_object_id INTEGER, referenced_object_id INTEGER, on_delete TEXT, on_update TEXT)",
        "_foreign_key_columns(constraint_object_id INTEGER, constraint_column_id INTEGER, parent_object_id INTEGER, parent_column_id \
         INTEGER, referenced_object_id INTEGER, referenced_column_id INTEGER)",
        "_parameters(object_id INTEGER, parameter_id INTEGER, name TEXT, spec TEXT, system_type_id INTEGER, user_type_id INTEGER, \
         max_length INTEGER, precision INTEGER, scale INTEGER, is_output INTEGER, has_default_value INTEGER)",
        "_extended_properties(class INTEGER, major_id INTEGER, minor_id INTEGER, name TEXT, value TEXT)",
    ];
    for table in tables {
        conn.execute_batch(&format!("CREATE TABLE {db}.{table}"))?;
    }
    // Numbers begin where the server's do.
    conn.execute_batch(&format!(
        "INSERT INTO {db}._schemas VALUES (1, 'dbo'), (2, 'guest'), (3, 'INFORMATION_SCHEMA'), (4, 'sys');
         INSERT INTO {db}._objects(object_id, schema_id, name, type) VALUES (245575913, 4, 'bulkhead', 'S')"
    ))?;
    for view in views::all().iter().filter(|view| !view.is_live()) {
        conn.execute_batch(&view.create(database))?;
    }
    Ok(())
}
