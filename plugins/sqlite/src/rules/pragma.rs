//! Which pragmas a caller may use (<https://www.sqlite.org/pragma.html>). What isn't listed is refused: SQLite ignores a
//! pragma that it doesn't know, so a spelling mistake would otherwise pass in silence.

/// What a pragma does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pragma {
    /// Tells something; an argument says of what.
    Look,
    /// With an argument, changes the session.
    Session,
    /// Changes the file: with an argument, or also without one.
    File {
        /// Without an argument too.
        by_itself: bool,
    },
    /// Can be read by anybody and set by nobody.
    Fixed,
    /// Can be set to the kinds that are safe here.
    JournalMode,
}

const LOOK: [&str; 20] = [
    "collation_list",
    "compile_options",
    "data_version",
    "database_list",
    "foreign_key_check",
    "foreign_key_list",
    "freelist_count",
    "function_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "module_list",
    "page_count",
    "pragma_list",
    "quick_check",
    "shrink_memory",
    "table_info",
    "table_list",
    "table_xinfo",
];

const SESSION: [&str; 12] = [
    "analysis_limit",
    "automatic_index",
    "case_sensitive_like",
    "cell_size_check",
    "defer_foreign_keys",
    "foreign_keys",
    "full_column_names",
    "legacy_alter_table",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "short_column_names",
];

const FILE: [&str; 7] =
    ["application_id", "auto_vacuum", "encoding", "journal_size_limit", "max_page_count", "page_size", "user_version"];

const FILE_BY_ITSELF: [&str; 2] = ["incremental_vacuum", "optimize"];

const FIXED: [&str; 20] = [
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "checkpoint_fullfsync",
    "fullfsync",
    "hard_heap_limit",
    "ignore_check_constraints",
    "locking_mode",
    "mmap_size",
    "query_only",
    "read_uncommitted",
    "schema_version",
    "soft_heap_limit",
    "synchronous",
    "temp_store",
    "threads",
    "trusted_schema",
    "wal_autocheckpoint",
    "writable_schema",
    "default_cache_size",
];

impl Pragma {
    /// What a name stands for. None: not allowed, or unknown.
    pub(super) fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let in_list = |list: &[&str]| list.contains(&name.as_str());
        if in_list(&LOOK) {
            Some(Self::Look)
        } else if in_list(&SESSION) {
            Some(Self::Session)
        } else if in_list(&FILE) {
            Some(Self::File { by_itself: false })
        } else if in_list(&FILE_BY_ITSELF) {
            Some(Self::File { by_itself: true })
        } else if in_list(&FIXED) {
            Some(Self::Fixed)
        } else if name == "journal_mode" {
            Some(Self::JournalMode)
        } else {
            None
        }
    }
}
