//! Tables and views.

use super::row::{Row, all, pattern};
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{Error, ErrorKind, TableFilter, TableInfo, TableKind};

/// The server's own schemas.
const SYSTEM: &[&str] = &["sys", "information_schema"];

/// Row counts and sizes, which take VIEW DATABASE STATE; and what everybody may see.
const COUNTED: &str = "\
(SELECT SUM(p.row_count) FROM sys.dm_db_partition_stats AS p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)), \
(SELECT SUM(p.reserved_page_count) * 8192 FROM sys.dm_db_partition_stats AS p WHERE p.object_id = o.object_id)";
const SEEN: &str = "\
(SELECT SUM(p.rows) FROM sys.partitions AS p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)), NULL";

/// Selects what `info` reads.
pub(super) fn select(objects: &str, counted: bool) -> String {
    let counts = if counted { COUNTED } else { SEEN };
    format!(
        "SELECT s.name, o.name, RTRIM(o.type), o.is_ms_shipped, CAST(e.value AS nvarchar(4000)), {counts} \
         FROM {objects} AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
         LEFT JOIN sys.extended_properties AS e ON e.class = 1 AND e.major_id = o.object_id AND e.minor_id = 0 \
         AND e.name = N'MS_Description'"
    )
}

/// Reads what `select` selects.
pub(super) fn info(row: &mut Row) -> Result<TableInfo, Error> {
    let (schema, name, kind, system, comment) = (row.text(), row.need()?, row.need()?, row.flag(), row.text());
    let kind = match kind.as_str() {
        _ if system => TableKind::System,
        "V" => TableKind::View,
        _ => TableKind::Table,
    };
    let rows = row.count().filter(|_| kind != TableKind::View);
    Ok(TableInfo { schema, name, kind, comment, rows, size: row.count() })
}

impl<W: Wire> Session<W> {
    pub(super) fn describe_tables(&mut self, filter: &TableFilter) -> Result<Vec<TableInfo>, Error> {
        let types = match filter.kind {
            None | Some(TableKind::System) => "'U', 'V', 'S'",
            Some(TableKind::Table) => "'U'",
            Some(TableKind::View) => "'V'",
            Some(_) => return Ok(Vec::new()),
        };
        if filter.limit == 0 {
            return Ok(Vec::new());
        }
        let schema = filter.schema.as_deref();
        let of_system = schema.is_some_and(|schema| SYSTEM.contains(&schema.to_ascii_lowercase().as_str()));
        let shipped = u8::from(of_system || filter.kind == Some(TableKind::System));
        let objects = if shipped == 1 { "sys.all_objects" } else { "sys.objects" };
        let name = filter.name.as_deref().map(pattern);
        let values = [("@schema", schema), ("@name", name.as_deref())];
        let (offset, limit) = (filter.offset, filter.limit);
        let rows = self.counted(
            |counted| {
                format!(
                    "{} WHERE o.type IN ({types}) AND o.is_ms_shipped = {shipped} AND (@schema IS NULL OR s.name = @schema) \
                 AND (@name IS NULL OR LOWER(o.name) LIKE LOWER(@name)) \
                 ORDER BY s.name, o.name OFFSET {offset} ROWS FETCH NEXT {limit} ROWS ONLY",
                    select(objects, counted)
                )
            },
            &values,
        )?;
        all(rows.into_iter().next(), info)
    }

    /// Runs a query that counts rows, or, where that isn't permitted, the one that doesn't.
    pub(super) fn counted(
        &mut self,
        query: impl Fn(bool) -> String,
        values: &[(&str, Option<&str>)],
    ) -> Result<Vec<crate::session::Rows>, Error> {
        match self.lookup(&query(true), values) {
            Err(error) if error.kind == ErrorKind::Permission && error.connection_usable => {
                self.lookup(&query(false), values).map(Iterator::collect)
            }
            other => other.map(Iterator::collect),
        }
    }
}
