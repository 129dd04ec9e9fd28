//! The view of results: who is told of it, and what a person finds in it, in Chromium, for results of real statements.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use bulkhead_tests::environment::wanted;
use bulkhead_tests::{Answer, Client, Era, Host};
use rmcp::model::{ClientCapabilities, ReadResourceRequestParams};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::both;

const URI: &str = "ui://bulkhead/result";
const MIME: &str = "text/html;profile=mcp-app";
/// A browser starts and is led through a page in a few seconds, on a busy machine in some more.
const PATIENCE: Duration = Duration::from_secs(90);
/// Values that are wrong as doubles, wrong as text, or wrong as markup.
const SALES: &str = "SELECT * FROM (VALUES \
     (1, 'Alder & Sons', 9, 9007199254740993, '12345678901234567890.10'), \
     (2, '<script>owned = 1</script>', 10, 9007199254740992, '1.10'), \
     (3, '<img src=x onerror=\"owned = 1\">', 100, -5, NULL), \
     (4, NULL, NULL, 0, '-0.5'), \
     (5, 'NULL', 33, 7, '12345678901234567890.09'), \
     (6, '', 2, 70, '9')) AS sales";

struct Showing<'a> {
    host: &'a Host,
    page: String,
}

impl Showing<'_> {
    async fn of(host: &Host) -> Showing<'_> {
        let page = read(&host.client().await).await;
        Showing { host, page: page["contents"][0]["text"].as_str().expect("a page").to_owned() }
    }

    /// What a person finds who is shown a call's answer.
    async fn call(&self, arguments: Value, theme: &str, picture: &str) -> Value {
        let answer = self.host.client().await.call("query", arguments.clone()).await;
        self.look(&arguments, &answer, theme, picture).await
    }

    async fn look(&self, arguments: &Value, answer: &Answer, theme: &str, picture: &str) -> Value {
        let picture = PathBuf::from(wanted("BULKHEAD_TEST_ARTIFACTS")).join(format!("{picture}.png"));
        let given =
            json!({"page": self.page, "arguments": arguments, "result": answer.raw(), "theme": theme, "picture": picture});
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/view/look.mjs");
        let mut node = Command::new("node")
            .arg(script)
            .args([wanted("BULKHEAD_TEST_NPM_BROWSER"), wanted("BULKHEAD_TEST_CHROMIUM")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let mut input = node.stdin.take().expect("its input");
        input.write_all(given.to_string().as_bytes()).await.expect("it reads");
        drop(input);
        let output = tokio::time::timeout(PATIENCE, node.wait_with_output()).await.expect("it ends").expect("its output");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let seen: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        // Whatever is shown: nothing leaves the page, nothing in it fails or is refused, and the host is answered.
        assert_eq!((&seen["asked"], &seen["said"], &seen["owned"]), (&json!([]), &json!([]), &json!(true)), "{seen}");
        let heard = seen["heard"].as_array().expect("messages");
        for message in ["ui/initialize", "ui/notifications/initialized", "ui/notifications/size-changed", "answer bye"] {
            assert!(heard.contains(&json!(message)), "{message}: {heard:?}");
        }
        seen
    }
}

async fn read<H: rmcp::ClientHandler>(client: &Client<H>) -> Value {
    let page = client.peer().read_resource(ReadResourceRequestParams::new(URI)).await.expect("the page");
    serde_json::to_value(page).expect("JSON")
}

#[tokio::test]
async fn clients_that_show_views_are_told_of_it() {
    let host = Host::start(both().config).await;
    let declared: ClientCapabilities =
        serde_json::from_value(json!({"extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": [MIME]}}}))
            .expect("capabilities");
    for era in [Era::Stateless, Era::Sessions] {
        for (capabilities, shows) in [(declared.clone(), true), (ClientCapabilities::default(), false)] {
            let client = Client::capable(&host.url(), era, capabilities).await;
            for tool in client.tools().await {
                let tool = serde_json::to_value(tool).expect("JSON");
                let rows = tool["name"] == "query" || tool["name"] == "fetch_rows";
                let expected = if shows && rows { json!({"ui": {"resourceUri": URI}}) } else { Value::Null };
                assert_eq!(tool["_meta"], expected, "{era:?}: {}", tool["name"]);
            }
            let listed = client.peer().list_all_resources().await.expect("resources");
            let listed = listed.iter().find(|resource| resource.uri == URI).expect("the page is listed");
            assert_eq!(listed.mime_type.as_deref(), Some(MIME));
            let page = read(&client).await;
            assert_eq!(page["contents"][0]["mimeType"], MIME);
            assert!(page["contents"][0]["text"].as_str().is_some_and(|text| text.starts_with("<!doctype html>")));
        }
    }
}

