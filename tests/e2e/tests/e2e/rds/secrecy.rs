//! Keys and session tokens: not in the driver's memory, not in a log, not in an answer.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bulkhead_tests::memory::{DUMP, Memory, watched};
use bulkhead_tests::postgres::Server;
use bulkhead_tests::rds::{Fixture, Keys, REGION, RESOURCE, SECRET};
use bulkhead_tests::{Config, Host};
use serde_json::json;

/// Keys of a session, all of them found nowhere else.
fn session() -> Keys {
    let Keys { secret, .. } = Keys::from_environment();
    let token = format!("token-{}", secret.trim_start_matches("aws-").chars().rev().collect::<String>());
    Keys { id: "ASIABULKHEADTEST".into(), secret, token: Some(token) }
}

/// Adds the database `bad`, whose driver is the real one and shows its memory.
pub(super) fn hostile(config: Config, fixture: &Fixture) -> Config {
    let entry = json!({
        "aws": {"service": "rds-data", "region": REGION, "endpoint": fixture.endpoint()},
        "tls": {"ca_file": fixture.ca_file()},
        "options": {"resource_arn": RESOURCE, "secret_arn": SECRET},
    });
    watched(config, "hostile-rds", "bad", entry)
}

fn environment_of(keys: &Keys) -> Vec<(&'static str, &str)> {
    vec![
        ("AWS_ACCESS_KEY_ID", &keys.id),
        ("AWS_SECRET_ACCESS_KEY", &keys.secret),
        ("AWS_SESSION_TOKEN", keys.token.as_deref().unwrap_or_default()),
        ("BULKHEAD_LOG", "trace"),
    ]
}

/// The real driver, in use as it is on every day: statements, a transaction, errors, a repeated request.
#[tokio::test]
async fn the_drivers_memory() {
    let server = Server::from_environment();
    let role = server.role("secrecy");
    let keys = session();
    let fixture = Fixture::start_with(&server, &role, true, std::slice::from_ref(&keys));
    let host = Host::start_with(hostile(Config::new(), &fixture), &environment_of(&keys)).await;
    let client = host.client().await;
    for _ in 0..3 {
        assert_eq!(client.query("bad", "SELECT 'a marker in memory'").await.cell(), "a marker in memory");
    }
    fixture
        .faults(json!([{"kind": "exception", "status": 400, "name": "ThrottlingException", "message": "later", "times": 2}]))
        .await;
    assert!(client.query("bad", "SELECT * FROM nowhere").await.is_error());
    let seen = fixture.seen().await;
    let headers = &seen["requests"][0]["headers"];
    let authorization = headers["authorization"].as_str().expect("it is signed");
    let signature = authorization.rsplit_once("Signature=").expect("a signature").1;
    assert_eq!(headers["x-amz-security-token"].as_str(), keys.token.as_deref());
    let memory = Memory::of(&client.query("bad", DUMP).await.cell());
    assert!(memory.holds(b"a marker in memory") && memory.holds(SECRET.as_bytes()), "it is this connection's memory");
    memory.holds_no_secret(&keys.secret);
    memory.holds_no_secret(keys.token.as_deref().expect("a token"));
    for (what, needle) in [("the signature", signature), ("the access key's id", &keys.id), ("the header", "AWS4-HMAC-SHA256")] {
        assert!(!memory.holds(needle.as_bytes()), "{what} is in the memory");
    }
}

/// The log at its most talkative, and every answer, of a host that is refused as of one that is served.
#[tokio::test]
async fn logs_and_answers() {
    let server = Server::from_environment();
    let role = server.role("secrecy");
    let keys = session();
    let wrong = Keys { id: "ASIASOMEONEELSE".into(), ..keys.clone() };
    for known in [&keys, &wrong] {
        let fixture = Fixture::start_with(&server, &role, true, std::slice::from_ref(known));
        let host = Host::start_with(Config::new().database("rds", fixture.entry()), &environment_of(&keys)).await;
        let client = host.client().await;
        let mut told = String::new();
        for sql in ["SELECT 1", "SELECT * FROM nowhere", "INSERT INTO nowhere VALUES (1)"] {
            told += &client.query("rds", sql).await.raw().to_string();
        }
        fixture.faults(json!([{"kind": "close_at", "bytes": 30, "times": 9}, {"kind": "stall"}])).await;
        told += &client.query("rds", "SELECT 2").await.raw().to_string();
        told += &client.call("list_databases", json!({})).await.raw().to_string();
        told += &host.log();
        if known.id != keys.id {
            assert!(told.contains("authentication") && told.contains("security token"), "it was refused: {told}");
        }
        for (what, needle) in secrets(&keys) {
            let needle = String::from_utf8_lossy(&needle).into_owned();
            assert!(!told.contains(&needle), "{what} was told: {}", around(&told, &needle));
        }
    }
}

fn around<'a>(text: &'a str, needle: &str) -> &'a str {
    let at = text.find(needle).unwrap_or_default();
    let start = (at.saturating_sub(300)..=at).find(|start| text.is_char_boundary(*start)).unwrap_or(at);
    text.get(start..at).unwrap_or_default()
}

/// The secret and the token, whole, in base64, and in parts that would be most of them.
fn secrets(keys: &Keys) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = Vec::new();
    for (what, secret) in [("the secret key", keys.secret.as_str()), ("the token", keys.token.as_deref().unwrap_or_default())] {
        all.push((what, secret.as_bytes().to_vec()));
        all.push((what, BASE64_STANDARD.encode(secret).into_bytes()));
        let random = secret.rsplit_once('-').expect("a random part").1;
        all.extend(random.as_bytes().windows(12).map(|part| (what, part.to_vec())));
    }
    all
}

/// Keys come from the chain alone: the file has no place for them, and a mistaken one isn't repeated.
#[tokio::test]
async fn the_configuration_names_no_key() {
    let server = Server::from_environment();
    let fixture = Fixture::start(&server, &server.role("secrecy"));
    let mut entry = fixture.entry();
    entry["aws"]["secret_access_key"] = json!("in the file");
    let (status, told) = Host::refused(&Config::new().database("rds", entry)).await;
    assert!(!status.success() && told.contains("secret_access_key"), "keys have no place in the file: {told}");
    assert!(!told.contains("in the file"), "{told}");
}
