//! Tables, columns and routines by name or comment.

use super::row::{Row, all};
use crate::session::Session;
use crate::wire::Wire;
use bulkhead_driver::{Error, FoundObject, ObjectKind, SearchFilter};

/// `$1` is what is looked for; `$2` the kinds (`t`, `c`, `r`); `$3` the schema. Names come before comments, and of names those that
/// are the whole text.
const QUERY: &str = "\
WITH schemas AS (SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n \
       WHERE n.nspname = $3::text OR $3::text IS NULL AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
         AND n.nspname !~ '^pg_(toast|temp)'), \
     found(kind, place, schema, rel, name, detail, comment) AS ( \
       SELECT 't', 1, n.nspname, NULL::name, c.relname, \
              CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' \
                             WHEN 'p' THEN 'partitioned table' ELSE 'table' END, \
              pg_catalog.obj_description(c.oid, 'pg_class') \
       FROM pg_catalog.pg_class c JOIN schemas n ON n.oid = c.relnamespace \
       WHERE $2::text LIKE '%t%' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
       UNION ALL \
       SELECT 'c', 2, n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), \
              pg_catalog.col_description(a.attrelid, a.attnum) \
       FROM pg_catalog.pg_class c JOIN schemas n ON n.oid = c.relnamespace \
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
       WHERE $2::text LIKE '%c%' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
       UNION ALL \
       SELECT 'r', 3, n.nspname, NULL, p.proname, '(' || pg_catalog.pg_get_function_arguments(p.oid) || ')', \
              pg_catalog.obj_description(p.oid, 'pg_proc') \
       FROM pg_catalog.pg_proc p JOIN schemas n ON n.oid = p.pronamespace WHERE $2::text LIKE '%r%') \
SELECT kind, schema, rel, name, detail, comment FROM found \
WHERE pg_catalog.strpos(pg_catalog.lower(name::text), pg_catalog.lower($1::text)) > 0 \
   OR pg_catalog.strpos(pg_catalog.lower(comment), pg_catalog.lower($1::text)) > 0 \
ORDER BY pg_catalog.strpos(pg_catalog.lower(name::text), pg_catalog.lower($1::text)) = 0, \
         pg_catalog.lower(name::text) <> pg_catalog.lower($1::text), place, schema, rel NULLS FIRST, name, detail \
OFFSET $4::int8 LIMIT $5::int8";

impl<W: Wire> Session<W> {
    pub(super) fn describe_search(&mut self, filter: &SearchFilter) -> Result<Vec<FoundObject>, Error> {
        let kinds: String =
            if filter.kinds.is_empty() { "tcr".to_owned() } else { filter.kinds.iter().copied().map(code).collect() };
        let (offset, limit) = (filter.offset.to_string(), filter.limit.to_string());
        let values = [Some(filter.text.as_str()), Some(&kinds), filter.schema.as_deref(), Some(&offset), Some(&limit)];
        let [rows] = self.lookup([QUERY], &values)?;
        all(rows, found)
    }
}

fn code(kind: ObjectKind) -> char {
    match kind {
        ObjectKind::Table => 't',
        ObjectKind::Column => 'c',
        ObjectKind::Routine => 'r',
    }
}

fn found(row: &mut Row) -> Result<FoundObject, Error> {
    let kind = match row.need()?.as_str() {
        "t" => ObjectKind::Table,
        "c" => ObjectKind::Column,
        _ => ObjectKind::Routine,
    };
    Ok(FoundObject { kind, schema: row.text(), table: row.text(), name: row.need()?, detail: row.text(), comment: row.text() })
}
