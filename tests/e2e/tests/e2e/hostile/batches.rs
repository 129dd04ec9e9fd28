//! Batches that break the layout: an error to the caller, never a panic of the host, never bytes of something else.

use bulkhead_tests::neighbour::watch;
use bulkhead_tests::{Answer, Config, Host};
use serde_json::{Value, json};

/// Every one of these has to be refused.
const LIES: &[&str] = &[
    "more-rows-than-asked",
    "rows-lie-high",
    "rows-lie-low",
    "rows-without-columns",
    "offsets-descending",
    "offsets-past-end",
    "offsets-too-few",
    "offsets-too-many",
    "offsets-empty",
    "offsets-not-from-zero",
    "offsets-stop-short",
    "invalid-utf8",
    "split-utf8",
    "short-column",
    "long-column",
    "short-bitmap",
    "long-bitmap",
    "empty-bitmap",
    "short-booleans",
    "wrong-kind",
    "missing-column",
    "surplus-column",
    "million-columns",
    "mixed-bad-tag",
    "mixed-empty",
    "mixed-bad-integer",
    "mixed-bad-utf8",
];

/// These may be refused or shown, but what is shown has to be what the driver said, as plain text.
const ODDITIES: &[&str] = &["more-bytes-than-asked", "huge-column-name", "invalid-json", "invalid-decimal", "invalid-uuid"];

#[tokio::test]
async fn in_the_first_batch() {
    every_lie_is_refused("query").await;
}

#[tokio::test]
async fn in_a_later_batch() {
    every_lie_is_refused("next").await;
}

async fn every_lie_is_refused(at: &str) {
    let config = LIES.iter().fold(Config::new().hostile("good", json!({})), |config, fault| {
        config.hostile(&format!("bad-{fault}"), json!({"fault": fault, "at": at}))
    });
    let mut host = Host::start(config).await;
    let client = host.client().await;
    assert_eq!(client.query("good", "SELECT 1").await.cell(), "SELECT 1");
    let neighbour = watch(host.url());
    let mut believed = Vec::new();
    for fault in LIES {
        let database = format!("bad-{fault}");
        // Rows in the first batch are honest numbers where the lie comes in the second.
        let asked = json!({"database_id": database, "sql": "SELECT /* rows 100000 */ 1", "max_rows": 100_000});
        let answer = client.call("query", asked).await;
        let text = answer.raw().to_string();
        if !answer.is_error() {
            believed.push(format!("{fault}: {}", text.chars().take(200).collect::<String>()));
        } else if !text.contains(&database) {
            believed.push(format!("{fault}: refused without naming {database}: {text}"));
        }
    }
    assert!(neighbour.stop().await > 0);
    assert!(host.is_running(), "{}", host.log());
    assert!(believed.is_empty(), "{}", believed.join("\n"));
}

#[tokio::test]
async fn odd_values_are_refused_or_shown_as_they_are() {
    let config =
        ODDITIES.iter().fold(Config::new(), |config, fault| config.hostile(&format!("bad-{fault}"), json!({"fault": fault})));
    let host = Host::start(config).await;
    let client = host.client().await;
    for fault in ODDITIES {
        let answer = client.query(&format!("bad-{fault}"), "SELECT 1").await;
        assert!(answer.raw().to_string().len() < 20 << 20, "{fault}: an answer without bounds");
        if answer.is_error() {
            continue;
        }
        match *fault {
            "invalid-json" => assert_eq!(first(&answer), json!("{\"a\": [1, 2")),
            "invalid-decimal" => assert_eq!(first(&answer), json!("1.2.3\",\"forged\":\"yes")),
            "invalid-uuid" => assert_eq!(first(&answer), json!("not-a-uuid")),
            _ => {}
        }
        assert!(!answer.raw().to_string().contains("\"forged\":\"yes\""), "{fault}: the value broke out of its quotes");
    }
}

fn first(answer: &Answer) -> Value {
    answer.rows()[0][0].clone()
}
