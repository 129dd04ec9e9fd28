//! How databases are: what is shown of them, and what calls are spared, while a server is away.

mod admin;
mod many;
mod metrics;
mod outage;
mod restart;

use std::time::{Duration, Instant};

use bulkhead_tests::postgres::{Server, User};
use bulkhead_tests::proxy::Proxy;
use bulkhead_tests::{Client, Config, Host};
use serde_json::{Value, json};

/// A call that is answered without a connection is answered in this, on a busy machine.
const AT_ONCE: Duration = Duration::from_millis(500);
/// A database is used again at most so long after its server is back.
const HEALED: Duration = Duration::from_secs(5);

/// A host before a proxy before PostgreSQL.
struct Rig {
    server: Server,
    role: User,
    proxy: Proxy,
    host: Host,
    client: Client,
}

impl Rig {
    /// With `databases` of them, named `pg0` and so on, all the same.
    async fn start(databases: usize) -> Rig {
        Rig::start_with(databases, |config| config).await
    }

    /// The same, with more in the configuration.
    async fn start_with(databases: usize, more: impl FnOnce(Config) -> Config) -> Rig {
        let server = Server::from_environment();
        let role = server.role("health");
        let proxy = Proxy::start(server.port).await;
        let mut config = Config::new();
        for number in 0..databases {
            config = config.database(&format!("pg{number}"), entry(&server, &role, &proxy));
        }
        let host = Host::start(more(config.set(&["server", "toolsets"], json!(["administration", "transactions"])))).await;
        let client = host.client().await;
        Rig { server, role, proxy, host, client }
    }

    /// What `list_databases` says of the first one.
    async fn listed(&self) -> Value {
        self.client.call("list_databases", json!({})).await.ok().structured()["databases"][0].clone()
    }

    /// Waits until it isn't down any more; how long that took.
    async fn healed(&self) -> Duration {
        let began = Instant::now();
        while self.listed().await["state"] == "down" {
            assert!(began.elapsed() < HEALED, "still down: {}", self.listed().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        began.elapsed()
    }
}

/// A database behind the proxy.
fn entry(server: &Server, role: &User, proxy: &Proxy) -> Value {
    let mut entry = server.entry(role);
    entry["port"] = json!(proxy.port());
    entry
}
