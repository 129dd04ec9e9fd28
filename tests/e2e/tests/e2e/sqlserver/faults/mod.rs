//! A server that closes, stalls, babbles or lies: a clear error each, in time, and the next statement works.
//!
//! The server is the tests' own, behind proxies that break what it says at one byte. Every statement has a connection of its own,
//! so that every fault meets a login, a statement and its result.

mod closing;
mod lies;
mod stalls;
mod strangers;

use std::sync::Arc;
use std::time::Duration;

use bulkhead_tests::faulty::Faulty;
use bulkhead_tests::sqlserver::Server;
use serde_json::json;

/// A result of several types, two of them with lengths of their own.
const SQL: &str = "SELECT 1 AS a, N'text' AS b, CAST('long' AS varchar(max)) AS c, CAST(1.5 AS decimal(5,2)) AS d";

/// `mode`: the server's port.
async fn start(mode: &str, databases: usize, allowed: Duration) -> Arc<Faulty> {
    let server = Server::from_environment();
    let mut entry = server.entry(&server.login("faults"));
    entry["tls"]["mode"] = json!(match mode {
        "none" => "off",
        "login" => "login-only",
        _ => "verify-full",
    });
    entry["tls"]["allow_plaintext_password"] = json!(mode == "none");
    entry["options"] = json!({"encryption": if mode == "strict" { "strict" } else { "tds-7.4" }});
    let asked = (SQL, json!([[1, "text", "long", "1.50"]]));
    Faulty::start(server.port(mode), databases, allowed, asked, |port| {
        entry["port"] = json!(port);
        entry.clone()
    })
    .await
}

/// Where the server's packets begin, in what it said in the clear.
fn packets(heard: &[u8]) -> Vec<usize> {
    let (mut starts, mut at) = (Vec::new(), 0);
    while let Some([_, _, high, low]) = heard.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
        starts.push(at);
        at += usize::from(u16::from_be_bytes([*high, *low])).max(1);
    }
    starts
}
