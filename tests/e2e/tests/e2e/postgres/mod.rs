//! The PostgreSQL driver through the whole host, against a real server with TLS and SCRAM.

mod authentication;
mod bouncer;
mod cancellation;
mod corpus;
mod describe;
mod errors;
mod memory;
mod objects;
mod pool;
mod query;
mod read_only;
mod reset;
mod round_trip;
mod shutdown;
mod tls;

use bulkhead_tests::postgres::{Server, User};
use bulkhead_tests::{Client, Config, Host};
use serde_json::Value;

/// A host with one database, `pg`, whose role is this test's own.
struct Rig {
    server: Server,
    role: User,
    host: Host,
    client: Client,
}

impl Rig {
    async fn start(purpose: &str) -> Rig {
        Rig::start_with(purpose, &[]).await
    }

    /// With more keys in the database's entry.
    async fn start_with(purpose: &str, keys: &[(&[&str], Value)]) -> Rig {
        Rig::start_with_server(purpose, keys, &[]).await
    }

    /// With more keys in the server's part as well.
    async fn start_with_server(purpose: &str, keys: &[(&[&str], Value)], server_keys: &[(&[&str], Value)]) -> Rig {
        let server = Server::from_environment();
        let role = server.role(purpose);
        let mut config = Config::new().database("pg", server.entry(&role));
        for (path, value) in keys {
            config = config.set(&[&["databases", "pg"], *path].concat(), value.clone());
        }
        for (path, value) in server_keys {
            config = config.set(&[&["server"], *path].concat(), value.clone());
        }
        let host = Host::start(config).await;
        let client = host.client().await;
        Rig { server, role, host, client }
    }

    /// The only cell of a statement's answer, as text.
    async fn cell(&self, sql: &str) -> String {
        self.client.query("pg", sql).await.cell_text()
    }
}
