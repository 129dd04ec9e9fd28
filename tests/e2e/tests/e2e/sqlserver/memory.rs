//! The real driver shows its whole memory: neither the password nor the access token is in it, in no way of encrypting.

use bulkhead_tests::memory::{DUMP, Memory, utf16, watched};
use bulkhead_tests::sqlserver::Server;
use bulkhead_tests::{Config, Host};
use serde_json::{Value, json};

/// Every port, the `tls.mode` that meets it and the driver's own `encryption`.
const MODES: [(&str, &str, &str); 4] = [
    ("none", "off", "tds-7.4"),
    ("login", "login-only", "tds-7.4"),
    ("on", "verify-full", "tds-7.4"),
    ("strict", "verify-full", "strict"),
];

/// What is in memory right after the login over one of the ports, and after some use.
async fn memories(server: &Server, (port, tls, encryption): (&str, &str, &str), keys: &[(&str, Value)]) -> [Memory; 2] {
    let mut entry = json!({
        "host": server.host,
        "port": server.port(port),
        "catalog": server.database,
        "tls": {"mode": tls, "ca_file": server.ca_file, "allow_plaintext_password": tls == "off"},
        "options": {"encryption": encryption},
    });
    for (key, value) in keys {
        entry[*key] = value.clone();
    }
    let config = watched(Config::new(), "hostile-sqlserver", "fresh", entry.clone());
    let host = Host::start(watched(config, "hostile-sqlserver", "ms", entry)).await;
    let client = host.client().await;
    // Of what the login left nothing is overwritten yet.
    let fresh = Memory::of(&client.query("fresh", DUMP).await.cell());
    // In use and reset, as on every day: what reads, what fails, what leaves a trace.
    for sql in
        ["SELECT 'a marker in memory'", "CREATE TABLE #t (n int)", "SELECT * FROM nowhere_at_all", "SELECT 'a marker in memory'"]
    {
        let _ = client.query("ms", sql).await;
    }
    let seen = client.query("ms", "SELECT encryption, login_name, resets FROM fixture.sessions WHERE session_id = @@SPID").await;
    let row = &seen.rows()[0];
    assert_eq!((&row[0], &row[1]), (&json!(port), &json!(server.user("owner").name)), "it logged in");
    assert!(row[2].as_u64().is_some_and(|resets| resets > 0), "one connection, cleaned and used again: {row:?}");
    // The last before the look: what was freed long ago is overwritten.
    assert_eq!(client.query("ms", "SELECT 'a marker in memory'").await.cell_text(), "a marker in memory");
    let memory = Memory::of(&client.query("ms", DUMP).await.cell());
    assert!(memory.holds(b"a marker in memory") || memory.holds(&utf16("a marker in memory")), "it is this connection's memory");
    [fresh, memory]
}

#[tokio::test]
async fn it_does_not_hold_the_password() {
    let server = Server::from_environment();
    let owner = server.user("owner");
    for mode in MODES {
        let [fresh, used] = memories(&server, mode, &[("user", json!(owner.name)), ("password", json!(owner.password))]).await;
        fresh.holds_no_secret(&owner.password);
        used.holds_no_secret(&owner.password);
    }
}

#[tokio::test]
async fn it_does_not_hold_the_access_token() {
    let server = Server::from_environment();
    for mode in MODES {
        for memory in memories(&server, mode, &[("access_token", json!(server.token))]).await {
            memory.holds_no_secret(&server.token);
        }
    }
}

/// A driver that is given a secret as a text, as any caller may give one, has it: the same look finds it, in each of its forms.
#[tokio::test]
async fn what_is_there_is_found() {
    let server = Server::from_environment();
    let owner = server.user("owner");
    let mut entry = server.entry(owner);
    entry["options"] = json!({});
    let host = Host::start(watched(Config::new(), "hostile-sqlserver", "ms", entry)).await;
    let client = host.client().await;
    let told = format!("SELECT '{}'", owner.password);
    assert_eq!(client.query("ms", &told).await.cell_text(), owner.password);
    let memory = Memory::of(&client.query("ms", DUMP).await.cell());
    assert!(memory.holds(owner.password.as_bytes()) && memory.holds(&utf16(&owner.password)));
}
