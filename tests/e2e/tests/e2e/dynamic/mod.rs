//! Databases that callers name themselves, by a tool and in a header, against a real PostgreSQL.

mod family;
mod header;
mod isolation;
mod limits;
mod metrics;
mod refused;
mod secrets;
mod sqlite;
mod sqlserver;
mod tenants;
mod tool;
mod turned;

use std::time::Duration;

use bulkhead_tests::postgres::{Server, User};
use bulkhead_tests::raw::{Raw, Reply};
use bulkhead_tests::{Answer, Client, Config, Era, Host};
use serde_json::{Value, json};

/// The header, as clients write it.
const HEADER: &str = "X-Database-Connection-String";
/// Ends come in this, on a busy machine: they are looked for each second.
const SOON: Duration = Duration::from_secs(15);

/// A host with one configured database, and roles of this test's own.
struct Rig {
    server: Server,
    role: User,
    other: User,
    host: Host,
}

impl Rig {
    async fn start(purpose: &str) -> Rig {
        Rig::start_with(purpose, &[]).await
    }

    /// With more keys in `dynamic`.
    async fn start_with(purpose: &str, keys: &[(&str, Value)]) -> Rig {
        let server = Server::from_environment();
        let (role, other) = (server.role(purpose), server.role(purpose));
        let host = Host::start(config(&server, &role, keys)).await;
        Rig { server, role, other, host }
    }

    /// The connection string of a role.
    fn string(&self, user: &User) -> String {
        string(&self.server, user)
    }

    async fn older(&self) -> Client {
        Client::http(&self.host.url(), Era::Sessions).await
    }
}

fn config(server: &Server, role: &User, keys: &[(&str, Value)]) -> Config {
    let mut config = Config::new()
        .set(&["server", "toolsets"], json!(["sessions", "transactions", "administration"]))
        .set(&["default_database"], json!("pg"))
        .database("pg", server.entry(role))
        .set(
            &["dynamic"],
            json!({
                "drivers": ["postgres"],
                "hosts": [server.host, "127.0.0.1", "*.internal.test"],
                "ports": [server.port],
                "tls_modes": ["verify-full", "off"],
                "ca_file": server.ca_file,
                "header": true,
            }),
        );
    for (key, value) in keys {
        config = config.set(&["dynamic", key], value.clone());
    }
    config
}

fn string(server: &Server, user: &User) -> String {
    let password = user.password.as_deref().expect("a password");
    let Server { host, port, database, .. } = server;
    format!("postgresql://{}:{password}@{host}:{port}/{database}?sslmode=verify-full", user.name)
}

/// Connects; the answer with its id, and the arguments that further calls need.
async fn connected(client: &Client, arguments: Value) -> (String, Value) {
    let answer = client.call("connect_database", arguments).await.ok();
    let id = answer.structured()["database_id"].as_str().expect("an id").to_owned();
    let mut place = json!({"database_id": id});
    if let Some(session) = answer.structured().get("session") {
        place["session"] = session.clone();
    }
    (id, place)
}

/// Runs a statement somewhere.
async fn query(client: &Client, place: &Value, sql: &str) -> Answer {
    let mut arguments = place.clone();
    arguments["sql"] = json!(sql);
    client.call("query", arguments).await
}

/// Who a statement is run by, somewhere.
async fn user(client: &Client, place: &Value) -> String {
    query(client, place, "SELECT current_user::text").await.cell_text()
}

/// Calls a tool with a connection string in the header; past rmcp, or through it.
async fn call(raw: &mut Raw, string: Option<&str>, through: bool, tool: &str, arguments: Value) -> Reply {
    let mut request = raw.request("tools/call", json!({"name": tool, "arguments": arguments}));
    if through {
        request["params"]["_meta"]["progressToken"] = json!("told");
    }
    let mut headers = vec![("mcp-method", "tools/call"), ("mcp-name", tool)];
    headers.extend(string.map(|string| (HEADER, string)));
    raw.send(request.to_string().as_bytes(), &headers).await
}

/// The last message's result: with a progress token others may come before it.
fn structured(reply: &Reply) -> Value {
    let answer = |message: &Value| message["result"]["structuredContent"].clone();
    let events =
        reply.text.lines().filter_map(|line| line.strip_prefix("data:")).filter_map(|data| serde_json::from_str(data).ok());
    let last = events.map(|message: Value| answer(&message)).find(|found| !found.is_null());
    last.unwrap_or_else(|| answer(&reply.message))
}
