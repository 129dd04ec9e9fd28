//! Completions: databases, schemas and tables for the arguments of prompts and of resources' URIs.

use std::sync::Arc;

use rmcp::model::{ArgumentInfo, CompletionContext, CompletionInfo, Reference};

use crate::contract::{Description, TableFilter, Target};
use crate::database::Database;
use crate::session::{Caller, Sessions, ToolCall};

/// MCP's limit for one answer.
const MAX_VALUES: usize = 100;

/// The databases that a caller may name.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) sessions: &'a Sessions,
    pub(super) caller: &'a Caller,
}

impl Known<'_> {
    fn ids(self) -> Vec<String> {
        let snapshot = self.sessions.registry().current();
        let connected = self.sessions.visible(self.caller, None).unwrap_or_default();
        let configured = snapshot.entries().map(|(id, _)| id.to_owned());
        configured.chain(connected.iter().map(|database| database.id().to_owned())).collect()
    }

    fn find(self, tool: &str, id: Option<&str>) -> Option<Arc<Database>> {
        self.sessions.find(ToolCall::like(self.caller, tool), id).ok()
    }
}

/// What an argument may be, given what has been typed of it and of those before. What can't be looked up has no completions.
pub(super) async fn complete(
    known: Known<'_>,
    reference: &Reference,
    argument: &ArgumentInfo,
    context: Option<&CompletionContext>,
) -> CompletionInfo {
    let before = |name: &str| context.and_then(|context| context.arguments.as_ref()?.get(name)).map(String::as_str);
    let typed = argument.value.to_lowercase();
    let mut values: Vec<String> = match (reference, argument.name.as_str()) {
        (Reference::Prompt(_), "database_id") | (Reference::Resource(_), "database") => known.ids(),
        (Reference::Resource(_), "schema") => schemas(known, before("database")).await.unwrap_or_default(),
        (Reference::Resource(_), "name") => tables(known, before("database"), before("schema"), &typed).await.unwrap_or_default(),
        _ => Vec::new(),
    };
    values.retain(|value| value.to_lowercase().starts_with(&typed));
    let total = values.len();
    values.truncate(MAX_VALUES);
    let mut info = CompletionInfo::default();
    info.has_more = Some(values.len() < total);
    info.total = u32::try_from(total).ok();
    info.values = values;
    info
}

async fn schemas(known: Known<'_>, database: Option<&str>) -> Option<Vec<String>> {
    let database = known.find("list_schemas", database)?;
    match database.describe(Target::Schemas).await.ok()? {
        Description::Schemas(schemas) => {
            Some(schemas.into_iter().filter(|schema| !schema.system).map(|schema| schema.name).collect())
        }
        _ => None,
    }
}

async fn tables(known: Known<'_>, database: Option<&str>, schema: Option<&str>, typed: &str) -> Option<Vec<String>> {
    let database = known.find("list_tables", database)?;
    // What was typed isn't a pattern.
    let plain: String = typed.chars().take_while(|character| !['%', '_', '\\', '['].contains(character)).collect();
    let filter = TableFilter {
        schema: schema.map(str::to_owned),
        name: Some(format!("{plain}%")),
        kind: None,
        offset: 0,
        limit: u32::try_from(MAX_VALUES + 1).unwrap_or(u32::MAX),
    };
    match database.describe(Target::Tables(filter)).await.ok()? {
        Description::Tables(tables) => Some(tables.into_iter().map(|table| table.name).collect()),
        _ => None,
    }
}
