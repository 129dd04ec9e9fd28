//! `recommend_indexes`: tables that a plan reads whole though a column of theirs is filtered on.
//!
//! It reads PostgreSQL's JSON plans; others have none of their nodes, and get no advice.

use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::answer;
use super::{Context, To, located, other_description, put, reading, with_place};
use crate::contract::{Description, ErrorKind, Features, TableDetail, TableName, Target};
use crate::database::{Consent, Explain};
use crate::error::CallError;

/// Tables looked at for one statement.
const MAX_TABLES: usize = 20;
/// Below this many rows reading the whole table is as quick.
const SMALL: u64 = 1_000;

pub(super) fn tool() -> Tool {
    reading(
        "recommend_indexes",
        "Recommend indexes",
        "Looks in a statement's plan for tables that are read whole though a column is filtered on, and says which indexes might help. \
         Doesn't run the statement, and makes no index.",
        with_place(json!({
            "type": "object",
            "properties": {"sql": {"type": "string", "description": "One statement"}},
            "required": ["sql"],
            "additionalProperties": false
        })),
        json!({
            "type": "object",
            "properties": {
                "database_id": {"type": "string"},
                "recommendations": {
                    "type": "array",
                    "items": {"type": "object", "required": ["table", "columns", "filter", "statement"]}
                },
                "plan": {"type": "string"}
            },
            "required": ["database_id", "recommendations", "plan"]
        }),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    sql: String,
}

pub(super) async fn call(context: Context<'_>, given: JsonObject) -> Result<CallToolResult, CallError> {
    let (to, given): (To, Arguments) = located(given)?;
    let place = context.place(&to).await?;
    let database = &place.database;
    if !database.manifest().features.contains(Features::EXPLAIN) {
        let what = format!("the driver {:?} has no plans", database.driver());
        return Err(CallError::new(ErrorKind::Unsupported, what).of(database.id()));
    }
    let plan = database
        .explain(Explain {
            sql: given.sql,
            params: Vec::new(),
            analyze: false,
            read_only: place.read_only,
            consent: Consent::NONE,
        })
        .await?;
    let json: Value = plan.json.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let mut scans = Vec::new();
    find(&json, &mut scans);
    let mut recommendations = Vec::new();
    for scan in scans.into_iter().take(MAX_TABLES) {
        let name = TableName { schema: scan.schema, name: scan.table };
        let Description::Table(table) = database.describe(Target::Table(name)).await? else {
            return Err(other_description(database));
        };
        recommendations.extend(recommend(&table, &scan.filter));
    }
    let mut document = JsonObject::new();
    put(&mut document, "database_id", Some(database.id()));
    put(&mut document, "recommendations", Some(recommendations));
    put(&mut document, "plan", Some(plan.text));
    Ok(answer::document(Value::Object(document).to_string()))
}

/// A table that is read whole, with a condition on its rows.
struct Scan {
    schema: Option<String>,
    table: String,
    filter: String,
}

fn find(node: &Value, scans: &mut Vec<Scan>) {
    match node {
        Value::Array(nodes) => nodes.iter().for_each(|node| find(node, scans)),
        Value::Object(fields) => {
            let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
            if let (Some(kind), Some(table), Some(filter)) = (text("Node Type"), text("Relation Name"), text("Filter"))
                && kind.ends_with("Seq Scan")
            {
                scans.push(Scan { schema: text("Schema"), table, filter });
            }
            fields.values().for_each(|node| find(node, scans));
        }
        _ => {}
    }
}

fn recommend(table: &TableDetail, filter: &str) -> Option<Value> {
    if table.info.rows.is_some_and(|rows| rows < SMALL) {
        return None;
    }
    let columns: Vec<&str> =
        table.columns.iter().map(|column| column.name.as_str()).filter(|column| names(filter, column)).collect();
    let leads = |column: &&str| table.indexes.iter().any(|index| index.columns.first().is_some_and(|first| first == *column));
    if columns.is_empty() || columns.iter().any(leads) {
        return None;
    }
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let on: Vec<String> = table.info.schema.iter().chain([&table.info.name]).map(|name| quoted(name)).collect();
    let listed: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    let mut entry = JsonObject::new();
    put(&mut entry, "schema", table.info.schema.clone());
    put(&mut entry, "table", Some(table.info.name.clone()));
    put(&mut entry, "rows_estimate", table.info.rows);
    put(&mut entry, "columns", Some(columns));
    put(&mut entry, "filter", Some(filter));
    put(&mut entry, "statement", Some(format!("CREATE INDEX ON {} ({})", on.join("."), listed.join(", "))));
    Some(Value::Object(entry))
}

/// Whether a condition names a column: as a whole word, and not within a string.
fn names(filter: &str, column: &str) -> bool {
    let plain: String = filter.split('\'').step_by(2).collect::<Vec<_>>().join(" ");
    let word = |character: char| character.is_alphanumeric() || character == '_' || character == '$';
    plain.match_indices(column).any(|(at, _)| {
        let (before, after) = plain.split_at(at);
        let after = after.get(column.len()..).unwrap_or_default();
        !before.ends_with(word) && !after.starts_with(word)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn columns_in_conditions() {
        assert!(names("((kind)::text = 'a'::text)", "kind"));
        assert!(names("(a.kind = 1)", "kind"));
        assert!(!names("((kindness)::text = 'kind'::text)", "kind"));
        assert!(names("(lower(name) = 'x')", "name") && !names("(my_name = 1)", "name"));
    }

    #[test]
    fn scans_with_conditions_at_any_depth() {
        let plan = json!([{"Plan": {"Node Type": "Hash Join", "Plans": [
            {"Node Type": "Seq Scan", "Relation Name": "a", "Schema": "s", "Filter": "(n = 1)"},
            {"Node Type": "Seq Scan", "Relation Name": "b"},
            {"Node Type": "Gather", "Plans": [{"Node Type": "Parallel Seq Scan", "Relation Name": "c", "Filter": "(m > 2)"}]},
            {"Node Type": "Index Scan", "Relation Name": "d", "Filter": "(x = 1)"}
        ]}}]);
        let mut scans = Vec::new();
        find(&plan, &mut scans);
        let found: Vec<_> = scans.iter().map(|scan| (scan.table.as_str(), scan.filter.as_str())).collect();
        assert_eq!(found, [("a", "(n = 1)"), ("c", "(m > 2)")]);
    }
}
