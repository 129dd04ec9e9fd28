//! The tools of an MCP server for PostgreSQL on AWS, each with a `database_id`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::Alias;
use crate::config::SavedStatement;

pub(super) const TOOLS: &[Alias] = &[
    Alias {
        name: "run_query",
        of: "query",
        description: "Runs one SQL statement, with its values as query_parameters, and gives its rows. They may also be as the RDS Data API has \
                      them: [{\"name\": \"id\", \"value\": {\"longValue\": 1}}], and :id in the statement.",
        arguments: &[("sql", "sql"), ("query_parameters", "params")],
        fixed: &[],
    },
    Alias {
        name: "get_table_schema",
        of: "describe_table",
        description: "Describes a table: columns, keys, indexes, checks, triggers.",
        arguments: &[("table_name", "table"), ("schema", "schema")],
        fixed: &[],
    },
    Alias {
        name: "list_databases",
        of: "list_databases",
        description: "Lists the databases that a call may name as database_id.",
        arguments: &[],
        fixed: &[],
    },
    Alias {
        name: "get_database_info",
        of: "server_info",
        description: "Shows what a database's server says of itself: product, version, catalog, user, settings worth knowing.",
        arguments: &[],
        fixed: &[],
    },
    Alias {
        name: "health_check",
        of: "health_check",
        description: "Asks one or all databases for a round trip, and shows their pools.",
        arguments: &[],
        fixed: &[],
    },
    Alias {
        name: "analyze_query_performance",
        of: "explain",
        description: "Shows the plan of a statement, without running it.",
        arguments: &[("query", "sql")],
        fixed: &[],
    },
    Alias {
        name: "recommend_indexes",
        of: "recommend_indexes",
        description: "Looks in a statement's plan for tables that are read whole though a column is filtered on, and says which indexes might help.",
        arguments: &[("query", "sql")],
        fixed: &[],
    },
];

/// Those that are a statement over PostgreSQL's catalogs.
pub(super) fn statements() -> &'static BTreeMap<String, SavedStatement> {
    static STATEMENTS: LazyLock<BTreeMap<String, SavedStatement>> =
        LazyLock::new(|| serde_json::from_value(written()).unwrap_or_default());
    &STATEMENTS
}

fn written() -> Value {
    json!({
        "show_postgresql_settings": {
            "description": "Shows the server's settings whose names are like a pattern (%, _), or all.",
            "sql": "SELECT name, setting, unit, category, short_desc, context, source FROM pg_catalog.pg_settings \
                    WHERE $1::text IS NULL OR name ILIKE $1::text ORDER BY name",
            "parameters": [{"name": "pattern", "default": null, "description": "As work%"}]
        },
        "identify_slow_queries": {
            "description": "Lists the statements that took longest on average. Needs the extension pg_stat_statements.",
            "sql": "SELECT query, calls, total_exec_time, mean_exec_time, rows, shared_blks_hit, shared_blks_read \
                    FROM pg_stat_statements WHERE mean_exec_time >= $1::float8 ORDER BY mean_exec_time DESC LIMIT $2::int8",
            "parameters": [
                {"name": "min_execution_time", "type": "number", "default": 100.0, "description": "Milliseconds"},
                {"name": "limit", "type": "integer", "default": 20}
            ]
        },
        "analyze_table_fragmentation": {
            "description": "Lists tables with at least so many percent of dead rows.",
            "sql": "SELECT schemaname, relname, n_live_tup, n_dead_tup, \
                           round(100.0 * n_dead_tup / nullif(n_live_tup + n_dead_tup, 0), 2) AS dead_percent, \
                           pg_total_relation_size(relid) AS total_bytes, last_vacuum, last_autovacuum \
                    FROM pg_catalog.pg_stat_user_tables \
                    WHERE 100.0 * n_dead_tup / nullif(n_live_tup + n_dead_tup, 0) >= $1::float8 \
                    ORDER BY dead_percent DESC, schemaname, relname",
            "parameters": [{"name": "threshold", "type": "number", "default": 10.0, "description": "Percent"}]
        },
        "analyze_vacuum_stats": {
            "description": "Shows when each table was vacuumed and analysed, and what has changed since.",
            "sql": "SELECT schemaname, relname, n_live_tup, n_dead_tup, n_mod_since_analyze, last_vacuum, last_autovacuum, \
                           last_analyze, last_autoanalyze, vacuum_count, autovacuum_count, analyze_count, autoanalyze_count \
                    FROM pg_catalog.pg_stat_user_tables ORDER BY n_dead_tup DESC, schemaname, relname"
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_is_one() {
        let read: BTreeMap<String, SavedStatement> = serde_json::from_value(written()).unwrap();
        assert_eq!(read.len(), 4);
        for (name, statement) in read {
            statement.check(&name).unwrap();
            assert!(crate::policy::Policy::new(&Default::default(), "postgresql", None).reads(&statement.sql));
        }
    }
}
