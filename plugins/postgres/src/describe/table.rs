//! One table: what it is made of, and what points to it.

use super::row::{Row, all};
use super::tables::{COLUMNS, info};
use crate::session::{Rows, Session};
use crate::wire::Wire;
use bulkhead_driver::{Check, Error, ErrorKind, ForeignKey, Index, Key, TableColumn, TableDetail, TableName, Trigger};

/// The table's OID: by schema and name, or where an unqualified name is found.
pub(super) const FIND: &str = "\
WITH target AS (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
  WHERE c.relname = $2::text AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 't') \
    AND CASE WHEN $1::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $1::text END) ";

const VIEW: &str = ", CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END \
FROM target JOIN pg_catalog.pg_class c ON c.oid = target.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace";

const TABLE_COLUMNS: &str = "\
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, \
       CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END, \
       CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END, a.attidentity <> '', \
       CASE WHEN a.attcollation <> t.typcollation THEN l.collname END, pg_catalog.col_description(a.attrelid, a.attnum) \
FROM target JOIN pg_catalog.pg_attribute a ON a.attrelid = target.oid AND a.attnum > 0 AND NOT a.attisdropped \
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation \
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum ORDER BY a.attnum";

const KEYS: &str = "\
SELECT k.conname, k.contype = 'p', (SELECT pg_catalog.json_agg(a.attname ORDER BY u.at)::text \
         FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY u(num, at) \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num) \
FROM target JOIN pg_catalog.pg_constraint k ON k.conrelid = target.oid AND k.contype IN ('p', 'u') \
ORDER BY k.contype, k.conname";

/// Both ways: a key of this table's, and one of another's that points here. `here` are this table's columns.
const FOREIGN_KEYS: &str = "\
SELECT outward, k.conname, n.nspname, c.relname, \
       (SELECT pg_catalog.json_agg(a.attname ORDER BY u.at)::text \
        FROM pg_catalog.unnest(CASE WHEN outward THEN k.conkey ELSE k.confkey END) WITH ORDINALITY u(num, at) \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = target.oid AND a.attnum = u.num), \
       (SELECT pg_catalog.json_agg(a.attname ORDER BY u.at)::text \
        FROM pg_catalog.unnest(CASE WHEN outward THEN k.confkey ELSE k.conkey END) WITH ORDINALITY u(num, at) \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.num), k.confupdtype, k.confdeltype \
FROM target CROSS JOIN (VALUES (true), (false)) way(outward) \
JOIN pg_catalog.pg_constraint k ON k.contype = 'f' AND target.oid = CASE WHEN outward THEN k.conrelid ELSE k.confrelid END \
JOIN pg_catalog.pg_class c ON c.oid = CASE WHEN outward THEN k.confrelid ELSE k.conrelid END \
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
WHERE outward OR k.conparentid = 0 ORDER BY k.conname, n.nspname, c.relname";

const INDEXES: &str = "\
SELECT c.relname, i.indisunique, i.indisprimary, m.amname, \
       (SELECT pg_catalog.json_agg(pg_catalog.pg_get_indexdef(i.indexrelid, s.at, true) ORDER BY s.at)::text \
        FROM pg_catalog.generate_series(1, i.indnkeyatts) s(at)), \
       (SELECT pg_catalog.json_agg(pg_catalog.pg_get_indexdef(i.indexrelid, s.at, true) ORDER BY s.at)::text \
        FROM pg_catalog.generate_series(i.indnkeyatts + 1, i.indnatts) s(at)), \
       pg_catalog.pg_get_expr(i.indpred, i.indrelid), pg_catalog.pg_get_indexdef(i.indexrelid) \
FROM target JOIN pg_catalog.pg_index i ON i.indrelid = target.oid JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
JOIN pg_catalog.pg_am m ON m.oid = c.relam ORDER BY i.indisprimary DESC, c.relname";

