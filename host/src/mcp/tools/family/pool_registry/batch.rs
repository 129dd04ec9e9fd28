//! `batch_query`: several statements with their parameters, in one transaction or each for itself.

mod parallel;

use std::time::{Duration, Instant};

use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Value, json};

use super::query::DEFAULT_ROWS;
use super::shape::{limit, milliseconds, row_count, rows, since};
use crate::contract::{ErrorKind, Parameter};
use crate::database::{Consent, Database, QueryResult};
use crate::error::CallError;
use crate::mcp::tools::query::MAX_BYTES;
use crate::mcp::tools::{Context, To, answer_or_error, located, object, put, with_place};
use crate::mcp::{answer, failure, params};
use crate::script::{self, ScriptOptions, Step};

/// Statements of one batch: as many as a script may have.
const MAX_QUERIES: usize = 1_000;
/// How long a batch gets unless the call says: what its clients are used to.
const DEFAULT_TIME: Duration = Duration::from_secs(60);

pub(super) fn tool(writable: bool) -> Tool {
    let input = with_place(json!({
        "type": "object",
        "properties": {
            "queries": {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_QUERIES,
                "items": {
                    "type": "object",
                    "properties": {
                        "sql": {"type": "string"},
                        "params": {"type": "array", "items": {}, "description": "Values of its parameters, by position"},
                        "name": {"type": "string", "description": "Names its result"}
                    },
                    "required": ["sql"],
                    "additionalProperties": false
                }
            },
            "options": {
                "type": "object",
                "properties": {
                    "transaction": {"type": "boolean", "default": true, "description": "All or nothing"},
                    "stopOnError": {"type": "boolean", "default": true, "description": "Without a transaction: run none after one that failed"},
                    "timeout": {"type": "number", "description": "Of the whole batch, in milliseconds. Default 60000"},
                    "maxParallel": {"type": "integer", "default": 1, "description": "Without a transaction: run so many at once"}
                },
                "additionalProperties": false
            }
        },
        "required": ["queries"],
        "additionalProperties": false
    }));
    let output = json!({
        "type": "object",
        "properties": {
            "success": {"type": "boolean"},
            "totalQueries": {"type": "integer"},
            "successCount": {"type": "integer"},
            "failureCount": {"type": "integer"},
            "notRun": {"type": "integer", "description": "Statements after one that failed"},
            "totalRows": {"type": "integer"},
            "executionTime": {"type": "number", "description": "Milliseconds"},
            "transaction": {"type": "boolean"},
            "kept": {"type": "boolean", "description": "Whether what the statements changed was kept"},
            "results": {"type": "array", "items": {"type": "object", "required": ["success", "executionTime"]}}
        },
        "required": ["success", "totalQueries", "successCount", "failureCount", "executionTime", "transaction", "results"]
    });
    let title = "Run several statements";
    let description = "Runs several SQL statements with their parameters: in order in one transaction, or, with \
                       options.transaction false, each for itself and several at once.";
    Tool::new("batch_query", description, object(input))
        .with_title(title)
        .with_raw_output_schema(object(answer_or_error(output)))
        .annotate(ToolAnnotations::with_title(title).read_only(!writable).destructive(writable).open_world(false))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    queries: Vec<Query>,
    #[serde(default)]
    options: Options,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    sql: String,
    params: Option<Value>,
    name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Options {
    transaction: Option<bool>,
    stop_on_error: Option<bool>,
    timeout: Option<f64>,
    max_parallel: Option<usize>,
}

/// What was run, in order: a statement that wasn't is left out.
struct Outcomes {
    /// With each its place among the statements.
    ran: Vec<(usize, Result<QueryResult, CallError>, Duration)>,
    kept: bool,
    /// Why nothing was kept, where no statement is to blame.
    commit: Option<CallError>,
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let began = Instant::now();
    let (to, given): (To, Arguments) = located(given)?;
    if given.queries.is_empty() || given.queries.len() > MAX_QUERIES {
        let what = format!("{} queries were given; 1 to {MAX_QUERIES} can be run", given.queries.len());
        return Err(CallError::new(ErrorKind::InvalidValue, what));
    }
    let place = context.place(&to).await?;
    let database = &place.database;
    let steps: Vec<Step> = given.queries.iter().map(|query| step(database, query)).collect::<Result<_, _>>()?;
    let (read_only, consent) =
        if place.read_only { (true, Consent::NONE) } else { allowed(context, database, &given.queries).await? };
    let options = ScriptOptions {
        transaction: given.options.transaction.unwrap_or(true),
        read_only,
        consent,
        go_on: !given.options.stop_on_error.unwrap_or(true),
        timeout: None,
        deadline: Some(began + limit(given.options.timeout).unwrap_or(DEFAULT_TIME)),
        max_rows: DEFAULT_ROWS.min(database.most().0),
        max_bytes: MAX_BYTES.min(database.most().1),
        instead: "pass \"transaction\": false in options",
    };
    let outcomes = if options.transaction {
        let report = script::run(database.clone(), steps, options).await?;
        let ran = report.outcomes.into_iter().map(|outcome| (outcome.result, outcome.elapsed)).enumerate();
        Outcomes { ran: ran.map(|(at, (result, time))| (at, result, time)).collect(), kept: report.kept, commit: report.commit }
    } else {
        let wanted = given.options.max_parallel.unwrap_or(1).clamp(1, database.pool().max);
        // Beside the connection that the call has anyway.
        let more = context.sessions.more(&place, wanted - 1);
        let at_once = more.as_ref().map_or(wanted, |more| 1 + more.len());
        Outcomes { ran: parallel::run(database, steps, options, at_once).await, kept: true, commit: None }
    };
    Ok(answered(database, &given.queries, options.transaction, &outcomes, since(began)))
}

fn step(database: &Database, query: &Query) -> Result<Step, CallError> {
    let params: Vec<Parameter> = params::parameters(query.params.clone()).map_err(|why| why.of(database.id()))?;
    let piece = script::one(database.dialect(), &query.sql).map_err(|why| why.of(database.id()))?;
    Ok(Step { piece, params })
}

/// Puts a batch that may write to the person, as one question, where the database asks for that. Gives whether it has to only read,
/// and what the person said.
async fn allowed(context: Context<'_>, database: &Database, queries: &[Query]) -> Result<(bool, Consent), CallError> {
    let only_reads = database.confirm_writes() && queries.iter().all(|query| database.reads(&query.sql));
    if database.read_only() || only_reads {
        return Ok((true, Consent::NONE));
    }
    let text: Vec<String> = queries
        .iter()
        .map(|query| match &query.params {
            Some(params) if !params.is_null() => format!("{}\n-- with {params}", query.sql),
            _ => query.sql.clone(),
        })
        .collect();
    Ok((false, context.confirm(database, &text.join(";\n\n")).await?))
}

fn answered(database: &Database, queries: &[Query], transaction: bool, outcomes: &Outcomes, time: f64) -> CallToolResult {
    let first_set = |result: &QueryResult| result.sets.first().map_or(0, row_count);
    let done = outcomes.ran.iter().filter_map(|(_, result, _)| result.as_ref().ok());
    let (count, total) = done.fold((0, 0_u64), |(count, total), result| (count + 1, total + first_set(result)));
    let why = outcomes.ran.iter().find_map(|(_, result, _)| result.as_ref().err()).or(outcomes.commit.as_ref());
    let mut document = JsonObject::new();
    put(&mut document, "success", Some(why.is_none()));
    put(&mut document, "totalQueries", Some(queries.len()));
    put(&mut document, "successCount", Some(count));
    put(&mut document, "failureCount", Some(outcomes.ran.len() - count));
    put(&mut document, "notRun", Some(queries.len() - outcomes.ran.len()));
    put(&mut document, "totalRows", Some(total));
    put(&mut document, "executionTime", Some(time));
    put(&mut document, "transaction", Some(transaction));
    put(&mut document, "kept", Some(outcomes.kept));
    let results: Vec<Value> =
        outcomes.ran.iter().filter_map(|(at, result, time)| Some(entry(queries.get(*at)?, result, *time))).collect();
    put(&mut document, "results", Some(results));
    put(&mut document, "metadata", Some(json!({"database_id": database.id()})));
    let Some(why) = why else { return answer::document(Value::Object(document).to_string()) };
    document.extend(failure::document(why));
    let document = Value::Object(document);
    // The whole as text too: these clients look there for what each statement came to.
    let text = document.to_string();
    answer::error(document, text)
}

fn entry(query: &Query, result: &Result<QueryResult, CallError>, time: Duration) -> Value {
    let mut entry = JsonObject::new();
    put(&mut entry, "name", query.name.clone());
    put(&mut entry, "success", Some(result.is_ok()));
    match result {
        Ok(result) => {
            if let Some(set) = result.sets.first() {
                put(&mut entry, "rowCount", Some(row_count(set)));
                put(&mut entry, "rows", Some(rows(set)));
                put(&mut entry, "truncated", set.truncated.map(|_| true));
            }
        }
        Err(why) => put(&mut entry, "error", Some(failure::text(why, Some(&query.sql)))),
    }
    put(&mut entry, "executionTime", Some(milliseconds(time)));
    Value::Object(entry)
}
