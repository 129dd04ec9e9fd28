//! Prompts: what a person can start a conversation with.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::{GetPromptResult, JsonObject, Prompt, PromptArgument, PromptMessage, Role};
use serde_json::Value;

use crate::database::Database;
use crate::error::CallError;

/// The longest statement that a prompt is made of.
const MAX_SQL: usize = 100_000;

pub(super) fn list() -> Vec<Prompt> {
    vec![
        Prompt::new(
            "explore_database",
            Some("Get to know a database: what is in it, how its tables belong together, and what can be asked of it"),
            Some(vec![database_argument()]),
        )
        .with_title("Explore a database"),
        Prompt::new(
            "explain_slow_statement",
            Some("Find out why a statement is slow, and what would make it faster"),
            Some(vec![PromptArgument::new("sql").with_description("The statement").with_required(true), database_argument()]),
        )
        .with_title("Explain a slow statement"),
    ]
}

fn database_argument() -> PromptArgument {
    PromptArgument::new("database_id").with_description("Which database; without it the default").with_required(false)
}

/// The messages of one, by what finds a database for a tool.
///
/// # Errors
/// There is no such prompt or database, the tool that it is about may not be used on it, or an argument is missing.
pub(super) fn get(
    find: impl FnOnce(&str, Option<&str>) -> Result<Arc<Database>, CallError>,
    name: &str,
    arguments: Option<&JsonObject>,
) -> Result<GetPromptResult, ErrorData> {
    let argument = |name: &str| arguments.and_then(|arguments| arguments.get(name)).and_then(Value::as_str);
    let wrong = |why: String| ErrorData::invalid_params(why, None);
    let tool = match name {
        "explore_database" => "list_tables",
        "explain_slow_statement" => "explain",
        other => return Err(wrong(format!("there is no prompt {other:?}"))),
    };
    let database = find(tool, argument("database_id")).map_err(|why| wrong(why.to_string()))?;
    let (id, dialect) = (database.id(), database.dialect());
    let (description, text) = match name {
        "explore_database" => (
            "Explore a database",
            format!(
                "Get to know the database {id:?} ({dialect}). List its schemas and tables (list_schemas, list_tables), describe the \
                 tables that matter most (describe_table) and look at a few of their rows (query, with a LIMIT). Then say in plain \
                 words what is in it, how the tables belong together, which columns are keys, and five questions that it can answer, \
                 each with the statement for it. Pass database_id {id:?} in each call. Don't change anything."
            ),
        ),
        _ => {
            let sql = argument("sql").map(str::trim).filter(|sql| !sql.is_empty());
            let sql = sql.ok_or_else(|| wrong("the argument sql is missing: the statement to be explained".to_owned()))?;
            if sql.len() > MAX_SQL {
                return Err(wrong(format!("sql: at most {MAX_SQL} bytes")));
            }
            (
                "Explain a slow statement",
                format!(
                    "This {dialect} statement on the database {id:?} is slow:\n\n{sql}\n\nLook at its plan (explain, without analyze at \
                     first), at the tables in it (describe_table: indexes, row estimates) and find the step that costs most. Say in \
                     plain words why it is slow, what would make it faster (an index, another way to write it, fresher statistics), \
                     and what that would cost. Pass database_id {id:?} in each call. Don't change anything."
                ),
            )
        }
    };
    Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]).with_description(description))
}
