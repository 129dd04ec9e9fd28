//! Keys, indexes and foreign keys, both ways.

use super::table::ColumnRow;
use super::{optional, quoted, string, text_param};
use crate::ddl::{self, TableText};
use crate::session::Session;
use bulkhead_driver::error::Result;
use bulkhead_driver::{ForeignKey, Index, Key};

/// A row of `pragma_index_list`.
struct IndexRow {
    name: String,
    unique: bool,
    /// `c`: CREATE INDEX; `u`: a UNIQUE constraint; `pk`: the primary key.
    origin: String,
}

impl Session {
    pub(super) fn keys_and_indexes(
        &mut self,
        schema: &str,
        table: &str,
        columns: &[ColumnRow],
        text: &TableText,
        rowid_is_key: bool,
    ) -> Result<(Vec<Key>, Vec<Index>)> {
        let (mut keys, mut indexes) = (Vec::new(), Vec::new());
        let mut primary: Vec<_> = columns.iter().filter(|row| row.key > 0).collect();
        primary.sort_by_key(|row| row.key);
        if !primary.is_empty() {
            keys.push(key(true, primary.iter().map(|row| row.name.clone()).collect(), text));
        }
        for row in self.index_list(schema, table)? {
            let definition = self.index_definition(schema, &row.name)?;
            let index = self.index(schema, &row, definition)?;
            if row.origin == "u" {
                keys.push(key(false, index.columns.clone(), text));
            }
            // The rowid's own tree is the table, not an index.
            if !(row.origin == "pk" && rowid_is_key) {
                indexes.push(index);
            }
        }
        Ok((keys, indexes))
    }

    pub(super) fn foreign_keys(&mut self, schema: &str, table: &str, text: &TableText) -> Result<Vec<ForeignKey>> {
        let query = "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete FROM pragma_foreign_key_list(?1, ?2) ORDER BY id DESC, seq";
        let mut found: Vec<(i64, ForeignKey)> = Vec::new();
        self.rows(query, &[text_param(table), text_param(schema)], |row| {
            let id = row.int64(0);
            if found.last().is_none_or(|(last, _)| *last != id) {
                let key = ForeignKey {
                    name: None,
                    columns: Vec::new(),
                    referenced_schema: Some(schema.to_owned()),
                    referenced_table: string(row, 1),
                    referenced_columns: Vec::new(),
                    on_update: string(row, 4),
                    on_delete: string(row, 5),
                };
                found.push((id, key));
            }
            if let Some((_, key)) = found.last_mut() {
                key.columns.push(string(row, 2));
                key.referenced_columns.extend(optional(row, 3));
            }
        })?;
        let mut keys: Vec<_> = found.into_iter().map(|(_, key)| key).collect();
        // SQLite numbers them from the last one written.
        for (key, name) in keys.iter_mut().zip(&text.foreign_key_names) {
            key.name.clone_from(name);
        }
        for key in keys.iter_mut().filter(|key| key.referenced_columns.is_empty()) {
            key.referenced_columns = self.primary_key(schema, &key.referenced_table)?;
        }
        Ok(keys)
    }

    pub(super) fn referenced_by(&mut self, schema: &str, table: &str) -> Result<Vec<ForeignKey>> {
        let mut others = Vec::new();
        let query = format!(
            "SELECT DISTINCT m.name FROM {}.sqlite_schema m, pragma_foreign_key_list(m.name, ?2) f \
             WHERE m.type = 'table' AND lower(f.\"table\") = lower(?1) ORDER BY m.name",
            quoted(schema)
        );
        self.rows(&query, &[text_param(table), text_param(schema)], |row| others.push(string(row, 0)))?;
        let mut found = Vec::new();
        for other in others {
            let keys = self.foreign_keys(schema, &other, &TableText::default())?;
            found.extend(keys.into_iter().filter(|key| key.referenced_table.eq_ignore_ascii_case(table)).map(|key| ForeignKey {
                columns: key.referenced_columns,
                referenced_table: other.clone(),
                referenced_columns: key.columns,
                ..key
            }));
        }
        Ok(found)
    }

    fn index_list(&mut self, schema: &str, table: &str) -> Result<Vec<IndexRow>> {
        let mut found = Vec::new();
        let query = "SELECT name, \"unique\", origin FROM pragma_index_list(?1, ?2) ORDER BY seq DESC";
        self.rows(query, &[text_param(table), text_param(schema)], |row| {
            found.push(IndexRow { name: string(row, 0), unique: row.int64(1) != 0, origin: string(row, 2) });
        })?;
        Ok(found)
    }

    fn index_definition(&mut self, schema: &str, index: &str) -> Result<Option<String>> {
        let mut found = None;
        let query = format!("SELECT sql FROM {}.sqlite_schema WHERE type = 'index' AND name = ?1", quoted(schema));
        self.rows(&query, &[text_param(index)], |row| found = optional(row, 0))?;
        Ok(found)
    }

    fn index(&mut self, schema: &str, row: &IndexRow, definition: Option<String>) -> Result<Index> {
        let text = definition.as_deref().map(ddl::index).unwrap_or_default();
        let mut columns = Vec::new();
        let query = "SELECT name FROM pragma_index_xinfo(?1, ?2) WHERE key = 1 ORDER BY seqno";
        self.rows(query, &[text_param(&row.name), text_param(schema)], |found| {
            // An expression has no name; its text is in the definition.
            let written = text.columns.get(columns.len()).cloned();
            columns.push(optional(found, 0).or(written).unwrap_or_default());
        })?;
        Ok(Index {
            name: row.name.clone(),
            unique: row.unique,
            primary: row.origin == "pk",
            method: Some("btree".to_owned()),
            columns,
            included: Vec::new(),
            predicate: text.predicate,
            definition,
        })
    }

    fn primary_key(&mut self, schema: &str, table: &str) -> Result<Vec<String>> {
        let mut columns: Vec<_> = self.table_columns(schema, table)?.into_iter().filter(|row| row.key > 0).collect();
        columns.sort_by_key(|row| row.key);
        Ok(columns.into_iter().map(|row| row.name).collect())
    }
}

fn key(primary: bool, columns: Vec<String>, text: &TableText) -> Key {
    let lower: Vec<_> = columns.iter().map(|column| column.to_lowercase()).collect();
    let name = text.key_names.iter().find(|(_, named)| *named == lower).map(|(name, _)| name.clone());
    Key { name, primary, columns }
}
