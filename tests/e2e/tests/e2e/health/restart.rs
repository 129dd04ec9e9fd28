//! A PostgreSQL of this test's own that is stopped and started again, under callers.

use std::time::{Duration, Instant};

use bulkhead_tests::{Config, Host};
use serde_json::json;

use bulkhead_tests::postgres::private::Private;

use super::HEALED;

/// Databases on it, and callers of each.
const DATABASES: usize = 12;
/// The longest that a call may take: what it may wait for a connection and for its statement, and some rest.
const LONGEST: Duration = Duration::from_secs(8);
/// Memory that it may hold more afterwards: allocators keep some.
const GROWN_KIB: u64 = 16 * 1024;

#[tokio::test]
async fn a_server_is_stopped_and_started_under_callers() {
    let mut server = Private::start().await;
    let mut config = Config::new();
    for number in 0..DATABASES {
        let mut entry = server.entry();
        entry["statement_timeout"] = json!("3s");
        entry["pool"] = json!({"max": 2, "connect_timeout": "3s", "acquire_timeout": "2s"});
        config = config.database(&format!("db{number}"), entry);
    }
    let host = Host::start(config).await;
    let ask = async |number: usize| {
        let client = host.client().await;
        let began = Instant::now();
        let answer = client.query(&format!("db{number}"), "SELECT 1").await;
        assert!(began.elapsed() < LONGEST, "{:?}: {}", began.elapsed(), answer.raw());
        (answer, began.elapsed())
    };
    let all = async || {
        let mut answers = Vec::new();
        for number in 0..DATABASES {
            answers.push(ask(number).await);
        }
        answers
    };
    for (answer, _) in all().await {
        let _ = answer.ok();
    }
    let (files, memory) = (host.open_files(), host.resident_kib());
    for _ in 0..2 {
        server.stop().await;
        for round in 0..3 {
            for (answer, took) in all().await {
                assert!(
                    ["connection", "timeout"].contains(&answer.error()["kind"].as_str().unwrap_or_default()),
                    "{}",
                    answer.raw()
                );
                assert!(round == 0 || took < Duration::from_secs(1), "{took:?}: {}", answer.raw());
            }
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        server.resume().await;
        let back = Instant::now();
        let mut well = 0;
        while well < DATABASES {
            assert!(back.elapsed() < HEALED, "{well} of {DATABASES} answer");
            well = all().await.into_iter().filter(|(answer, _)| !answer.is_error()).count();
        }
    }
    let began = Instant::now();
    while host.open_files() > files + DATABASES {
        assert!(began.elapsed() < HEALED, "{} files before, {} after", files, host.open_files());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let after = host.resident_kib();
    assert!(after < memory + GROWN_KIB, "{memory} KiB before, {after} after");
}
