//! A result as the tool's answer. Written straight into text: rows are the bulk of all that passes through the host.

use rmcp::model::{CallToolResult, ContentBlock, Resource};

use super::Format;
use crate::contract::{Notice, Parameter, Value};
use crate::database::{Completion, QueryResult, ResultSet, Truncation};
use crate::mcp::answer;
use crate::mcp::kept::Link;
use crate::render::{self, RowShape, quoted};

/// What the call allowed, for saying what to do about a cut.
#[derive(Debug, Clone, Copy)]
pub(in crate::mcp::tools) struct Limits {
    pub(in crate::mcp::tools) rows: u64,
    /// What `max_rows` may be raised to.
    pub(in crate::mcp::tools) most_rows: u64,
    pub(in crate::mcp::tools) bytes: u64,
}

/// What JSON adds to the bytes of values: quotes, commas, brackets; and room for what stands around the rows.
const JSON_OVERHEAD: usize = 512;

/// The answer to a statement that ran.
pub(in crate::mcp::tools) fn query(
    database: &str,
    result: &QueryResult,
    format: Format,
    limits: Limits,
    cursor: Option<&str>,
    links: &[Link],
) -> CallToolResult {
    let (json, texts) = document(database, result, format, limits, cursor, links);
    match format {
        _ if !links.is_empty() => {
            let mut result = answer::document(json);
            result.content.extend(links.iter().map(linked));
            result
        }
        Format::Json | Format::Arrow => answer::document(json),
        // A name before each value is for programs. The text goes to a model, which pays for every byte and has the names once.
        Format::Objects => answer::with_text(json, document(database, result, Format::Json, limits, cursor, links).0),
        Format::Csv | Format::Markdown => {
            let mut tables: Vec<String> = Vec::new();
            let mut notes: Vec<String> = Vec::new();
            for (table, note) in texts {
                tables.push(table);
                notes.extend(note);
            }
            let mut result = answer::with_text(json, tables.join("\n"));
            if !notes.is_empty() {
                result.content.push(ContentBlock::text(notes.join("\n")));
            }
            result
        }
    }
}

/// The answer as JSON, and what each result set has as text beside it.
fn document(
    database: &str,
    result: &QueryResult,
    format: Format,
    limits: Limits,
    cursor: Option<&str>,
    links: &[Link],
) -> (String, Vec<(String, Option<String>)>) {
    let bytes: usize = result
        .sets
        .iter()
        .flat_map(|set| &set.batches)
        .map(|batch| batch.bytes() + batch.rows() * batch.columns().len() * 4)
        .sum();
    let mut json = Fields::begin(String::with_capacity(bytes + JSON_OVERHEAD));
    quoted(json.key("database_id"), database);
    let mut texts = Vec::new();
    let mut sets = result.sets.iter();
    // What is open is the last that was read.
    let open = |at: usize| cursor.filter(|_| at + 1 == result.sets.len());
    match sets.next() {
        Some(first) => texts.push(set(&mut json, first, format, limits, open(0), links.first())),
        None => json.key("columns").push_str("[],\"rows\":[],\"row_count\":0"),
    }
    let elapsed = format!("{:.3}", result.elapsed.as_secs_f64() * 1_000.0);
    json.key("elapsed_ms").push_str(&elapsed);
    if sets.len() > 0 {
        json.key("more").push('[');
        for (at, next) in sets.enumerate() {
            if at > 0 {
                json.out.push(',');
            }
            let mut inner = Fields::begin(std::mem::take(&mut json.out));
            texts.push(set(&mut inner, next, format, limits, open(at + 1), links.get(at + 1)));
            json.out = inner.end();
        }
        json.out.push(']');
    }
    (json.end(), texts)
}

/// A result as an object of its own, its rows as arrays.
pub(in crate::mcp::tools) fn result_object(result: &QueryResult, limits: Limits) -> String {
    let mut json = Fields::begin(String::new());
    if let Some(first) = result.sets.first() {
        set(&mut json, first, Format::Json, limits, None, None);
    }
    let elapsed = format!("{:.3}", result.elapsed.as_secs_f64() * 1_000.0);
    json.key("elapsed_ms").push_str(&elapsed);
    json.end()
}

