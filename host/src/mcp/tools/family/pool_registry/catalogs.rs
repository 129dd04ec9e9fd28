//! `list_databases`: the catalogs on the server of the session's database.

use std::collections::HashMap;
use std::time::Instant;

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::shape::{like, since, size};
use crate::contract::{CatalogInfo, Description, Target};
use crate::database::{Consent, Database, Statement};
use crate::error::CallError;
use crate::mcp::answer;
use crate::mcp::tools::query::MAX_BYTES;
use crate::mcp::tools::{Context, To, located, other_description, put, reading, with_place};
use crate::render::{self, RowShape};

/// Catalogs that servers bring along, by their dialects' names.
const SYSTEM: &[&str] = &[
    "postgres",
    "template0",
    "template1",
    "rdsadmin",
    "master",
    "tempdb",
    "model",
    "msdb",
    "information_schema",
    "mysql",
    "performance_schema",
    "sys",
];
/// What of PostgreSQL's counters is shown, under the names that clients know.
const STATISTICS: &str = "\
SELECT datname, numbackends AS \"activeConnections\", xact_commit AS \"transactionsCommitted\", \
       xact_rollback AS \"transactionsRolledBack\", blks_read AS \"blocksRead\", blks_hit AS \"blocksHit\", \
       coalesce(round(100.0 * blks_hit / nullif(blks_hit + blks_read, 0), 2), 0)::text || '%' AS \"cacheHitRatio\", \
       tup_returned AS \"tuplesReturned\", tup_fetched AS \"tuplesFetched\", tup_inserted AS \"tuplesInserted\", \
       tup_updated AS \"tuplesUpdated\", tup_deleted AS \"tuplesDeleted\", conflicts, temp_files AS \"tempFilesCreated\", \
       pg_catalog.pg_size_pretty(temp_bytes) AS \"tempSpaceUsed\", deadlocks, blk_read_time AS \"blockReadTimeMs\", \
       blk_write_time AS \"blockWriteTimeMs\", stats_reset AS \"statsResetAt\" \
FROM pg_catalog.pg_stat_database WHERE datname IS NOT NULL";
/// The only dialect that has them so.
const POSTGRESQL: &str = "postgresql";
/// Catalogs whose counters are read: more than a server of any use has.
const MAX_STATISTICS: u64 = 10_000;

pub(super) fn tool() -> Tool {
    reading(
        "list_databases",
        "List databases",
        "Lists the databases on the server of the session's database. For those that are configured, see database_selector.",
        with_place(json!({
            "type": "object",
            "properties": {
                "includeSystemDatabases": {"type": "boolean", "default": false},
                "includeStatistics": {"type": "boolean", "default": false, "description": "Connections, transactions and more, where the server counts them (PostgreSQL)"},
                "pattern": {"type": "string", "description": "Only names like this: a LIKE pattern"}
            },
            "additionalProperties": false
        })),
        json!({
            "type": "object",
            "properties": {
                "success": {"type": "boolean"},
                "databaseCount": {"type": "integer"},
                "currentDatabase": {"type": "string"},
                "serverVersion": {"type": "string"},
                "databases": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"allowed": {"type": "boolean", "description": "A call may name it as `database`"}},
                        "required": ["database", "isCurrent"]
                    }
                }
            },
            "required": ["success", "databaseCount", "serverVersion", "databases"]
        }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Arguments {
    #[serde(default)]
    include_system_databases: bool,
    #[serde(default)]
    include_statistics: bool,
    pattern: Option<String>,
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let began = Instant::now();
    let (to, given): (To, Arguments) = located(given)?;
    let database = context.place(&to).await?.database;
    let Description::Server(server) = database.describe(Target::Server).await? else { return Err(other_description(&database)) };
    let Description::Catalogs(mut catalogs) = database.describe(Target::Catalogs).await? else {
        return Err(other_description(&database));
    };
    let current = catalogs.iter().find(|catalog| catalog.current).map(|catalog| catalog.name.clone());
    catalogs.retain(|catalog| {
        (given.include_system_databases || !SYSTEM.contains(&catalog.name.as_str()))
            && given.pattern.as_ref().is_none_or(|pattern| like(pattern, &catalog.name))
    });
    let mut counted = if given.include_statistics { statistics(&database).await? } else { HashMap::new() };
    let entries: Vec<Value> = catalogs
        .into_iter()
        .map(|catalog| {
            let counted = counted.remove(&catalog.name);
            Value::Object(entry(&database, catalog, counted))
        })
        .collect();
    let mut document = JsonObject::new();
    put(&mut document, "success", Some(true));
    put(&mut document, "databaseCount", Some(entries.len()));
    put(&mut document, "currentDatabase", current);
    put(&mut document, "serverVersion", Some(format!("{} {}", server.product, server.version)));
    put(&mut document, "databases", Some(entries));
    put(&mut document, "metadata", Some(json!({"database_id": database.id(), "duration": since(began)})));
    Ok(answer::document(Value::Object(document).to_string()))
}

fn entry(database: &Database, catalog: CatalogInfo, counted: Option<JsonObject>) -> JsonObject {
    let mut entry = JsonObject::new();
    let allowed = catalog.current || database.allows_catalog(&catalog.name);
    put(&mut entry, "database", Some(catalog.name));
    put(&mut entry, "size", catalog.size.map(size));
    put(&mut entry, "sizeBytes", catalog.size);
    put(&mut entry, "owner", catalog.owner);
    put(&mut entry, "encoding", catalog.encoding);
    put(&mut entry, "description", catalog.comment);
    put(&mut entry, "isCurrent", Some(catalog.current));
    put(&mut entry, "allowed", Some(allowed));
    put(&mut entry, "statistics", counted);
    entry
}

/// The server's counters, by catalog. Empty where it has none.
async fn statistics(database: &Database) -> Result<HashMap<String, JsonObject>, CallError> {
    if database.dialect() != POSTGRESQL {
        return Ok(HashMap::new());
    }
    let statement = Statement {
        sql: STATISTICS.to_owned(),
        params: Vec::new(),
        read_only: true,
        consent: Consent::NONE,
        timeout: None,
        max_rows: MAX_STATISTICS,
        max_bytes: MAX_BYTES,
    };
    let result = database.query(statement).await?;
    let mut text = String::new();
    let Some(set) = result.sets.first() else { return Ok(HashMap::new()) };
    render::rows(&mut text, set, RowShape::Object);
    let rows: Vec<JsonObject> = serde_json::from_str(&text).unwrap_or_default();
    let named = |mut row: JsonObject| match row.remove("datname") {
        Some(Value::String(name)) => Some((name, row)),
        _ => None,
    };
    Ok(rows.into_iter().filter_map(named).collect())
}
