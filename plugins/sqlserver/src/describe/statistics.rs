//! What the server counts of a table.

use super::row::Row;
use super::{table, tables};
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{Error, TableName, TableStatistics};

/// When statistics were gathered: the server's local time, put back to UTC by what the two differ now.
const GATHERED: &str = "\
SELECT CONVERT(varchar(19), DATEADD(minute, DATEDIFF(minute, GETDATE(), GETUTCDATE()), MAX(STATS_DATE(x.object_id, x.stats_id))), 126) \
FROM sys.stats AS x WHERE x.object_id = OBJECT_ID(@table)";

/// Pages are of 8 KiB; indexes 0 and 1 are the table itself.
const COUNTED: &str = "\
SELECT SUM(CASE WHEN p.index_id IN (0, 1) THEN 1 ELSE 0 END), SUM(CASE WHEN p.index_id IN (0, 1) THEN p.used_page_count ELSE 0 END) * 8192, \
SUM(CASE WHEN p.index_id > 1 THEN p.used_page_count ELSE 0 END) * 8192, SUM(p.reserved_page_count) * 8192 \
FROM sys.dm_db_partition_stats AS p WHERE p.object_id = OBJECT_ID(@table)";
/// Where that isn't permitted.
const SEEN: &str = "\
SELECT COUNT(*), NULL, NULL, NULL FROM sys.partitions AS p WHERE p.object_id = OBJECT_ID(@table) AND p.index_id IN (0, 1)";

/// What the counts are called.
const NAMES: [&str; 4] = ["partitions", "table_bytes", "index_bytes", "reserved_bytes"];

impl<W: Wire> Session<W> {
    pub(super) fn describe_statistics(&mut self, name: &TableName) -> Result<TableStatistics, Error> {
        let table = table::full_name(name);
        let queries = |counted| {
            let info = tables::select("sys.all_objects", counted)
                + " WHERE o.object_id = OBJECT_ID(@table) AND o.type IN ('U', 'V', 'S', 'IF', 'TF')";
            [info.as_str(), GATHERED, if counted { COUNTED } else { SEEN }].join(";\n")
        };
        let mut sets =
            self.counted(queries, &[("@table", Some(&table))])?.into_iter().map(|rows| rows.into_iter().next().map(Row::new));
        let mut row = sets.next().flatten().ok_or_else(|| table::missing(&table))?;
        let info = tables::info(&mut row)?;
        let last_analysed = sets.next().flatten().and_then(|mut row| row.text()).map(|time| format!("{time}Z"));
        let mut properties = Vec::new();
        if let Some(mut counts) = sets.next().flatten() {
            properties.extend(NAMES.iter().filter_map(|name| Some(((*name).to_owned(), counts.text()?))));
        }
        Ok(TableStatistics { info, last_analysed, properties })
    }
}
