//! The view of a query's result: a page that a client shows beside the answer (MCP Apps, `io.modelcontextprotocol/ui`, 2026-01-26).
//!
//! One page for every result; the client hands it each as a message. It is made of the small files in `app/`, loads nothing, and its
//! own policy allows no script and no style but those in it, by their hashes: what a database holds can neither run nor call out.

use std::sync::LazyLock;

use base64::prelude::{BASE64_STANDARD, Engine};
use ring::digest::{SHA256, digest};
use rmcp::model::{
    ClientCapabilities, ExtensionCapabilities, JsonObject, MetaObject, Resource, ResourceContents, ServerCapabilities, Tool,
};
use serde_json::{Value, json};

/// Where clients find the page.
pub(super) const URI: &str = "ui://bulkhead/result";
const MIME: &str = "text/html;profile=mcp-app";
const EXTENSION: &str = "io.modelcontextprotocol/ui";

const TEMPLATE: &str = include_str!("app/view.html");
const STYLE: &str = include_str!("app/style.css");
/// Each file uses what stands before it, or what is called once all are read. One scope of their own.
const SCRIPT: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("app/elements.js"),
    include_str!("app/protocol.js"),
    include_str!("app/values.js"),
    include_str!("app/result.js"),
    include_str!("app/table.js"),
    include_str!("app/series.js"),
    include_str!("app/scale.js"),
    include_str!("app/plot.js"),
    include_str!("app/chart.js"),
    include_str!("app/main.js"),
    "})();\n"
);

static PAGE: LazyLock<String> =
    LazyLock::new(|| TEMPLATE.replace("{{policy}}", &policy()).replace("{{style}}", STYLE).replace("{{script}}", SCRIPT));

/// Says that the server has the extension.
pub(super) fn declared(mut capabilities: ServerCapabilities) -> ServerCapabilities {
    let extensions = capabilities.extensions.get_or_insert_with(ExtensionCapabilities::new);
    extensions.insert(EXTENSION.to_owned(), JsonObject::new());
    capabilities
}

/// Whether a client shows such pages. The specification has tools name theirs to these clients alone.
pub(super) fn is_shown_by(client: Option<&ClientCapabilities>) -> bool {
    let settings = client.and_then(|client| client.extensions.as_ref()?.get(EXTENSION));
    let kinds = settings.and_then(|settings| settings.get("mimeTypes")?.as_array());
    kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == MIME))
}

/// The tools as clients see them that show the page, which belongs to those whose answers are rows.
pub(super) fn linked(tools: &[Tool], gives_rows: impl Fn(&str) -> bool) -> Vec<Tool> {
    let link = |tool: &Tool| {
        let tool = tool.clone();
        if gives_rows(&tool.name) { tool.with_meta(ui(json!({"resourceUri": URI}))) } else { tool }
    };
    tools.iter().map(link).collect()
}

/// The page in the list of resources.
pub(super) fn resource() -> Resource {
    Resource::new(URI, "result")
        .with_title("A query's result")
        .with_description("Shows the rows of query and fetch_rows as a table that sorts, and as a chart")
        .with_mime_type(MIME)
        .with_meta(wanted())
}

/// The page.
pub(super) fn contents() -> ResourceContents {
    ResourceContents::text(PAGE.as_str(), URI).with_mime_type(MIME).with_meta(wanted())
}

/// What the page asks of the client. It names no `csp`: without one a client has to allow no connection at all.
fn wanted() -> MetaObject {
    ui(json!({"prefersBorder": true}))
}

fn ui(value: Value) -> MetaObject {
    MetaObject::from(JsonObject::from_iter([("ui".to_owned(), value)]))
}

fn policy() -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(digest(&SHA256, text.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_whole_and_calls_nowhere() {
        let page = PAGE.as_str();
        assert!(page.starts_with("<!doctype html>") && !page.contains("{{"));
        // The script ends where its element does.
        assert_eq!(page.matches("</script").count(), 1);
        assert_eq!(page.matches("</style").count(), 1);
        let own = page.replace("http://www.w3.org/2000/svg", "");
        for outside in ["http:", "https:", "//cdn", "url(", "@import", "import(", "fetch(", "src=", "href="] {
            assert!(!own.contains(outside), "{outside}");
        }
    }

    /// A database's text goes into the page as text alone.
    #[test]
    fn nothing_makes_markup_of_text() {
        for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "DOMParser"] {
            assert!(!SCRIPT.contains(way), "{way}");
        }
    }

    #[test]
    fn only_clients_that_show_it_are_told() {
        let client = |extensions: Value| serde_json::from_value::<ClientCapabilities>(json!({"extensions": extensions})).unwrap();
        assert!(is_shown_by(Some(&client(json!({EXTENSION: {"mimeTypes": ["text/plain", MIME]}})))));
        for other in [json!({}), json!({EXTENSION: {}}), json!({EXTENSION: {"mimeTypes": ["text/plain"]}}), json!({"x": {}})] {
            assert!(!is_shown_by(Some(&client(other))));
        }
        assert!(!is_shown_by(None));
    }
}