/// Writes one result set's fields. Gives its rows as text, where that is the format, and what else there is to say.
fn set(
    json: &mut Fields,
    set: &ResultSet,
    format: Format,
    limits: Limits,
    cursor: Option<&str>,
    link: Option<&Link>,
) -> (String, Option<String>) {
    columns(json.key("columns"), set, format);
    let mut table = String::new();
    match format {
        _ if link.is_some() => {}
        Format::Json => render::rows(json.key("rows"), set, RowShape::Array),
        Format::Objects => render::rows(json.key("rows"), set, RowShape::Object),
        Format::Csv if set.columns.is_empty() => {}
        Format::Csv => render::csv(&mut table, set),
        Format::Markdown => render::markdown(&mut table, set),
        // Always kept.
        Format::Arrow => {}
    }
    if let Some(link) = link {
        let mut inner = Fields::begin(std::mem::take(json.key("resource")));
        quoted(inner.key("uri"), &link.uri);
        quoted(inner.key("mime_type"), link.mime);
        inner.number("bytes", link.bytes as u64);
        json.out = inner.end();
    } else if matches!(format, Format::Csv | Format::Markdown) {
        quoted(json.key("text"), &table);
    }
    json.number("row_count", set.rows);
    let mut note = None;
    if let Some(truncated) = set.truncated {
        let (by, limit) = match truncated {
            Truncation::Rows => ("rows", limits.rows),
            Truncation::Bytes => ("bytes", limits.bytes),
        };
        let next = next_step(truncated, set.rows, limits, cursor);
        if let Some(cursor) = cursor {
            quoted(json.key("cursor"), cursor);
        }
        let mut inner = Fields::begin(std::mem::take(json.key("truncated")));
        quoted(inner.key("by"), by);
        inner.number("limit", limit);
        quoted(inner.key("next_step"), &next);
        json.out = inner.end();
        note = Some(next);
    }
    if let Some(completion) = &set.completion {
        completed(json, completion);
        if set.columns.is_empty() {
            note = Some(
                completion
                    .command_tag
                    .clone()
                    .unwrap_or_else(|| format!("{} rows affected", completion.rows_affected.unwrap_or(0))),
            );
        }
    }
    (table, note)
}

pub(super) fn columns(out: &mut String, set: &ResultSet, format: Format) {
    let keys = if format == Format::Objects { render::column_keys(&set.columns) } else { Vec::new() };
    out.push('[');
    for (at, column) in set.columns.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str("{\"name\":");
        quoted(out, &column.name);
        out.push_str(",\"type\":");
        quoted(out, &column.native_type);
        if let Some(key) = keys.get(at).filter(|key| **key != column.name) {
            out.push_str(",\"key\":");
            quoted(out, key);
        }
        out.push('}');
    }
    out.push(']');
}

fn linked(link: &Link) -> ContentBlock {
    let resource = Resource::new(&link.uri, &link.title).with_mime_type(link.mime).with_size(link.bytes as u64);
    ContentBlock::resource_link(resource)
}

fn next_step(truncated: Truncation, rows: u64, limits: Limits, cursor: Option<&str>) -> String {
    if let Some(cursor) = cursor {
        return format!(
            "there are more rows than these {rows}. To read on: fetch_rows with cursor {cursor}; better, narrow the statement"
        );
    }
    let first = format!(
        "there are more rows than these {rows}. To get the rest: narrow the statement, or page through it with ORDER BY, LIMIT and OFFSET {rows}"
    );
    match truncated {
        Truncation::Rows if limits.rows < limits.most_rows => {
            format!("{first}, or raise max_rows (at most {})", limits.most_rows)
        }
        Truncation::Rows => first,
        Truncation::Bytes => format!("{first}, or select fewer or shorter columns: an answer holds {} bytes", limits.bytes),
    }
}

fn completed(json: &mut Fields, completion: &Completion) {
    if let Some(rows) = completion.rows_affected {
        json.number("rows_affected", rows);
    }
    if let Some(tag) = &completion.command_tag {
        quoted(json.key("command"), tag);
    }
    if !completion.notices.is_empty() {
        let notices = serde_json::Value::Array(completion.notices.iter().map(notice).collect());
        json.key("notices").push_str(&notices.to_string());
    }
    if !completion.outputs.is_empty() {
        let outputs = completion.outputs.iter().enumerate().map(output).collect();
        json.key("outputs").push_str(&serde_json::Value::Object(outputs).to_string());
    }
}

fn notice(notice: &Notice) -> serde_json::Value {
    let fields = [
        ("severity", Some(&notice.severity)),
        ("code", notice.code.as_ref()),
        ("message", Some(&notice.message)),
        ("detail", notice.detail.as_ref()),
        ("hint", notice.hint.as_ref()),
    ];
    let present = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.clone().into())));
    serde_json::Value::Object(present.collect())
}

fn output((at, parameter): (usize, &Parameter)) -> (String, serde_json::Value) {
    let mut text = String::new();
    match &parameter.value {
        Value::Null => text.push_str("null"),
        Value::Boolean(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Int64(value) => render::integer(&mut text, *value),
        Value::Float64(value) => render::float(&mut text, *value),
        Value::Decimal(value) | Value::Text(value) => quoted(&mut text, value),
        Value::Bytes(value) => render::base64(&mut text, value),
        Value::Json(value) => render::json(&mut text, value),
    }
    let name = parameter.name.clone().unwrap_or_else(|| (at + 1).to_string());
    (name, serde_json::from_str(&text).unwrap_or_default())
}

/// A JSON object being written.
struct Fields {
    out: String,
    first: bool,
}

impl Fields {
    fn begin(mut out: String) -> Fields {
        out.push('{');
        Fields { out, first: true }
    }

    /// Writes a name; the value is written to what this gives.
    fn key(&mut self, name: &'static str) -> &mut String {
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        &mut self.out
    }

    fn number(&mut self, name: &'static str, value: u64) {
        self.key(name).push_str(itoa::Buffer::new().format(value));
    }

    fn end(mut self) -> String {
        self.out.push('}');
        self.out
    }
}
