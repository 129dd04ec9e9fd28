//! What callers have between calls: sessions, transactions and open results, against a real PostgreSQL.

mod catalogs;
mod confirm;
mod cursors;
mod handles;
mod isolation;
mod limits;
mod protocol;
mod scripts;
mod transactions;

use bulkhead_tests::postgres::{Server, User};
use bulkhead_tests::{Client, Config, Era, Host};
use serde_json::{Value, json};

/// A host with the databases `pg` and `lite` and all tools, and a role of this test's own.
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

    /// With more keys in the configuration.
    async fn start_with(purpose: &str, keys: &[(&[&str], Value)]) -> Rig {
        let server = Server::from_environment();
        let role = server.role(purpose);
        let config = Config::new();
        let folder = config.folder().join("files");
        std::fs::create_dir(&folder).expect("a folder");
        let mut config = config
            .set(&["server", "toolsets"], json!(["sessions", "transactions", "administration", "scripts"]))
            .set(&["default_database"], json!("pg"))
            .database("pg", server.entry(&role))
            .sqlite("lite", &folder, "lite.db")
            .set(&["databases", "lite", "options"], json!({"create": true}));
        for (path, value) in keys {
            config = config.set(path, value.clone());
        }
        let host = Host::start(config).await;
        let client = host.client().await;
        Rig { server, role, host, client }
    }

    /// A client of the older protocols, with a session of the protocol's.
    async fn older(&self) -> Client {
        Client::http(&self.host.url(), Era::Sessions).await
    }

    /// How many backends of this test's role are in a transaction.
    fn in_transaction(&self) -> usize {
        let count = self.server.query(&format!(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND state LIKE 'idle in transaction%'",
            self.role.name
        ));
        count.parse().expect("a count")
    }

    /// Opens a session; its handle.
    async fn session(&self, arguments: Value) -> String {
        handle(&self.client, "open_session", arguments, "session").await
    }

    /// Begins a transaction; its handle.
    async fn begin(&self, arguments: Value) -> String {
        handle(&self.client, "begin_transaction", arguments, "transaction").await
    }

    /// The only cell of a statement's answer, as text.
    async fn cell(&self, arguments: Value) -> String {
        self.client.call("query", arguments).await.cell_text()
    }
}

async fn handle(client: &Client, tool: &str, arguments: Value, name: &str) -> String {
    let answer = client.call(tool, arguments).await.ok();
    answer.structured()[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", answer.raw())).to_owned()
}
