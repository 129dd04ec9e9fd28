//! One table: its columns, keys, indexes and all that hangs on it, in one round trip.

use super::row::{Row, all};
use super::{indexes, keys, native, tables};
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{Check, Error, ErrorKind, TableColumn, TableDetail, TableName, Trigger};

const CHECKS: &str = "\
SELECT k.name, k.definition FROM sys.check_constraints AS k WHERE k.parent_object_id = OBJECT_ID(@table) ORDER BY k.name";
const TRIGGERS: &str = "\
SELECT g.name, m.definition FROM sys.triggers AS g LEFT JOIN sys.sql_modules AS m ON m.object_id = g.object_id \
WHERE g.parent_id = OBJECT_ID(@table) ORDER BY g.name";
const DEFINITION: &str = "SELECT m.definition FROM sys.sql_modules AS m WHERE m.object_id = OBJECT_ID(@table)";

fn columns() -> String {
    format!(
        "SELECT c.name, {}, c.is_nullable, d.definition, x.definition, c.is_identity, c.collation_name, CAST(e.value AS nvarchar(4000)) \
         FROM sys.all_columns AS c JOIN sys.types AS t ON t.user_type_id = c.user_type_id \
         JOIN sys.schemas AS ts ON ts.schema_id = t.schema_id \
         LEFT JOIN sys.default_constraints AS d ON d.object_id = c.default_object_id \
         LEFT JOIN sys.computed_columns AS x ON x.object_id = c.object_id AND x.column_id = c.column_id \
         LEFT JOIN sys.extended_properties AS e ON e.class = 1 AND e.major_id = c.object_id AND e.minor_id = c.column_id \
         AND e.name = N'MS_Description' WHERE c.object_id = OBJECT_ID(@table) ORDER BY c.column_id",
        native::columns("c")
    )
}

fn column(row: &mut Row) -> Result<TableColumn, Error> {
    Ok(TableColumn {
        name: row.need()?,
        native_type: native::name(row)?,
        nullable: row.flag(),
        default: row.text(),
        generated: row.text(),
        identity: row.flag(),
        collation: row.text(),
        comment: row.text(),
    })
}

impl<W: Wire> Session<W> {
    pub(super) fn describe_table(&mut self, name: &TableName) -> Result<TableDetail, Error> {
        let table = full_name(name);
        let (columns, incoming, outgoing) = (columns(), keys::query(true), keys::query(false));
        let queries = |counted| {
            let info = tables::select("sys.all_objects", counted)
                + " WHERE o.object_id = OBJECT_ID(@table) AND o.type IN ('U', 'V', 'S', 'IF', 'TF')";
            [&info, &columns, indexes::QUERY, &outgoing, &incoming, CHECKS, TRIGGERS, DEFINITION].join(";\n")
        };
        let mut sets = self.counted(queries, &[("@table", Some(&table))])?.into_iter();
        let info = all(sets.next(), tables::info)?.into_iter().next().ok_or_else(|| missing(&table))?;
        let columns = all(sets.next(), column)?;
        let (keys, indexes) = indexes::read(sets.next())?;
        Ok(TableDetail {
            info,
            columns,
            keys,
            indexes,
            foreign_keys: keys::read(sets.next())?,
            referenced_by: keys::read(sets.next())?,
            checks: all(sets.next(), |row| Ok(Check { name: row.text(), expression: row.need()? }))?,
            triggers: all(sets.next(), |row| Ok(Trigger { name: row.need()?, definition: row.text().unwrap_or_default() }))?,
            definition: all(sets.next(), |row| Ok(row.text()))?.into_iter().next().flatten(),
        })
    }
}

/// As OBJECT_ID takes it.
pub(super) fn full_name(name: &TableName) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(&name.name)),
        None => quoted(&name.name),
    }
}

pub(super) fn missing(table: &str) -> Error {
    Error::new(ErrorKind::Undefined, format!("there is no table or view {table}"))
        .hint("list the tables; names may need their schema")
}

fn quoted(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}
