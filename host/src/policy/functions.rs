//! Calls that a SELECT may hold and that yet write, lock, signal, read the server's files, or run SQL given as text.
//!
//! Found among the tokens (a name and an opening parenthesis), not in the tree, so that no place in the grammar where a call
//! may stand can be forgotten.

use sqlparser::tokenizer::Token;

use super::pattern::Patterns;
use super::refusal::Rule;
use super::{Refusal, by_value, extensions};

/// What a statement is held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Against<'a> {
    /// It has to read only.
    pub(super) reading: bool,
    /// It has to name what it reaches.
    pub(super) naming: bool,
    /// The operator's own.
    pub(super) deny: &'a Patterns,
    pub(super) allow: &'a Patterns,
}

pub(super) fn check(tokens: &[Token], against: Against<'_>) -> Result<(), Refusal> {
    each(tokens, |schema, name| allowed(schema, name, against))?;
    if against.deny.is_empty() { Ok(()) } else { no_notation(tokens, against.deny) }
}

/// Words that may stand before a parenthesis and call nothing. For people: what is decided doesn't leave them out.
const NO_CALLS: &[&str] = &[
    "all",
    "and",
    "any",
    "as",
    "between",
    "by",
    "case",
    "else",
    "except",
    "exists",
    "filter",
    "from",
    "group",
    "having",
    "in",
    "intersect",
    "into",
    "is",
    "join",
    "lateral",
    "like",
    "limit",
    "not",
    "offset",
    "on",
    "or",
    "order",
    "over",
    "partition",
    "returning",
    "select",
    "set",
    "some",
    "table",
    "then",
    "union",
    "using",
    "values",
    "when",
    "where",
    "with",
    "within",
];

/// The functions that a statement calls, in lower case.
pub(super) fn called(tokens: &[Token]) -> Vec<String> {
    let mut names = Vec::new();
    let _: Result<(), ()> = each(tokens, |_, name| {
        if !NO_CALLS.contains(&name) {
            names.push(name.to_owned());
        }
        Ok(())
    });
    names.sort_unstable();
    names.dedup();
    names
}

/// Each call's schema, where it says one, and name.
fn each<E>(tokens: &[Token], mut seen: impl FnMut(Option<&str>, &str) -> Result<(), E>) -> Result<(), E> {
    let mut schema: Option<&str> = None;
    let mut name: Option<&str> = None;
    for token in tokens {
        match token {
            Token::Whitespace(_) => {}
            // A name after a name without a period between them has no schema.
            Token::Word(word) if name.is_some() => (schema, name) = (None, Some(word.value.as_str())),
            Token::Word(word) => name = Some(&word.value),
            Token::Period => schema = name.take(),
            Token::LParen => {
                if let Some(name) = name.take() {
                    seen(schema.map(str::to_lowercase).as_deref(), &name.to_lowercase())?;
                }
                schema = None;
            }
            _ => (schema, name) = (None, None),
        }
    }
    Ok(())
}

fn allowed(schema: Option<&str>, name: &str, against: Against<'_>) -> Result<(), Refusal> {
    if against.deny.matches(name) {
        return Err(Refusal::outside(Rule::Functions, format!("{name}() is not allowed here (the policy's `functions.deny`)")));
    }
    if against.allow.matches(name) {
        return Ok(());
    }
    if against.reading && (writes(name) || extensions::act_outside(schema, name)) {
        return Err(Refusal::write(format!("{name}() does more than read")));
    }
    if against.naming && by_value::reaches(name) {
        return Err(Refusal::unparsable(format!("{name}() takes as a value what it reaches")));
    }
    Ok(())
}

/// PostgreSQL also calls a function of one row as if it were a column: `t.f`.
fn no_notation(tokens: &[Token], deny: &Patterns) -> Result<(), Refusal> {
    let mut after_period = false;
    for token in tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))) {
        match token {
            Token::Word(word) if after_period && deny.names(&word.value.to_lowercase()) => {
                let what =
                    format!("{} is not allowed here (the policy's `functions.deny`), nor is a column of that name", word.value);
                return Err(Refusal::outside(Rule::Functions, what));
            }
            _ => after_period = *token == Token::Period,
        }
    }
    Ok(())
}

fn writes(name: &str) -> bool {
    OUT_OF_GRIP.contains(&name)
        || extensions::run_text(name)
        || (name.starts_with("sqlite_") && !SQLITE_READS.contains(&name))
        || DENIED.contains(&name)
        || DENIED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || (name.starts_with("pg_") && !is_pg_read(name))
}

fn is_pg_read(name: &str) -> bool {
    PG_READS.contains(&name) || PG_READ_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || name.ends_with("_is_visible")
}

/// What neither a read nor a list of tables or functions has in its grip: SQL given as text, files, other servers, how names are read.
pub(super) const OUT_OF_GRIP: &[&str] = &[
    // PostgreSQL: SQL given as text, or a cursor of another statement
    "query_to_xml",
    "query_to_xmlschema",
    "query_to_xml_and_xmlschema",
    "cursor_to_xml",
    "cursor_to_xmlschema",
    "ts_stat",
    "ts_rewrite",
    "crosstab",
    "crosstab2",
    "crosstab3",
    "crosstab4",
    "crosstabn",
    "connectby",
    "xpath_table",
    // PostgreSQL: how names are read, and files
    "set_config",
    "lowrite",
    "loread",
    "currtid2",
    // SQLite: files, libraries, its own pages
    "load_extension",
    "readfile",
    "writefile",
    "fsdir",
    "lsdir",
    "zipfile",
    "fts3_tokenizer",
    "sqlite_dbpage",
    // SQL Server: other servers and files
    "openrowset",
    "openquery",
    "opendatasource",
    "openxml",
    // MySQL: files
    "load_file",
];

