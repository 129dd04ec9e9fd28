//! Functions of extensions that a read may hold and that act where no transaction reaches: they call other services, write files, run SQL
//! given as text on other connections. Extensions without number exist, and the host can't see which a database has: those listed are the
//! ones that managed services offer or that many install. What only writes tables is left to the database's READ ONLY.

/// Whether a function acts outside of the statement's transaction.
pub(super) fn act_outside(schema: Option<&str>, name: &str) -> bool {
    schema.is_some_and(|schema| SCHEMAS.contains(&schema) || SCHEMA_PREFIXES.iter().any(|prefix| schema.starts_with(prefix)))
        || NAMES.contains(&name)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a function runs SQL given as text: neither a read nor a list of tables has that in its grip.
pub(super) fn run_text(name: &str) -> bool {
    TEXT.contains(&name) || TEXT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a function is given the name of a table, or of an index, as a value.
pub(super) fn take_names(name: &str) -> bool {
    TAKE_NAMES.contains(&name) || NAME_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Schemas that such functions are in, for those whose names are anyone's (`cron.schedule`, `aws_lambda.invoke`).
const SCHEMAS: &[&str] = &["cron", "google_ml", "net", "repack"];

const SCHEMA_PREFIXES: &[&str] = &["aws_", "azure_", "dbms_", "utl_"];

const NAMES: &[&str] = &[
    // Citus: other nodes
    "master_run_on_worker",
    // contrib: a page's rows, without a trace in the log; workers
    "heap_force_kill",
    "heap_force_freeze",
    "autoprewarm_start_worker",
    "autoprewarm_dump_now",
    // TimescaleDB: commits on its own
    "run_job",
    // MySQL's plugins
    "gen_dictionary_load",
    "service_get_read_locks",
    "service_get_write_locks",
    "service_release_locks",
    "set_firewall_mode",
    "sys_set",
];

const PREFIXES: &[&str] = &[
    // Aurora
    "aws_",
    "lambda_",
    // Citus
    "run_command_on_",
    // MySQL's plugins and replication
    "asynchronous_connection_failover_",
    "audit_log_",
    "group_replication_",
    "keyring_",
    "mysql_firewall_",
    "version_tokens_",
    // SQL Server's programs
    "xp_",
];

const TEXT: &[&str] = &[
    // aws_s3
    "query_export_to_s3",
    "table_import_from_s3",
    // Apache AGE
    "cypher",
    // SQLite's
    "bytecode",
    "eval",
    "sha3_query",
    "tables_used",
];

/// pgRouting.
const TEXT_PREFIXES: &[&str] = &["pgr_"];

const TAKE_NAMES: &[&str] = &[
    // pageinspect, amcheck, pgstattuple, pgrowlocks: a table's pages
    "get_raw_page",
    "bt_metap",
    "bt_multi_page_stats",
    "bt_page_items",
    "bt_page_stats",
    "bt_index_check",
    "bt_index_parent_check",
    "gin_index_check",
    "hash_bitmap_info",
    "pgrowlocks",
    "verify_heapam",
    // PostGIS
    "find_srid",
    "st_estimatedextent",
    "st_estimated_extent",
    "st_findextent",
    // TimescaleDB
    "show_chunks",
    // SQLite
    "rtreecheck",
    // SQL Server
    "filetablerootpath",
    "getfilenamespacepath",
    "permissions",
    "type_name",
    "typeproperty",
];

const NAME_PREFIXES: &[&str] = &["pgstat", "hypertable_", "chunks_", "citus_"];
