//! What names mean at one place of a statement: the tables in sight, and those of the queries around.

use super::ast::Name;
use crate::error::SqlError;
use crate::tds::reply::Column;
use crate::types::Type;

/// A table in sight.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// What T-SQL calls it: its alias, or its name.
    pub(crate) name: String,
    /// What SQLite's SQL calls it; empty: its columns stand alone.
    pub(crate) alias: String,
    pub(crate) columns: Vec<Visible>,
    /// The table itself, for what changes it.
    pub(crate) table: Option<String>,
}

/// A column, and SQLite's name of it.
#[derive(Debug, Clone)]
pub(crate) struct Visible {
    pub(crate) column: Column,
    pub(crate) sql: String,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Scope<'a> {
    pub(crate) sources: Vec<Source>,
    pub(crate) outer: Option<&'a Scope<'a>>,
}

/// SQLite's SQL for an expression.
#[derive(Debug, Clone)]
pub(crate) struct Emitted {
    pub(crate) sql: String,
    pub(crate) kind: Type,
    pub(crate) nullable: bool,
    /// For a column alone: its name and properties.
    pub(crate) column: Option<Column>,
}

impl Emitted {
    pub(crate) fn new(sql: impl Into<String>, kind: Type) -> Emitted {
        Emitted { sql: sql.into(), kind, nullable: true, column: None }
    }

    pub(crate) fn not_null(mut self) -> Emitted {
        self.nullable = false;
        self
    }
}

impl Source {
    fn emit(&self, visible: &Visible) -> Emitted {
        let sql = if self.alias.is_empty() { quote(&visible.sql) } else { format!("{}.{}", self.alias, quote(&visible.sql)) };
        let column = visible.column.clone();
        Emitted { sql, kind: column.kind, nullable: column.nullable, column: Some(column) }
    }

    /// Every column of it.
    pub(crate) fn all(&self) -> impl Iterator<Item = Emitted> {
        self.columns.iter().map(|visible| self.emit(visible))
    }

    /// Whether a qualifier in a query means it.
    pub(crate) fn is_called(&self, qualifier: &str) -> bool {
        self.name.eq_ignore_ascii_case(qualifier)
    }
}

impl Scope<'_> {
    pub(crate) fn resolve(&self, name: &Name) -> Result<Emitted, SqlError> {
        let qualifier = name.0.len().checked_sub(2).and_then(|index| name.0.get(index));
        let mut found = Vec::new();
        for source in &self.sources {
            if qualifier.is_some_and(|qualifier| !source.is_called(qualifier)) {
                continue;
            }
            let same = |visible: &&Visible| visible.column.name.eq_ignore_ascii_case(name.last());
            found.extend(source.columns.iter().find(same).map(|visible| source.emit(visible)));
        }
        match (found.len(), self.outer) {
            (1, _) => found.pop().ok_or_else(|| missing(name)),
            (0, Some(outer)) => outer.resolve(name),
            (0, None) => Err(missing(name)),
            _ => Err(SqlError::new(209, 16, format!("Ambiguous column name '{}'.", name.text()))),
        }
    }
}

fn missing(name: &Name) -> SqlError {
    if name.0.len() > 1 {
        return SqlError::new(4104, 16, format!("The multi-part identifier \"{}\" could not be bound.", name.text()));
    }
    SqlError::new(207, 16, format!("Invalid column name '{}'.", name.text()))
}

/// A name in SQLite's SQL.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Text in SQLite's SQL.
pub(crate) fn literal(text: &str) -> String {
    if text.contains('\0') {
        return format!("CAST(x'{}' AS TEXT)", crate::convert::hex(text.as_bytes()));
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// A value in SQLite's SQL.
pub(crate) fn constant(value: &rusqlite::types::Value) -> String {
    match value {
        rusqlite::types::Value::Null => "NULL".to_owned(),
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Real(number) => format!("{number:e}"),
        rusqlite::types::Value::Text(text) => literal(text),
        rusqlite::types::Value::Blob(bytes) => format!("x'{}'", crate::convert::hex(bytes)),
    }
}
