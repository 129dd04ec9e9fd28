//! One table or view, with all that belongs to it.

use super::tables::kind;
use super::{optional, quoted, string, text_param};
use crate::ddl::{self, TableText};
use crate::session::Session;
use bulkhead_driver::error::Result;
use bulkhead_driver::{Check, Error, ErrorKind, TableColumn, TableDetail, TableInfo, TableKind, TableName, Trigger};

/// Sizes are counted page by page; above this the count would take longer than a caller waits.
const LARGEST_COUNTED_BYTES: u64 = 256 << 20;

/// An unqualified name is looked for in `temp` first, as SQLite does.
const FIND: &str = "SELECT schema, name, type, wr FROM pragma_table_list \
    WHERE lower(name) = lower(?1) AND (?2 IS NULL AND schema IN ('main', 'temp') OR lower(schema) = lower(?2)) \
    ORDER BY schema = 'temp' DESC LIMIT 1";

/// A column of `pragma_table_xinfo`.
pub(super) struct ColumnRow {
    pub(super) name: String,
    declared: String,
    not_null: bool,
    default: Option<String>,
    /// Its place in the primary key, from 1; 0: not in it.
    pub(super) key: i64,
    /// 2: computed when read; 3: computed when written.
    hidden: i64,
}

impl Session {
    pub(super) fn describe_table(&mut self, wanted: &TableName) -> Result<TableDetail> {
        let mut found = None;
        let schema = wanted.schema.as_deref().map_or_else(null, text_param);
        self.rows(FIND, &[text_param(&wanted.name), schema], |row| {
            found = Some((string(row, 0), string(row, 1), string(row, 2), row.int64(3) != 0));
        })?;
        let Some((schema, name, word, without_rowid)) = found else {
            return Err(Error::new(ErrorKind::Undefined, format!("no such table: {}", wanted.name)).object(&wanted.name));
        };
        let kind = kind(&name, &word);
        let definition = self.definition(&schema, &name)?;
        let text = match (kind, &definition) {
            (TableKind::Table, Some(definition)) => ddl::table(definition),
            _ => TableText::default(),
        };
        let rows = self.table_columns(&schema, &name)?;
        let alias = rowid_alias(&rows, without_rowid);
        let (keys, indexes) = self.keys_and_indexes(&schema, &name, &rows, &text, alias.is_some())?;
        Ok(TableDetail {
            info: TableInfo {
                rows: self.estimates(&schema)?.get(&name).copied(),
                size: self.table_bytes(&schema, &name, kind)?,
                schema: Some(schema.clone()),
                name: name.clone(),
                kind,
                comment: None,
            },
            foreign_keys: self.foreign_keys(&schema, &name, &text)?,
            referenced_by: self.referenced_by(&schema, &name)?,
            columns: rows.iter().map(|row| column(row, &text, alias, without_rowid)).collect(),
            keys,
            indexes,
            checks: text.checks.into_iter().map(|(name, expression)| Check { name, expression }).collect(),
            triggers: self.triggers(&schema, &name)?,
            definition,
        })
    }

    /// A table's columns, hidden ones of virtual tables aside.
    pub(super) fn table_columns(&mut self, schema: &str, table: &str) -> Result<Vec<ColumnRow>> {
        /// A virtual table's own parameters, which `SELECT *` doesn't give either.
        const HIDDEN: i64 = 1;
        let mut rows = Vec::new();
        let query = "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1, ?2)";
        self.rows(query, &[text_param(table), text_param(schema)], |row| {
            rows.push(ColumnRow {
                name: string(row, 0),
                declared: string(row, 1),
                not_null: row.int64(2) != 0,
                default: optional(row, 3),
                key: row.int64(4),
                hidden: row.int64(5),
            });
        })?;
        rows.retain(|row| row.hidden != HIDDEN);
        Ok(rows)
    }

    fn definition(&mut self, schema: &str, name: &str) -> Result<Option<String>> {
        let mut found = None;
        let query = format!("SELECT sql FROM {}.sqlite_schema WHERE name = ?1 AND type IN ('table', 'view')", quoted(schema));
        self.rows(&query, &[text_param(name)], |row| found = optional(row, 0))?;
        Ok(found)
    }

    fn triggers(&mut self, schema: &str, table: &str) -> Result<Vec<Trigger>> {
        let mut found = Vec::new();
        let query = format!(
            "SELECT name, sql FROM {}.sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = lower(?1) ORDER BY name",
            quoted(schema)
        );
        self.rows(&query, &[text_param(table)], |row| {
            found.push(Trigger { name: string(row, 0), definition: string(row, 1) });
        })?;
        Ok(found)
    }

    fn table_bytes(&mut self, schema: &str, table: &str, kind: TableKind) -> Result<Option<u64>> {
        if kind != TableKind::Table || schema != "main" || self.database_bytes()? > LARGEST_COUNTED_BYTES {
            return Ok(None);
        }
        let mut size = None;
        let query = "SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE AND name IN \
            (SELECT name FROM sqlite_schema WHERE lower(tbl_name) = lower(?1) AND type IN ('table', 'index'))";
        self.rows(query, &[text_param(table)], |row| size = u64::try_from(row.int64(0)).ok())?;
        Ok(size)
    }
}

/// The column that is another name of the rowid: the only one of its primary key, and declared INTEGER to the letter.
fn rowid_alias(rows: &[ColumnRow], without_rowid: bool) -> Option<&str> {
    let mut key = rows.iter().filter(|row| row.key > 0);
    match (key.next(), key.next()) {
        (Some(only), None) if !without_rowid && only.declared.eq_ignore_ascii_case("INTEGER") => Some(&only.name),
        _ => None,
    }
}

fn column(row: &ColumnRow, text: &TableText, alias: Option<&str>, without_rowid: bool) -> TableColumn {
    let written = text.columns.iter().find(|column| column.name.eq_ignore_ascii_case(&row.name));
    let identity = alias == Some(row.name.as_str());
    TableColumn {
        name: row.name.clone(),
        // SQLite adds this to the declaration of a computed column.
        native_type: row.declared.trim_end_matches(" GENERATED ALWAYS").to_owned(),
        // SQLite lets NULL into a primary key, but for these two.
        nullable: !(row.not_null || identity || (without_rowid && row.key > 0)),
        default: row.default.clone(),
        generated: written.and_then(|column| column.generated.clone()).filter(|_| row.hidden > 0),
        identity,
        collation: written.and_then(|column| column.collation.clone()),
        comment: None,
    }
}

fn null() -> bulkhead_driver::Parameter {
    bulkhead_driver::Parameter { name: None, value: bulkhead_driver::Value::Null, type_hint: None }
}
