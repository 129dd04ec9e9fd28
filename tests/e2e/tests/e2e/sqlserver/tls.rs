//! Encryption: verified in full unless the operator says otherwise, in words that say what was wrong.

use bulkhead_tests::Answer;
use bulkhead_tests::sqlserver::Server;
use serde_json::{Value, json};

use super::Rig;

/// How this session is encrypted, by the server's own account.
const ENCRYPTION: &str = "SELECT encryption FROM fixture.sessions WHERE session_id = @@SPID";

async fn asked(keys: &[(&[&str], Value)]) -> Answer {
    Rig::start_with("tls", keys).await.client.query("ms", ENCRYPTION).await
}

/// The keys of a mode of the host's against a port of the server's.
fn mode(port: &str, tls: Value, options: Value) -> Vec<(&'static [&'static str], Value)> {
    let server = Server::from_environment();
    vec![(&["port"], json!(server.port(port))), (&["tls"], tls), (&["options"], options)]
}

fn verified() -> Value {
    json!({ "mode": "verify-full", "ca_file": Server::from_environment().ca_file })
}

#[tokio::test]
async fn every_mode_meets_its_port() {
    let server = Server::from_environment();
    let login_only = json!({ "mode": "login-only", "ca_file": server.ca_file });
    let off = json!({ "mode": "off", "allow_plaintext_password": true });
    let plain = json!({});
    for (port, tls, options, wanted) in [
        ("none", &off, &plain, "none"),
        ("login", &login_only, &plain, "login"),
        ("login", &verified(), &plain, "on"),
        ("on", &login_only, &plain, "on"),
        ("on", &verified(), &plain, "on"),
        ("strict", &verified(), &json!({ "encryption": "strict" }), "strict"),
    ] {
        let answer = asked(&mode(port, tls.clone(), options.clone())).await;
        assert_eq!(answer.cell(), json!(wanted), "{port} {tls} {options}");
    }
}

#[tokio::test]
async fn certificates_are_verified() {
    let server = Server::from_environment();
    for (port, options) in [("on", json!({})), ("login", json!({})), ("strict", json!({ "encryption": "strict" }))] {
        let other = json!({ "mode": "verify-full", "ca_file": server.other_ca_file });
        let answer = asked(&mode(port, other, options.clone())).await;
        assert!(answer.error().to_string().to_lowercase().contains("certificate"), "{port}: {}", answer.error());
        let mut name = mode(port, verified(), options);
        name.push((&["host"], json!(server.address)));
        let answer = asked(&name).await;
        let text = answer.error().to_string().to_lowercase();
        assert!(text.contains("certificate") && text.contains("127.0.0.1"), "{port}: {text}");
    }
}

#[tokio::test]
async fn a_port_without_tls_is_refused() {
    let answer = asked(&mode("none", verified(), json!({}))).await;
    assert!(answer.error().to_string().contains("TLS"), "{}", answer.error());
}

#[tokio::test]
async fn a_wrong_password_is_said_and_not_shown() {
    let rig = Rig::start_with("tls", &[(&["password"], json!("not-it-81723"))]).await;
    let answer = rig.client.query("ms", "SELECT 1").await;
    assert!(answer.error().to_string().contains("Login failed"), "{}", answer.error());
    assert!(!answer.raw().to_string().contains("81723") && !rig.host.log().contains("81723"));
}

/// A server that sends the login elsewhere is followed to an endpoint that is listed, and to no other.
#[tokio::test]
async fn routing_is_followed_where_it_is_allowed() {
    let server = Server::from_environment();
    let moved = server.user("moved");
    let mut keys: Vec<(&[&str], Value)> =
        vec![(&["port"], json!(server.port("login"))), (&["user"], json!(moved.name)), (&["password"], json!(moved.password))];
    let refused = asked(&keys).await;
    assert!(refused.error().to_string().contains(&server.port("on").to_string()), "{}", refused.error());
    keys.push((&["endpoints"], json!([format!("{}:{}", server.host, server.port("on"))])));
    assert_eq!(asked(&keys).await.cell(), json!("on"));
}
