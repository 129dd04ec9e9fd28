//! PostgreSQL's catalogs, 12 and later.

use super::Queries;

macro_rules! about {
    () => {
        "n.nspname::text AS schema, c.relname::text AS name, \
CASE WHEN n.nspname IN ('pg_catalog', 'information_schema') THEN 's' ELSE c.relkind::text END AS kind, \
pg_catalog.obj_description(c.oid, 'pg_class') AS comment, \
CASE WHEN c.relkind IN ('r', 'm', 'f') AND c.reltuples >= 0 AND NOT (c.reltuples = 0 AND c.relpages = 0) \
     THEN c.reltuples::int8 END AS estimate, \
CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_total_relation_size(c.oid) END AS size"
    };
}

macro_rules! target {
    () => {
        "WITH target AS (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
WHERE n.nspname = CAST(:schema AS text) AND c.relname = CAST(:name AS text)) "
    };
}

macro_rules! action {
    ($column:literal) => {
        concat!("CASE ", $column, " WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END")
    };
}

pub(super) const QUERIES: Queries = Queries {
    server: "\
SELECT pg_catalog.current_setting('server_version'), pg_catalog.current_database()::text, CURRENT_USER::text, \
       pg_catalog.array_to_string(pg_catalog.current_schemas(false), ','), pg_catalog.current_setting('server_encoding'), \
       pg_catalog.current_setting('TimeZone'), pg_catalog.pg_is_in_recovery() \
           OR pg_catalog.current_setting('default_transaction_read_only')::bool",
    catalogs: "\
SELECT d.datname::text, pg_catalog.pg_get_userbyid(d.datdba)::text, pg_catalog.pg_encoding_to_char(d.encoding)::text, \
       CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT') THEN pg_catalog.pg_database_size(d.oid) END, \
       pg_catalog.shobj_description(d.oid, 'pg_database'), d.datname = pg_catalog.current_database() \
FROM pg_catalog.pg_database d WHERE NOT d.datistemplate AND d.datallowconn ORDER BY d.datname",
    schemas: "\
SELECT n.nspname::text, pg_catalog.pg_get_userbyid(n.nspowner)::text, pg_catalog.obj_description(n.oid, 'pg_namespace'), \
       n.nspname IN ('pg_catalog', 'information_schema') \
FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_(toast|temp)' ORDER BY n.nspname",
    tables: concat!(
        "SELECT * FROM (SELECT ",
        about!(),
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_(toast|temp)' \
  AND (CAST(:name AS text) IS NULL OR c.relname ILIKE CAST(:name AS text))) t \
WHERE CASE WHEN CAST(:schema AS text) IS NULL THEN t.kind <> 's' OR CAST(:kind AS text) = 's' ELSE t.schema = CAST(:schema AS text) END \
  AND (CAST(:kind AS text) IS NULL OR t.kind = CAST(:kind AS text)) ORDER BY t.schema, t.name OFFSET :skip LIMIT :most"
    ),
    routines: "\
SELECT n.nspname::text, p.proname::text, CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window' \
         ELSE 'function' END, '(' || pg_catalog.pg_get_function_arguments(p.oid) || ')', pg_catalog.pg_get_function_result(p.oid), \
       l.lanname::text, pg_catalog.obj_description(p.oid, 'pg_proc') \
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang \
WHERE CASE WHEN CAST(:schema AS text) IS NULL THEN n.nspname NOT IN ('pg_catalog', 'information_schema') \
           ELSE n.nspname = CAST(:schema AS text) END \
  AND (CAST(:name AS text) IS NULL OR p.proname ILIKE CAST(:name AS text)) ORDER BY n.nspname, p.proname, p.oid OFFSET :skip LIMIT :most",
    table: concat!(
        "SELECT ",
        about!(),
        ", CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END FROM pg_catalog.pg_class c \
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = CAST(:name AS text) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
AND CASE WHEN CAST(:schema AS text) IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = CAST(:schema AS text) END"
    ),
    columns: concat!(
        target!(),
        "SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, \
       CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END, \
       CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END, a.attidentity <> '', \
       CASE WHEN a.attcollation <> t.typcollation THEN l.collname::text END, pg_catalog.col_description(a.attrelid, a.attnum) \
FROM target JOIN pg_catalog.pg_attribute a ON a.attrelid = target.oid AND a.attnum > 0 AND NOT a.attisdropped \
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation \
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum ORDER BY a.attnum"
    ),
    keys: concat!(
        target!(),
        "SELECT k.conname::text, k.contype = 'p', a.attname::text \
FROM target JOIN pg_catalog.pg_constraint k ON k.conrelid = target.oid AND k.contype IN ('p', 'u') \
CROSS JOIN LATERAL pg_catalog.unnest(k.conkey) WITH ORDINALITY u(num, at) \
JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY k.contype, k.conname, u.at"
    ),
    foreign: concat!(
        target!(),
        "SELECT way.outward, k.conname::text, n.nspname::text, c.relname::text, ",
        action!("k.confupdtype"),
        ", ",
        action!("k.confdeltype"),
        ", here.attname::text, there.attname::text \
FROM target CROSS JOIN (VALUES (true), (false)) way(outward) \
JOIN pg_catalog.pg_constraint k ON k.contype = 'f' AND target.oid = CASE WHEN way.outward THEN k.conrelid ELSE k.confrelid END \
JOIN pg_catalog.pg_class c ON c.oid = CASE WHEN way.outward THEN k.confrelid ELSE k.conrelid END \
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) WITH ORDINALITY u(own, other, at) \
JOIN pg_catalog.pg_attribute here ON here.attrelid = target.oid AND here.attnum = CASE WHEN way.outward THEN u.own ELSE u.other END \
JOIN pg_catalog.pg_attribute there ON there.attrelid = c.oid AND there.attnum = CASE WHEN way.outward THEN u.other ELSE u.own END \
WHERE way.outward OR k.conparentid = 0 ORDER BY way.outward DESC, k.conname, n.nspname, c.relname, u.at"
    ),
    indexes: concat!(
        target!(),
        "SELECT c.relname::text, i.indisunique, i.indisprimary, m.amname::text, pg_catalog.pg_get_indexdef(i.indexrelid, s.at, true), \
       s.at > i.indnkeyatts, pg_catalog.pg_get_expr(i.indpred, i.indrelid), pg_catalog.pg_get_indexdef(i.indexrelid) \
FROM target JOIN pg_catalog.pg_index i ON i.indrelid = target.oid JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
JOIN pg_catalog.pg_am m ON m.oid = c.relam CROSS JOIN LATERAL pg_catalog.generate_series(1, i.indnatts) s(at) \
ORDER BY i.indisprimary DESC, c.relname, s.at"
    ),
    rules: concat!(
        target!(),
        "SELECT 'c', k.conname::text, pg_catalog.pg_get_expr(k.conbin, k.conrelid) \
FROM target JOIN pg_catalog.pg_constraint k ON k.conrelid = target.oid AND k.contype = 'c' \
UNION ALL SELECT 't', g.tgname::text, pg_catalog.pg_get_triggerdef(g.oid) \
FROM target JOIN pg_catalog.pg_trigger g ON g.tgrelid = target.oid AND NOT g.tgisinternal ORDER BY 1, 2"
    ),
    search: "\
WITH schemas AS (SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n \
WHERE n.nspname = CAST(:schema AS text) OR CAST(:schema AS text) IS NULL AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
  AND n.nspname !~ '^pg_(toast|temp)'), \
