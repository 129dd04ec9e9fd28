//! `format`, and the binary's own commands.

use bulkhead_tests::{Host, run};
use serde_json::json;

use super::both;

#[tokio::test]
async fn csv_and_markdown() {
    let host = Host::start(both().config).await;
    let client = host.client().await;
    let sql = "SELECT id, name, CASE id WHEN 1 THEN NULL WHEN 2 THEN '' ELSE 'a \"b\", | c' END AS note FROM fruit ORDER BY id";
    for database in ["pg", "lite"] {
        let ask = async |format: &str| {
            client.call("query", json!({"database_id": database, "sql": sql, "format": format})).await.ok().text()
        };
        let csv = ask("csv").await;
        assert!(csv.contains("id,name,note"), "{csv}");
        assert!(csv.contains("1,apple,\r\n") || csv.contains("1,apple,\n"), "NULL is an empty field: {csv}");
        assert!(csv.contains("2,pear,\"\""), "the empty string is quoted: {csv}");
        assert!(csv.contains("\"a \"\"b\"\", | c\""), "{csv}");
        let markdown = ask("markdown").await;
        assert!(markdown.contains("| id |") || markdown.contains("|id|") || markdown.contains("id |"), "{markdown}");
        assert!(markdown.contains("\\|"), "a bar in a value is escaped: {markdown}");
    }
}

#[tokio::test]
async fn the_command_line() {
    let both = both();
    let file = both.config.write();
    let file = file.to_str().expect("UTF-8");
    for database in ["pg", "lite"] {
        let query = async |more: &[&str]| {
            let arguments =
                [&["query", "--config", file, "-d", database, "SELECT id, name FROM fruit ORDER BY id"], more].concat();
            run(&arguments).await
        };
        let (status, table) = query(&[]).await;
        assert!(status.success() && table.contains("pear"), "{table}");
        let (status, csv) = query(&["--format", "csv"]).await;
        assert!(status.success() && csv.contains("2,pear"), "{csv}");
        let (status, printed) = query(&["--format", "json"]).await;
        assert!(status.success() && printed.contains("pear"), "{printed}");
        let (status, told) = run(&["query", "--config", file, "-d", database, "SELECT * FROM nowhere_at_all"]).await;
        assert!(!status.success() && told.contains("nowhere_at_all"), "{told}");
    }
    for help in
        [&["--help"][..], &["serve", "--help"], &["stdio", "--help"], &["query", "--help"], &["driver", "inspect", "--help"]]
    {
        let (status, text) = run(help).await;
        assert!(status.success() && text.contains("Usage"), "{help:?}: {text}");
    }
}

#[tokio::test]
async fn inspect_tells_what_a_driver_is() {
    for driver in ["postgres", "sqlite"] {
        let file = bulkhead_tests::environment::drivers().join(format!("{driver}.wasm"));
        let (status, text) = run(&["driver", "inspect", file.to_str().expect("UTF-8")]).await;
        assert!(status.success(), "{text}");
        for word in [driver, "bulkhead:driver", "0.1.0"] {
            assert!(text.contains(word), "{word}: {text}");
        }
        assert!(text.split(|c: char| !c.is_ascii_hexdigit()).any(|word| word.len() == 64), "the sha256: {text}");
    }
}
