//! The RDS Data API's driver through the whole host: over TLS, with signatures that botocore finds right, to a stand-in that runs
//! statements on a real PostgreSQL.

mod capabilities;
mod clients;
mod configuration;
mod credentials;
mod describe;
mod errors;
mod faults;
mod handshake;
mod large;
mod mysql;
mod query;
mod read_only;
mod secrecy;
mod tools;
mod types;

use bulkhead_tests::postgres::{Server, User};
use bulkhead_tests::rds::Fixture;
use bulkhead_tests::{Client, Config, Host};
use serde_json::{Value, json};

/// A host with one database, `rds`, whose role and stand-in are this test's own.
struct Rig {
    server: Server,
    role: User,
    fixture: Fixture,
    host: Host,
    client: Client,
}

impl Rig {
    async fn start(purpose: &str) -> Rig {
        Rig::start_with(purpose, &[]).await
    }

    /// With more keys in the database's entry.
    async fn start_with(purpose: &str, keys: &[(&[&str], Value)]) -> Rig {
        let server = Server::from_environment();
        let role = server.role(purpose);
        let fixture = Fixture::start(&server, &role);
        let mut config = Config::new()
            .set(&["server", "toolsets"], json!(["sessions", "transactions", "administration"]))
            .database("rds", fixture.entry());
        for (path, value) in keys {
            config = config.set(&[&["databases", "rds"], *path].concat(), value.clone());
        }
        let host = Host::start(config).await;
        let client = host.client().await;
        Rig { server, role, fixture, host, client }
    }

    /// The only cell of a statement's answer, as text.
    async fn cell(&self, sql: &str) -> String {
        self.client.query("rds", sql).await.cell_text()
    }

    /// A list of faults: `times` times this one.
    async fn fault(&self, mut fault: Value, times: u32) {
        fault["times"] = json!(times);
        self.fixture.faults(json!([fault])).await;
    }
}
