//! What the server counts of a table.

use super::row::Row;
use super::table::{FIND, missing};
use super::tables::{COLUMNS, info};
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{Error, TableName, TableStatistics};

const COUNTS: &str = "\
, (SELECT pg_catalog.to_char(GREATEST(s.last_analyze, s.last_autoanalyze) AT TIME ZONE 'UTC', \
                             'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
   FROM pg_catalog.pg_stat_all_tables s WHERE s.relid = c.oid), \
CASE WHEN c.relkind IN ('r', 'm', 't') THEN pg_catalog.pg_table_size(c.oid) END, \
CASE WHEN c.relkind IN ('r', 'm', 't') THEN pg_catalog.pg_indexes_size(c.oid) END, \
(SELECT pg_catalog.json_build_array(s.n_live_tup::text, s.n_dead_tup::text, s.n_mod_since_analyze::text, s.seq_scan::text, \
          s.idx_scan::text, s.n_tup_ins::text, s.n_tup_upd::text, s.n_tup_del::text, \
          pg_catalog.to_char(GREATEST(s.last_vacuum, s.last_autovacuum) AT TIME ZONE 'UTC', \
                             'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'))::text \
 FROM pg_catalog.pg_stat_all_tables s WHERE s.relid = c.oid) \
FROM target JOIN pg_catalog.pg_class c ON c.oid = target.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace";

/// What `COUNTS` puts into its array.
const NAMES: [&str; 9] = [
    "live_rows",
    "dead_rows",
    "changed_since_analyse",
    "sequential_scans",
    "index_scans",
    "inserted",
    "updated",
    "deleted",
    "last_vacuumed",
];

impl<W: Wire> Session<W> {
    pub(super) fn describe_statistics(&mut self, table: &TableName) -> Result<TableStatistics, Error> {
        let query = format!("{FIND}SELECT {COLUMNS}{COUNTS}");
        let values = [table.schema.as_deref(), Some(table.name.as_str())];
        let [rows] = self.lookup([&query], &values)?;
        let Some(row) = rows.into_iter().next() else { return Err(missing(table)) };
        let mut row = Row::new(row);
        let info = info(&mut row)?;
        let last_analysed = row.text();
        let mut properties = Vec::new();
        for name in ["table_bytes", "index_bytes"] {
            properties.extend(row.text().map(|bytes| (name.to_owned(), bytes)));
        }
        let counts = row.names()?;
        let known = NAMES.into_iter().zip(counts).filter(|(_, count)| !count.is_empty());
        properties.extend(known.map(|(name, count)| (name.to_owned(), count)));
        Ok(TableStatistics { info, last_analysed, properties })
    }
}
