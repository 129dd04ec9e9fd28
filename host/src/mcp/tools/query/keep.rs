//! A result as resources, one for each result set: for what is not to be read in the answer.

use super::Format;
use crate::contract::ErrorKind;
use crate::database::{QueryResult, ResultSet};
use crate::error::CallError;
use crate::mcp::kept::{Content, Link};
use crate::mcp::tools::Context;
use crate::render::{self, RowShape};

/// Bytes of values in one result that is kept: a program reads it, not a model.
pub(in crate::mcp::tools) const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Keeps the result sets that have columns, up to the first that has none.
pub(in crate::mcp::tools) fn keep(
    context: Context<'_>,
    database: &str,
    result: &QueryResult,
    format: Format,
) -> Result<Vec<Link>, CallError> {
    let with_rows = result.sets.iter().take_while(|set| !set.columns.is_empty());
    with_rows
        .map(|set| {
            let (mime, content) = content(set, format)?;
            let title = format!("{} rows of {database}", set.rows);
            context.kept.put(context.call.caller, title, mime, content)
        })
        .collect()
}

fn content(set: &ResultSet, format: Format) -> Result<(&'static str, Content), CallError> {
    let mut text = String::new();
    let mime = match format {
        Format::Json | Format::Objects => {
            text.push_str("{\"columns\":");
            super::answer::columns(&mut text, set, format);
            text.push_str(",\"rows\":");
            render::rows(&mut text, set, if format == Format::Json { RowShape::Array } else { RowShape::Object });
            text.push('}');
            "application/json"
        }
        Format::Csv => {
            render::csv(&mut text, set);
            "text/csv"
        }
        Format::Markdown => {
            render::markdown(&mut text, set);
            "text/markdown"
        }
        Format::Arrow => {
            let bytes = render::arrow(set)
                .map_err(|why| CallError::new(ErrorKind::Internal, format!("the result can't be written as Arrow: {why}")))?;
            return Ok(("application/vnd.apache.arrow.stream", Content::Bytes(bytes.into())));
        }
    };
    Ok((mime, Content::Text(text.into())))
}