#[tokio::test]
async fn a_result_as_a_table_and_a_chart() {
    let host = Host::start(both().config).await;
    let showing = Showing::of(&host).await;
    // SQLite knows no decimals: there the texts are texts.
    let exact = "SELECT column1 AS customer_id, column2 AS customer, column3 AS orders, column4 AS units, \
         CAST(column5 AS numeric) AS revenue";
    let sql = SALES.replace("SELECT *", exact);
    let seen = showing.call(json!({"database_id": "pg", "sql": sql}), "light", "result-view").await;
    assert!(seen["status"].as_str().is_some_and(|text| text.starts_with("6 rows in ") && text.ends_with(" from pg")), "{seen}");
    assert_eq!(seen["statement"], json!(sql));
    assert_eq!(seen["columns"], json!(["customer_id", "customer", "orders", "units", "revenue"]));
    assert_eq!(seen["kinds"], json!(["number", "text", "number", "number", "number"]));
    let rows = json!([
        ["1", "Alder & Sons", "9", "9007199254740993", "12345678901234567890.10"],
        ["2", "<script>owned = 1</script>", "10", "9007199254740992", "1.10"],
        ["3", "<img src=x onerror=\"owned = 1\">", "100", "-5", null],
        ["4", null, null, "0", "-0.5"],
        ["5", "NULL", "33", "7", "12345678901234567890.09"],
        ["6", "", "2", "70", "9"]
    ]);
    assert_eq!(seen["rows"], rows);
    for made in ["script", "img"] {
        assert!(!seen["made"].as_array().expect("elements").contains(&json!(made)), "{made}");
    }

    // By value: neither as text nor as doubles; NULL last.
    for (column, up) in [
        (2, ["2", "9", "10", "33", "100", "NULL"]),
        (3, ["-5", "0", "7", "70", "9007199254740992", "9007199254740993"]),
        (4, ["-0.5", "1.10", "9", "12345678901234567890.09", "12345678901234567890.10", "NULL"]),
    ] {
        let nulls = up.iter().filter(|text| **text == "NULL").count();
        let mut down = up;
        down[..up.len() - nulls].reverse();
        let came: Vec<Value> = rows.as_array().expect("rows").iter().map(|row| row[column].clone()).collect();
        let came: Vec<&str> = came.iter().map(|cell| cell.as_str().unwrap_or("NULL")).collect();
        assert_eq!(seen["sorted"][column], json!([["ascending", up], ["descending", down], ["none", came]]), "{column}");
    }

    // The chart: customers below, orders beside, keys left out; the other columns are of another size, and offered.
    let chart = &seen["chart"];
    assert!(chart["kind"].as_str().is_some_and(|kind| kind.starts_with("Bar chart of orders by customer")), "{chart}");
    assert_eq!(chart["titles"], json!(["customer", "orders"]));
    assert_eq!(chart["series"], json!(["orders", "units", "revenue", "Bars", "Lines"]));
    assert_eq!((&chart["bars"], &chart["lines"]), (&json!(5), &json!(0)), "NULL has no bar");
    for label in ["Alder & Sons", "0", "100"] {
        assert!(chart["texts"].as_array().expect("labels").contains(&json!(label)), "{label}: {chart}");
    }

    // With the keyboard alone.
    assert_eq!(seen["keys"]["tip"], "orders: 2", "the last row's customer is the empty text");
    assert_eq!((&seen["keys"]["tipHides"], &seen["keys"]["sorted"]), (&json!(true), &json!("ascending")), "{}", seen["keys"]);
    assert!(seen["height"].as_u64().is_some_and(|height| height > 400), "{}", seen["height"]);
}

#[tokio::test]
async fn days_make_a_line_in_the_dark() {
    let host = Host::start(both().config).await;
    let showing = Showing::of(&host).await;
    let sql = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 299) \
         SELECT date('2026-01-01', (299 - i) || ' days') AS day, abs((i * 7919) % 101 - 50) + i AS visitors, \
         CASE WHEN i BETWEEN 100 AND 120 THEN NULL ELSE 40 + (i * 31) % 17 END AS orders FROM n";
    let dark = showing.call(json!({"database_id": "lite", "sql": sql, "format": "objects"}), "dark", "result-view-dark").await;
    assert_eq!(dark["kinds"], json!(["time", "number", "number"]));
    let chart = &dark["chart"];
    assert!(chart["kind"].as_str().is_some_and(|kind| kind.starts_with("Line chart of visitors, orders by day")), "{chart}");
    assert_eq!((&chart["lines"], &chart["bars"]), (&json!(3), &json!(0)), "NULLs part the second line");
    let labels = chart["texts"].as_array().expect("labels");
    let days: Vec<&str> = labels.iter().filter_map(Value::as_str).filter(|text| text.starts_with("2026-")).collect();
    assert!(days.len() > 2 && days.is_sorted(), "time goes from left to right: {days:?}");
    assert_eq!(dark["rows"].as_array().map(Vec::len), Some(200), "more are drawn when asked for");
    let light = showing.call(json!({"database_id": "lite", "sql": sql}), "light", "result-view-line").await;
    assert_eq!(light["rows"], dark["rows"], "rows as arrays and as objects are the same rows");
    assert_eq!(light["colors"], json!(["rgb(255, 255, 255)", "rgb(26, 29, 35)"]));
    assert_ne!(light["colors"], dark["colors"]);
}

#[tokio::test]
async fn what_is_not_rows_is_shown_as_it_is() {
    let host = Host::start(both().config).await;
    let showing = Showing::of(&host).await;
    let nothing = json!({"titles": [], "texts": [], "bars": 0, "lines": 0, "series": []});
    let csv = json!({"database_id": "lite", "sql": "SELECT id, name FROM fruit ORDER BY id", "format": "csv"});
    let seen = showing.call(csv, "light", "result-view-csv").await;
    assert_eq!((&seen["made"], &seen["chart"]), (&json!(["section", "pre"]), &nothing));
    let failed = json!({"database_id": "lite", "sql": "SELECT '<b>' FROM nowhere_at_all"});
    let seen = showing.call(failed, "light", "result-view-error").await;
    assert!(seen["status"].as_str().is_some_and(|text| text.contains("nowhere_at_all")), "{}", seen["status"]);
    assert_eq!(seen["made"], json!([]));
    let cut = json!({"database_id": "lite", "sql": "SELECT id, name FROM fruit ORDER BY id", "max_rows": 2});
    let seen = showing.call(cut, "light", "result-view-cut").await;
    assert_eq!(seen["notes"], json!(["There are more rows than these: the answer was cut at 2 rows."]));
    assert!(seen["status"].as_str().is_some_and(|text| text.starts_with("2 rows, and more")), "{}", seen["status"]);
}
