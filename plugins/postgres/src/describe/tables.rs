//! Tables, views and all else that can be read from.

use super::row::{Row, all};
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{Error, TableFilter, TableInfo, TableKind};

/// What a table's row says; `table.rs` reads the same. An estimate of -1 (14 and later) or 0 with no page (before) is none;
/// a partitioned table's rows and size are its partitions'.
pub(super) const COLUMNS: &str = "\
n.nspname, c.relname, c.relkind, pg_catalog.obj_description(c.oid, 'pg_class'), \
CASE WHEN c.relkind = 'p' THEN (SELECT pg_catalog.sum(p.reltuples) FROM pg_catalog.pg_partition_tree(c.oid) t \
          JOIN pg_catalog.pg_class p ON p.oid = t.relid WHERE t.isleaf AND p.reltuples >= 0)::int8 \
     WHEN c.relkind IN ('r', 'm', 'f', 't') AND c.reltuples >= 0 AND NOT (c.reltuples = 0 AND c.relpages = 0) \
     THEN c.reltuples::int8 END, \
CASE WHEN c.relkind = 'p' THEN (SELECT pg_catalog.sum(pg_catalog.pg_total_relation_size(t.relid)) \
          FROM pg_catalog.pg_partition_tree(c.oid) t WHERE t.isleaf)::int8 \
     WHEN c.relkind IN ('r', 'm', 't') THEN pg_catalog.pg_total_relation_size(c.oid) END, \
n.nspname IN ('pg_catalog', 'information_schema')";

const FILTER: &str = "\
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
WHERE c.relkind = ANY ($3::\"char\"[]) AND n.nspname !~ '^pg_toast' \
  AND (n.nspname = $1::text OR $1::text IS NULL AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
       AND (n.nspname !~ '^pg_temp' OR n.oid = pg_catalog.pg_my_temp_schema())) \
  AND ($2::text IS NULL OR c.relname ILIKE $2::text) \
ORDER BY n.nspname, c.relname OFFSET $4::int8 LIMIT $5::int8";

impl<W: Wire> Session<W> {
    pub(super) fn describe_tables(&mut self, filter: &TableFilter) -> Result<Vec<TableInfo>, Error> {
        let (kinds, schema) = match filter.kind {
            None => ("{r,p,v,m,f}", filter.schema.as_deref()),
            Some(TableKind::Table) => ("{r}", filter.schema.as_deref()),
            Some(TableKind::View) => ("{v}", filter.schema.as_deref()),
            Some(TableKind::MaterializedView) => ("{m}", filter.schema.as_deref()),
            Some(TableKind::ForeignTable) => ("{f}", filter.schema.as_deref()),
            Some(TableKind::PartitionedTable) => ("{p}", filter.schema.as_deref()),
            Some(TableKind::System) => ("{r,v}", filter.schema.as_deref().or(Some("pg_catalog"))),
            // PostgreSQL has none.
            Some(TableKind::VirtualTable) => return Ok(Vec::new()),
        };
        let query = format!("SELECT {COLUMNS} {FILTER}");
        let (offset, limit) = (filter.offset.to_string(), filter.limit.to_string());
        let values = [schema, filter.name.as_deref(), Some(kinds), Some(&offset), Some(&limit)];
        let [rows] = self.lookup([&query], &values)?;
        all(rows, info)
    }
}

/// Reads what `COLUMNS` selects.
pub(super) fn info(row: &mut Row) -> Result<TableInfo, Error> {
    let (schema, name, kind) = (row.text(), row.need()?, row.need()?);
    let (comment, rows, size) = (row.text(), row.count(), row.count());
    let kind = if row.flag() { TableKind::System } else { kind_of(&kind) };
    Ok(TableInfo { schema, name, kind, comment, rows, size })
}

fn kind_of(relkind: &str) -> TableKind {
    match relkind {
        "v" => TableKind::View,
        "m" => TableKind::MaterializedView,
        "f" => TableKind::ForeignTable,
        "p" => TableKind::PartitionedTable,
        _ => TableKind::Table,
    }
}
