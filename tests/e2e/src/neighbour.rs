//! A neighbour that must not notice: it is asked again and again while a hostile driver does its worst.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinHandle;

use crate::{Answer, Client, Config, Host};

/// The slowest that a neighbour's call may be on a busy two-core machine. The benchmark holds the host to much less; here
/// it has to tell "served meanwhile" from "waited for the hostile driver".
pub const PATIENCE: Duration = Duration::from_millis(1_000);

/// What came of a fault.
pub struct Contained {
    /// The host, still running.
    pub host: Host,
    /// A client of it.
    pub client: Client,
    /// What the hostile driver's caller was told.
    pub answer: Answer,
    /// How long that took.
    pub elapsed: Duration,
    /// How many of the neighbour's calls were answered meanwhile.
    pub served: usize,
}

/// Calls `tool` on the database `bad`, whose driver has these options, while `good` is asked again and again; then asks
/// `good` once more.
///
/// # Panics
/// If a neighbour's call fails or has to wait, or the host is gone.
pub async fn contained(options: serde_json::Value, tool: &str, arguments: serde_json::Value) -> Contained {
    contained_in(Config::new().hostile("bad", options), tool, arguments).await
}

/// As `contained`, with a configuration in which `bad` is there already.
///
/// # Panics
/// As `contained`.
pub async fn contained_in(config: Config, tool: &str, arguments: serde_json::Value) -> Contained {
    let mut host = Host::start(config.hostile("good", json!({}))).await;
    let neighbour = watch(host.url());
    // The neighbour's own connection is open before the fault strikes.
    let client = host.client().await;
    assert_eq!(client.query("good", "SELECT 'warm'").await.cell(), "SELECT 'warm'");

    let start = Instant::now();
    let mut asked = serde_json::json!({ "database_id": "bad" });
    for (key, value) in arguments.as_object().expect("an object") {
        asked[key] = value.clone();
    }
    let answer = tokio::time::timeout(Duration::from_secs(60), client.call(tool, asked)).await;
    let elapsed = start.elapsed();
    let served = neighbour.stop().await;

    assert!(host.is_running(), "the host is gone:\n{}", host.log());
    let answer = answer.unwrap_or_else(|_| panic!("no answer in a minute:\n{}", host.log()));
    let after = client.query("good", "SELECT 'after'").await;
    assert_eq!(after.cell(), "SELECT 'after'");
    Contained { host, client, answer, elapsed, served }
}

/// A task that asks the database `good` without a pause.
pub struct Watch {
    stop: tokio::sync::oneshot::Sender<()>,
    task: JoinHandle<usize>,
}

/// Begins to ask.
#[must_use]
pub fn watch(url: String) -> Watch {
    let (stop, mut stopped) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(async move {
        let client = Client::http(&url, crate::Era::Stateless).await;
        let mut served = 0;
        while stopped.try_recv().is_err() {
            let start = Instant::now();
            let answer = client.query("good", "SELECT 'neighbour'").await;
            assert_eq!(answer.cell(), "SELECT 'neighbour'");
            let took = start.elapsed();
            assert!(took < PATIENCE, "the neighbour waited for {took:?}");
            served += 1;
        }
        served
    });
    Watch { stop, task }
}

impl Watch {
    /// Ends the asking; how many calls were answered.
    ///
    /// # Panics
    /// If one wasn't, or had to wait.
    pub async fn stop(self) -> usize {
        let _ = self.stop.send(());
        self.task.await.expect("the neighbour was served")
    }
}
