//! Foreign keys, of a table and to it.

use super::row::all;
use crate::session::Rows;
use bulkhead_driver::{Error, ForeignKey};

/// The table's own, or those of other tables that point to it: `columns` are always this table's.
pub(super) fn query(incoming: bool) -> String {
    let (here, there) = if incoming { ("referenced", "parent") } else { ("parent", "referenced") };
    format!(
        "SELECT f.name, s.name, o.name, f.update_referential_action_desc, f.delete_referential_action_desc, h.name, y.name \
         FROM sys.foreign_keys AS f JOIN sys.foreign_key_columns AS k ON k.constraint_object_id = f.object_id \
         JOIN sys.objects AS o ON o.object_id = k.{there}_object_id JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
         JOIN sys.columns AS h ON h.object_id = k.{here}_object_id AND h.column_id = k.{here}_column_id \
         JOIN sys.columns AS y ON y.object_id = k.{there}_object_id AND y.column_id = k.{there}_column_id \
         WHERE k.{here}_object_id = OBJECT_ID(@table) ORDER BY s.name, o.name, f.name, k.constraint_column_id"
    )
}

/// Reads what the query selects, a row for each column of a key.
pub(super) fn read(rows: Option<Rows>) -> Result<Vec<ForeignKey>, Error> {
    let parts = all(rows, |row| {
        let name = row.text();
        let (schema, table) = (row.text(), row.need()?);
        let (on_update, on_delete) = (row.need()?.replace('_', " "), row.need()?.replace('_', " "));
        let key = ForeignKey {
            name,
            columns: Vec::new(),
            referenced_schema: schema,
            referenced_table: table,
            referenced_columns: Vec::new(),
            on_update,
            on_delete,
        };
        Ok((key, row.need()?, row.need()?))
    })?;
    let mut keys: Vec<ForeignKey> = Vec::new();
    for (key, column, referenced) in parts {
        let same = keys.last().is_some_and(|last| {
            last.name == key.name
                && last.referenced_schema == key.referenced_schema
                && last.referenced_table == key.referenced_table
        });
        if !same {
            keys.push(key);
        }
        if let Some(last) = keys.last_mut() {
            last.columns.push(column);
            last.referenced_columns.push(referenced);
        }
    }
    Ok(keys)
}