found(kind, place, schema, rel, name, detail, comment) AS ( \
SELECT 't', 1, n.nspname, NULL::name, c.relname, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' \
  WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' ELSE 'table' END, pg_catalog.obj_description(c.oid, 'pg_class') \
FROM pg_catalog.pg_class c JOIN schemas n ON n.oid = c.relnamespace \
WHERE CAST(:kinds AS text) LIKE '%t%' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
UNION ALL SELECT 'c', 2, n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), \
  pg_catalog.col_description(a.attrelid, a.attnum) \
FROM pg_catalog.pg_class c JOIN schemas n ON n.oid = c.relnamespace \
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
WHERE CAST(:kinds AS text) LIKE '%c%' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
UNION ALL SELECT 'r', 3, n.nspname, NULL, p.proname, '(' || pg_catalog.pg_get_function_arguments(p.oid) || ')', \
  pg_catalog.obj_description(p.oid, 'pg_proc') \
FROM pg_catalog.pg_proc p JOIN schemas n ON n.oid = p.pronamespace WHERE CAST(:kinds AS text) LIKE '%r%'), \
at AS (SELECT f.*, pg_catalog.strpos(pg_catalog.lower(f.name::text), pg_catalog.lower(CAST(:text AS text))) AS at FROM found f) \
SELECT kind, schema::text, rel::text, name::text, detail, comment FROM at \
WHERE at > 0 OR pg_catalog.strpos(pg_catalog.lower(comment), pg_catalog.lower(CAST(:text AS text))) > 0 \
ORDER BY at = 0, pg_catalog.lower(name::text) <> pg_catalog.lower(CAST(:text AS text)), place, schema, rel NULLS FIRST, name, detail \
OFFSET :skip LIMIT :most",
    statistics: concat!(
        "SELECT ",
        about!(),
        ", CAST(GREATEST(s.last_analyze, s.last_autoanalyze) AT TIME ZONE 'UTC' AS text), \
CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_table_size(c.oid) END, \
CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_indexes_size(c.oid) END, \
s.n_live_tup, s.n_dead_tup, s.n_mod_since_analyze, s.seq_scan, s.idx_scan, s.n_tup_ins, s.n_tup_upd, s.n_tup_del, \
CAST(GREATEST(s.last_vacuum, s.last_autovacuum) AT TIME ZONE 'UTC' AS text) \
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = c.oid WHERE c.relname = CAST(:name AS text) \
AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
AND CASE WHEN CAST(:schema AS text) IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = CAST(:schema AS text) END"
    ),
    counted: &[
        "table_bytes",
        "index_bytes",
        "live_rows",
        "dead_rows",
        "changed_since_analyse",
        "sequential_scans",
        "index_scans",
        "inserted",
        "updated",
        "deleted",
        "last_vacuumed",
    ],
    user: "SELECT current_user::text, CASE WHEN session_user <> current_user THEN session_user::text END",
    roles: "\
SELECT r.rolname::text FROM pg_catalog.pg_roles r WHERE r.rolname <> current_user AND pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER') \
  AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) ORDER BY r.rolname",
    rights: "\
SELECT u.kind, u.what FROM (SELECT 1 AS place, 'server' AS kind, v.at, CASE WHEN v.has THEN v.what END AS what FROM pg_catalog.pg_roles r \
  CROSS JOIN LATERAL (VALUES (1, r.rolsuper, 'superuser'), (2, r.rolcreatedb, 'create databases'), (3, r.rolcreaterole, 'create roles'), \
    (4, r.rolreplication, 'replication'), (5, r.rolbypassrls, 'bypass row security')) v(at, has, what) WHERE r.rolname = current_user \
UNION ALL SELECT 2, 'catalog ' || pg_catalog.current_database(), v.at, \
    CASE WHEN pg_catalog.has_database_privilege(pg_catalog.current_database(), v.what) THEN v.what END \
  FROM (VALUES (1, 'CREATE'), (2, 'CONNECT'), (3, 'TEMPORARY')) v(at, what) \
UNION ALL (SELECT 3, 'schema ' || n.nspname, v.at, CASE WHEN pg_catalog.has_schema_privilege(n.oid, v.what) THEN v.what END \
  FROM pg_catalog.pg_namespace n CROSS JOIN (VALUES (1, 'CREATE'), (2, 'USAGE')) v(at, what) \
  WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND pg_catalog.has_schema_privilege(n.oid, v.what) \
  ORDER BY n.nspname LIMIT 400)) u WHERE u.what IS NOT NULL ORDER BY u.place, u.kind, u.at",
};
