//! The SQL Server driver through the whole host: against Microsoft's mock of a server, and against a TDS server of the
//! tests' own that the vendors' clients accept.

mod cancellation;
mod describe;
mod explain;
mod faults;
mod handshakes;
mod memory;
mod pool;
mod read_only;
mod reset;
mod statements;
mod tls;
mod tokens;
mod tools;
mod types;
mod vendors;

use bulkhead_tests::sqlserver::{Server, User};
use bulkhead_tests::{Client, Config, Host};
use serde_json::Value;

/// A host with one database, `ms`, whose login is this test's own.
struct Rig {
    server: Server,
    login: User,
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
        let login = server.login(purpose);
        let mut config = Config::new().database("ms", server.entry(&login));
        for (path, value) in keys {
            config = config.set(&[&["databases", "ms"], *path].concat(), value.clone());
        }
        let host = Host::start(config).await;
        let client = host.client().await;
        Rig { server, login, host, client }
    }

    /// The only cell of a statement's answer, as text.
    async fn cell(&self, sql: &str) -> String {
        self.client.query("ms", sql).await.cell_text()
    }
}