/// Checks (`c`) and triggers (`t`).
const RULES: &str = "\
SELECT 'c', k.conname, pg_catalog.pg_get_expr(k.conbin, k.conrelid) \
FROM target JOIN pg_catalog.pg_constraint k ON k.conrelid = target.oid AND k.contype = 'c' \
UNION ALL SELECT 't', g.tgname, pg_catalog.pg_get_triggerdef(g.oid) \
FROM target JOIN pg_catalog.pg_trigger g ON g.tgrelid = target.oid AND NOT g.tgisinternal ORDER BY 1, 2";

impl<W: Wire> Session<W> {
    pub(super) fn describe_table(&mut self, table: &TableName) -> Result<TableDetail, Error> {
        let with = |query: &str| format!("{FIND}{query}");
        let about = format!("{FIND}SELECT {COLUMNS}{VIEW}");
        let queries = [TABLE_COLUMNS, KEYS, FOREIGN_KEYS, INDEXES, RULES].map(with);
        let [columns, keys, foreign, indexes, rules] = &queries;
        let values = [table.schema.as_deref(), Some(table.name.as_str())];
        let [about, columns, keys, foreign, indexes, rules] =
            self.lookup([about.as_str(), columns, keys, foreign, indexes, rules], &values)?;
        let Some(about) = about.into_iter().next() else {
            return Err(missing(table));
        };
        let mut about = Row::new(about);
        let (info, definition) = (info(&mut about)?, about.text());
        let (mut foreign_keys, mut referenced_by) = (Vec::new(), Vec::new());
        for (outward, key) in all(foreign, foreign_key)? {
            if outward { &mut foreign_keys } else { &mut referenced_by }.push(key);
        }
        let (checks, triggers) = split_rules(rules)?;
        Ok(TableDetail {
            info,
            columns: all(columns, column)?,
            keys: all(keys, |row| Ok(Key { name: row.text(), primary: row.flag(), columns: row.names()? }))?,
            foreign_keys,
            referenced_by,
            indexes: all(indexes, index)?,
            checks,
            triggers,
            definition,
        })
    }
}

pub(super) fn missing(table: &TableName) -> Error {
    let name = match &table.schema {
        Some(schema) => format!("{schema}.{}", table.name),
        None => table.name.clone(),
    };
    Error::new(ErrorKind::Undefined, format!("there is no table or view `{}`", name.escape_debug()))
        .sqlstate("42P01")
        .hint("names are matched as they are stored, mostly in lower case; list the tables to see them")
}

fn column(row: &mut Row) -> Result<TableColumn, Error> {
    Ok(TableColumn {
        name: row.need()?,
        native_type: row.need()?,
        nullable: row.flag(),
        default: row.text(),
        generated: row.text(),
        identity: row.flag(),
        collation: row.text(),
        comment: row.text(),
    })
}

fn foreign_key(row: &mut Row) -> Result<(bool, ForeignKey), Error> {
    let outward = row.flag();
    let (name, referenced_schema, referenced_table) = (row.text(), row.text(), row.need()?);
    let (columns, referenced_columns) = (row.names()?, row.names()?);
    let (on_update, on_delete) = (action(&row.need()?), action(&row.need()?));
    Ok((outward, ForeignKey { name, columns, referenced_schema, referenced_table, referenced_columns, on_update, on_delete }))
}

fn action(code: &str) -> String {
    match code {
        "r" => "RESTRICT",
        "c" => "CASCADE",
        "n" => "SET NULL",
        "d" => "SET DEFAULT",
        _ => "NO ACTION",
    }
    .to_owned()
}

fn index(row: &mut Row) -> Result<Index, Error> {
    Ok(Index {
        name: row.need()?,
        unique: row.flag(),
        primary: row.flag(),
        method: row.text(),
        columns: row.names()?,
        included: row.names()?,
        predicate: row.text(),
        definition: row.text(),
    })
}

fn split_rules(rows: Rows) -> Result<(Vec<Check>, Vec<Trigger>), Error> {
    let (mut checks, mut triggers) = (Vec::new(), Vec::new());
    for (kind, name, text) in all(rows, |row| Ok((row.need()?, row.need()?, row.need()?)))? {
        if kind == "c" {
            checks.push(Check { name: Some(name), expression: text });
        } else {
            triggers.push(Trigger { name, definition: text });
        }
    }
    Ok((checks, triggers))
}
