//! Clients are told that what they are offered has changed, in both eras and over both transports.

use std::time::{Duration, Instant};

use bulkhead_tests::{Client, Config, Era, Host, Listener};
use rmcp::model::SubscriptionFilter;
use serde_json::json;

use super::{TAKEN, lite, logged};

async fn told(what: &str, mut count: impl FnMut() -> usize, most: usize) {
    let began = Instant::now();
    while count() == 0 {
        assert!(began.elapsed() < TAKEN, "nobody was told of {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(count() <= most, "{what}: told {} times", count());
}

fn add(config: &mut Config) {
    config.put(&["databases", "two"], json!({"driver": "hostile", "host": "127.0.0.1"}));
    config.put(&["statements", "answer"], json!({"description": "The answer.", "sql": "SELECT 42"}));
}

#[tokio::test]
async fn over_http_in_the_older_protocols() {
    let mut host = Host::start(lite(Config::new(), "one")).await;
    let listener = Listener::default();
    let client = Client::listening(&host.url(), Era::Sessions, listener.clone()).await;
    let before = client.tools().await.len();
    host.reconfigure(add);
    told("tools", || listener.tools(), 1).await;
    told("resources", || listener.resources(), 1).await;
    assert_eq!(client.tools().await.len(), before + 1);
    // A change of neither is told to nobody.
    host.reconfigure(|config| config.put(&["databases", "one", "max_rows"], json!(10)));
    logged(&host, "configuration taken", 2).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((listener.tools(), listener.resources()), (1, 1));
}

#[tokio::test]
async fn over_http_in_the_newest_protocol() {
    let mut host = Host::start(lite(Config::new(), "one")).await;
    let client = host.client().await;
    let both = SubscriptionFilter::builder().tools_list_changed().resources_list_changed().build();
    let mut all = client.peer().listen(both).await.expect("a subscription");
    assert_eq!(all.acknowledged().tools_list_changed, Some(true));
    let mut tools =
        client.peer().listen(SubscriptionFilter::builder().tools_list_changed().build()).await.expect("a subscription");
    host.reconfigure(add);
    for _ in 0..2 {
        let heard = tokio::time::timeout(TAKEN, all.next()).await.expect("in time").expect("a notice");
        assert!(heard.is_some());
    }
    assert!(tokio::time::timeout(TAKEN, tools.next()).await.expect("in time").expect("a notice").is_some());
    let more = tokio::time::timeout(Duration::from_millis(300), tools.next()).await;
    assert!(more.is_err(), "only what was asked for: {more:?}");
    let _ = host.stop().await;
}

#[tokio::test]
async fn over_standard_input_and_output() {
    let mut config = lite(Config::new(), "one");
    let file = config.write();
    let listener = Listener::default();
    let client = Client::listening_on_stdio(&file, Era::Sessions, listener.clone()).await;
    let newest = Client::stdio(&file, Era::Stateless).await;
    let filter = SubscriptionFilter::builder().tools_list_changed().build();
    let mut subscription = newest.peer().listen(filter).await.expect("a subscription");
    add(&mut config);
    let _ = config.write();
    told("tools", || listener.tools(), 1).await;
    assert!(tokio::time::timeout(TAKEN, subscription.next()).await.expect("in time").expect("a notice").is_some());
    assert_eq!(client.call("answer", json!({"database_id": "one"})).await.cell_text(), "42");
}
