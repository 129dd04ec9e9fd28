//! Functions, procedures and aggregates.

use super::row::all;
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{Error, Routine, RoutineFilter};

const QUERY: &str = "\
SELECT n.nspname, p.proname, \
       CASE p.prokind WHEN 'f' THEN 'function' WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'window function' END, \
       '(' || pg_catalog.pg_get_function_arguments(p.oid) || ')', pg_catalog.pg_get_function_result(p.oid), l.lanname, \
       pg_catalog.obj_description(p.oid, 'pg_proc') \
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
JOIN pg_catalog.pg_language l ON l.oid = p.prolang \
WHERE (n.nspname = $1::text OR $1::text IS NULL AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
       AND n.nspname !~ '^pg_(toast|temp)') \
  AND ($2::text IS NULL OR p.proname ILIKE $2::text) \
ORDER BY n.nspname, p.proname, p.oid OFFSET $3::int8 LIMIT $4::int8";

impl<W: Wire> Session<W> {
    pub(super) fn describe_routines(&mut self, filter: &RoutineFilter) -> Result<Vec<Routine>, Error> {
        let (offset, limit) = (filter.offset.to_string(), filter.limit.to_string());
        let values = [filter.schema.as_deref(), filter.name.as_deref(), Some(offset.as_str()), Some(limit.as_str())];
        let [rows] = self.lookup([QUERY], &values)?;
        all(rows, |row| {
            Ok(Routine {
                schema: row.text(),
                name: row.need()?,
                kind: row.need()?,
                arguments: row.need()?,
                returns: row.text(),
                language: row.text(),
                comment: row.text(),
            })
        })
    }
}
