//! Resources: what a database is made of, by URI.
//!
//! `bulkhead://DATABASE/schema` lists its tables, `bulkhead://DATABASE/table/SCHEMA/NAME` describes one. Names are percent-encoded.
//! And the page that shows results.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::{Resource, ResourceContents, ResourceTemplate};
use serde_json::json;

use super::app;
use super::tools::{describe_document, list_document};
use crate::contract::{Description, ErrorKind, TableFilter, TableName, Target};
use crate::database::{Database, State};
use crate::error::CallError;
use crate::registry::Snapshot;

const SCHEME: &str = "bulkhead://";
const JSON: &str = "application/json";
/// Tables in one listing: more than a model reads, and some hundred kilobytes.
const MAX_TABLES: u32 = 1_000;
/// A URI is a name or three: longer ones are no names.
const MAX_URI: usize = 4_096;

/// One for each database, configured or the caller's own, and the page.
pub(super) fn list(snapshot: &Snapshot, connected: &[Arc<Database>]) -> Vec<Resource> {
    let ids = snapshot.entries().map(|(id, _)| id).chain(connected.iter().map(|database| database.id()));
    let schemas = ids.map(|id| {
        let configured = !connected.iter().any(|database| database.id() == id);
        let described = if configured { described(snapshot, id) } else { format!("The tables and views of the database {id}") };
        let resource = Resource::new(schema_uri(id), format!("{id} schema")).with_description(described).with_mime_type(JSON);
        resource.with_title(format!("Tables of {id}"))
    });
    schemas.chain([app::resource()]).collect()
}

fn described(snapshot: &Snapshot, id: &str) -> String {
    let mut text = format!("The tables and views of the database {id}");
    // What isn't in the snapshot's databases can't be opened.
    if snapshot.resolve(Some(id)).map_or(true, |database| database.health().state == State::Down) {
        text.push_str(", which is down now: health_check says why");
    }
    text
}

pub(super) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new("bulkhead://{database}/schema", "schema")
            .with_title("Tables of a database")
            .with_description("The tables and views of a database, with estimates of their rows and sizes")
            .with_mime_type(JSON),
        ResourceTemplate::new("bulkhead://results/{result}", "result")
            .with_title("A kept result")
            .with_description("What query kept with as_resource, for ten minutes after it was last read"),
        ResourceTemplate::new("bulkhead://{database}/table/{schema}/{name}", "table")
            .with_title("A table")
            .with_description("All that is known of one table: columns, keys, indexes, checks, triggers")
            .with_mime_type(JSON),
    ]
}

/// Reads one, by what finds a database for a tool.
///
/// # Errors
/// There is no such resource, or the database said no.
pub(super) async fn read(
    find: impl FnOnce(&str, &str) -> Result<Arc<Database>, CallError>,
    uri: &str,
) -> Result<ResourceContents, ErrorData> {
    if uri == app::URI {
        return Ok(app::contents());
    }
    let missing = || missing(uri);
    let Some(wanted) = parse(uri) else { return Err(missing()) };
    let tool = match &wanted {
        Wanted::Schema { .. } => "list_tables",
        Wanted::Table { .. } => "describe_table",
    };
    let database = find(tool, wanted.database()).map_err(|_| missing())?;
    let document = match wanted {
        Wanted::Schema { .. } => {
            let filter = TableFilter { schema: None, name: None, kind: None, offset: 0, limit: MAX_TABLES + 1 };
            match database.describe(Target::Tables(filter)).await.map_err(|why| failed(&why, uri))? {
                Description::Tables(tables) => list_document(database.id(), tables, 0, MAX_TABLES),
                _ => return Err(missing()),
            }
        }
        Wanted::Table { schema, name, .. } => {
            let target = Target::Table(TableName { schema: Some(schema), name });
            match database.describe(target).await {
                Ok(Description::Table(table)) => describe_document(database.id(), table),
                Err(why) if why.record().kind != ErrorKind::Undefined => return Err(failed(&why, uri)),
                _ => return Err(missing()),
            }
        }
    };
    Ok(ResourceContents::text(document.to_string(), uri).with_mime_type(JSON))
}

/// There is nothing of this URI.
pub(super) fn missing(uri: &str) -> ErrorData {
    ErrorData::resource_not_found(format!("there is no resource {uri:?}"), Some(json!({"uri": uri})))
}

fn failed(why: &CallError, uri: &str) -> ErrorData {
    ErrorData::internal_error(why.to_string(), Some(json!({"uri": uri})))
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Schema { database: String },
    Table { database: String, schema: String, name: String },
}

impl Wanted {
    fn database(&self) -> &str {
        match self {
            Wanted::Schema { database } | Wanted::Table { database, .. } => database,
        }
    }
}

fn parse(uri: &str) -> Option<Wanted> {
    if uri.len() > MAX_URI {
        return None;
    }
    let parts: Vec<String> = uri.strip_prefix(SCHEME)?.split('/').map(decoded).collect::<Option<_>>()?;
    match parts.as_slice() {
        [database, schema] if schema == "schema" => Some(Wanted::Schema { database: database.clone() }),
        [database, table, schema, name] if table == "table" => {
            Some(Wanted::Table { database: database.clone(), schema: schema.clone(), name: name.clone() })
        }
        _ => None,
    }
}

fn schema_uri(database: &str) -> String {
    format!("{SCHEME}{}/schema", encoded(database))
}

/// What isn't plain in a URI's path, as `%XX`.
fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn decoded(part: &str) -> Option<String> {
    let mut bytes = part.bytes();
    let mut out = Vec::with_capacity(part.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?];
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn uris() {
        let schema = |database: &str| Some(Wanted::Schema { database: database.into() });
        assert_eq!(parse("bulkhead://shop/schema"), schema("shop"));
        assert_eq!(parse("bulkhead://a%2Fb%20%C3%A9/schema"), schema("a/b é"));
        let table = Wanted::Table { database: "shop".into(), schema: "main".into(), name: "order / items".into() };
        assert_eq!(parse("bulkhead://shop/table/main/order%20%2F%20items"), Some(table));
        for nothing in [
            "",
            "shop/schema",
            "http://shop/schema",
            "bulkhead://",
            "bulkhead:///schema",
            "bulkhead://shop",
            "bulkhead://shop/schema/x",
            "bulkhead://shop/table/main",
            "bulkhead://shop/table//x",
            "bulkhead://%/schema",
            "bulkhead://%zz/schema",
            "bulkhead://%ff/schema",
            "bulkhead://%+f/schema",
        ] {
            assert_eq!(parse(nothing), None, "{nothing}");
        }
        assert_eq!(parse(&format!("bulkhead://{}/schema", "x".repeat(MAX_URI))), None);
        for name in ["shop", "a/b é", "%", "..", "x y"] {
            assert_eq!(parse(&schema_uri(name)), schema(name));
        }
    }
}
