//! Functions that reach, or tell of, tables that they are given the names of as values, or run SQL given as text: where tables or
//! functions are listed they would go past the lists.

use super::functions::OUT_OF_GRIP;
use super::{extensions, types};

pub(super) fn reaches(name: &str) -> bool {
    OUT_OF_GRIP.contains(&name)
        || REACH.contains(&name)
        || extensions::run_text(name)
        || extensions::take_names(name)
        || types::is_reg(without_direction(name))
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
        || (name.starts_with("pg_") && !PG_HARMLESS.contains(&name))
}

/// A type's own functions: `regclass(...)`, `regclassout(...)`.
fn without_direction(name: &str) -> &str {
    ["in", "out", "send", "recv"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

const REACH: &[&str] = &[
    // PostgreSQL: what is said of objects
    "obj_description",
    "col_description",
    "shobj_description",
    "row_security_active",
    // PostgreSQL: types by their numbers, of which each table has one
    "format_type",
    "oidvectortypes",
    "array_in",
    "array_recv",
    "domain_in",
    "domain_recv",
    "enum_in",
    "enum_recv",
    "multirange_in",
    "range_in",
    "record_in",
    "record_recv",
    // SQLite: how large tables are
    "dbstat",
    // SQL Server: other tables, and what is said of objects
    "containstable",
    "freetexttable",
    "changetable",
    "semantickeyphrasetable",
    "semanticsimilaritytable",
    "semanticsimilaritydetailstable",
    "predict",
    "object_id",
    "object_name",
    "object_schema_name",
    "object_definition",
    "objectproperty",
    "objectpropertyex",
    "columnproperty",
    "col_name",
    "col_length",
    "index_col",
    "indexproperty",
    "indexkey_property",
    "stats_date",
    "ident_current",
    "ident_incr",
    "ident_seed",
    "has_perms_by_name",
    "type_id",
];

const PREFIXES: &[&str] = &[
    "table_to_xml",
    "schema_to_xml",
    "database_to_xml",
    "to_reg",
    "lo_",
    "dblink",
    "http_",
    "pragma_",
    "postgres_fdw_",
    "binary_upgrade_",
    "brin_",
    "gin_clean_",
    "fn_",
    "dm_",
    "sys_",
];

const SUFFIXES: &[&str] = &["_privilege"];

/// Of PostgreSQL's own functions, those that tell nothing of tables and change nothing of others'.
const PG_HARMLESS: &[&str] = &[
    "pg_typeof",
    "pg_sleep",
    "pg_sleep_for",
    "pg_sleep_until",
    "pg_backend_pid",
    "pg_postmaster_start_time",
    "pg_conf_load_time",
    "pg_is_in_recovery",
    "pg_column_size",
    "pg_column_compression",
    "pg_size_pretty",
    "pg_size_bytes",
    "pg_database_size",
    "pg_client_encoding",
    "pg_char_to_encoding",
    "pg_encoding_to_char",
    "pg_collation_for",
    "pg_current_xact_id",
    "pg_current_xact_id_if_assigned",
    "pg_current_snapshot",
    "pg_current_wal_lsn",
    "pg_wal_lsn_diff",
    "pg_trigger_depth",
    "pg_jit_available",
    "pg_timezone_names",
    "pg_timezone_abbrevs",
];