const DENIED: &[&str] = &[
    // PostgreSQL: sequences, settings
    "nextval",
    "setval",
    "set_limit",
    "setseed",
    "http",
    // PostgreSQL: maintenance
    "brin_summarize_new_values",
    "brin_summarize_range",
    "brin_desummarize_range",
    "gin_clean_pending_list",
    "binary_upgrade_create_empty_extension",
    "plpgsql_call_handler",
    "plpgsql_inline_handler",
    "postgres_fdw_disconnect",
    "postgres_fdw_disconnect_all",
    // SQLite: merges a full-text index (FTS3), and what its shell adds
    "optimize",
    "edit",
    "sqlar_uncompress",
    // SQL Server: other servers and files
    "fn_dblog",
    "fn_dump_dblog",
    "fn_full_dblog",
    "fn_get_audit_file",
    "fn_get_audit_file_v2",
    "fn_trace_gettable",
    "fn_xe_file_target_read_file",
    "dm_os_enumerate_filesystem",
    "dm_os_file_exists",
    // MySQL: locks, and what a library adds
    "get_lock",
    "release_lock",
    "release_all_locks",
    "master_pos_wait",
    "source_pos_wait",
    "sys_exec",
    "sys_eval",
];

/// SQLite's own others are its internals (`sqlite_rename_table`), or write its log.
const SQLITE_READS: &[&str] =
    &["sqlite_version", "sqlite_source_id", "sqlite_compileoption_get", "sqlite_compileoption_used", "sqlite_offset"];

const DENIED_PREFIXES: &[&str] = &["lo_", "dblink", "http_", "cron_", "binary_upgrade_", "postgres_fdw_"];

/// PostgreSQL's own functions begin with `pg_`, and new ones come with each version: those not known to be reads are refused.
const PG_READS: &[&str] = &[
    "pg_typeof",
    "pg_sleep",
    "pg_sleep_for",
    "pg_sleep_until",
    "pg_backend_pid",
    "pg_blocking_pids",
    "pg_safe_snapshot_blocking_pids",
    "pg_postmaster_start_time",
    "pg_conf_load_time",
    "pg_my_temp_schema",
    "pg_is_other_temp_schema",
    "pg_jit_available",
    "pg_listening_channels",
    "pg_notification_queue_usage",
    "pg_trigger_depth",
    "pg_column_size",
    "pg_column_compression",
    "pg_database_size",
    "pg_relation_size",
    "pg_table_size",
    "pg_indexes_size",
    "pg_total_relation_size",
    "pg_tablespace_size",
    "pg_size_pretty",
    "pg_size_bytes",
    "pg_relation_filenode",
    "pg_relation_filepath",
    "pg_filenode_relation",
    "pg_char_to_encoding",
    "pg_encoding_to_char",
    "pg_encoding_max_length",
    "pg_client_encoding",
    "pg_describe_object",
    "pg_identify_object",
    "pg_identify_object_as_address",
    "pg_options_to_table",
    "pg_tablespace_databases",
    "pg_tablespace_location",
    "pg_partition_tree",
    "pg_partition_ancestors",
    "pg_partition_root",
    "pg_index_column_has_property",
    "pg_index_has_property",
    "pg_indexam_has_property",
    "pg_has_role",
    "pg_collation_for",
    "pg_collation_actual_version",
    "pg_database_collation_actual_version",
    "pg_current_xact_id",
    "pg_current_xact_id_if_assigned",
    "pg_current_snapshot",
    "pg_snapshot_xmin",
    "pg_snapshot_xmax",
    "pg_snapshot_xip",
    "pg_visible_in_snapshot",
    "pg_xact_status",
    "pg_xact_commit_timestamp",
    "pg_xact_commit_timestamp_origin",
    "pg_last_committed_xact",
    "pg_current_wal_lsn",
    "pg_current_wal_insert_lsn",
    "pg_current_wal_flush_lsn",
    "pg_wal_lsn_diff",
    "pg_walfile_name",
    "pg_walfile_name_offset",
    "pg_last_wal_receive_lsn",
    "pg_last_wal_replay_lsn",
    "pg_last_xact_replay_timestamp",
    "pg_control_checkpoint",
    "pg_control_system",
    "pg_control_init",
    "pg_control_recovery",
    "pg_timezone_abbrevs",
    "pg_timezone_names",
    "pg_show_all_settings",
    "pg_settings_get_flags",
    "pg_get_wal_replay_pause_state",
    "pg_input_is_valid",
    "pg_input_error_info",
    "pg_basetype",
    "pg_lock_status",
    "pg_prepared_statement",
    "pg_prepared_xact",
    "pg_cursor",
    "pg_available_extensions",
    "pg_available_extension_versions",
    "pg_sequence_parameters",
    "pg_sequence_last_value",
    "pg_column_is_updatable",
    "pg_relation_is_updatable",
    "pg_relation_is_publishable",
    "pg_stat_statements_info",
    "pg_mcv_list_items",
    "pg_split_walfile_name",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
];

const PG_READ_PREFIXES: &[&str] = &["pg_get_", "pg_is_in_", "pg_stat_get_"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visibility_functions_are_reads() {
        assert!(!writes("pg_table_is_visible"));
        assert!(!writes("pg_get_viewdef"));
        assert!(writes("pg_terminate_backend"));
        assert!(writes("pg_some_function_of_the_future"));
        assert!(!writes("lower"));
    }
}
