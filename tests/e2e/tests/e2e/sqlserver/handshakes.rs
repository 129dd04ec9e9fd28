//! Handshakes and logins against Microsoft's own mock of a server.

use bulkhead_tests::mock_tds::{MockTds, Mode};
use bulkhead_tests::{Answer, Config, Host};
use serde_json::{Value, json};

const PASSWORD: &str = "correct-horse-81723";
/// A token's length is all that the mock tells of it.
const TOKEN: &str = "eyJ0eXAiOiJKV1QifQ.54107.c2ln";

/// What `SELECT 1` answers under these settings, and the host.
async fn asked(mock: &MockTds, keys: &[(&str, Value)]) -> (Answer, Host) {
    let mut entry = mock.entry();
    for (key, value) in keys {
        entry[*key] = value.clone();
    }
    let host = Host::start(Config::new().database("ms", entry)).await;
    let answer = host.client().await.query("ms", "SELECT 1").await;
    let log = host.log();
    assert!(!log.contains("81723") && !log.contains("54107"), "a secret in the log");
    assert!(!answer.raw().to_string().contains("81723"), "a secret in the answer");
    (answer, host)
}

fn password() -> [(&'static str, Value); 2] {
    [("user", json!("sa")), ("password", json!(PASSWORD))]
}

fn verified(mock: &MockTds) -> (&'static str, Value) {
    ("tls", json!({ "mode": "verify-full", "ca_file": mock.ca_file() }))
}

fn strict() -> (&'static str, Value) {
    ("options", json!({ "encryption": "strict" }))
}

fn in_the_clear() -> (&'static str, Value) {
    ("tls", json!({ "mode": "off", "allow_plaintext_password": true }))
}

fn with(more: impl IntoIterator<Item = (&'static str, Value)>) -> Vec<(&'static str, Value)> {
    password().into_iter().chain(more).collect()
}

#[tokio::test]
async fn tds_7_4_under_tls() {
    let mock = MockTds::start(Mode::Negotiated);
    let (answer, host) = asked(&mock, &with([verified(&mock)])).await;
    assert_eq!(answer.cell(), json!(1));
    // On the same connection, after a reset.
    let client = host.client().await;
    assert_eq!(client.query("ms", "SELECT CAST(1 AS BIGINT), 2, 3").await.rows(), [[json!(1), json!(2), json!(3)]]);
    assert!(mock.log().contains("client sent ServerName=\"localhost\""), "{}", mock.log());
}

#[tokio::test]
async fn tds_8_0_strict() {
    let mock = MockTds::start(Mode::Strict);
    let (answer, _host) = asked(&mock, &with([verified(&mock), strict()])).await;
    assert_eq!(answer.cell(), json!(1));
}

#[tokio::test]
async fn a_server_that_wants_more_than_the_login_encrypted_gets_it() {
    let mock = MockTds::start(Mode::Negotiated);
    let (answer, _host) = asked(&mock, &with([("tls", json!({ "mode": "login-only", "ca_file": mock.ca_file() }))])).await;
    assert_eq!(answer.cell(), json!(1));
}

#[tokio::test]
async fn in_the_clear_only_where_it_is_allowed() {
    let mock = MockTds::start(Mode::None);
    let (answer, _host) = asked(&mock, &with([("tls", json!({ "mode": "off" }))])).await;
    assert!(answer.error().to_string().contains("TLS"), "{}", answer.error());
    assert!(!mock.log().contains("Login7 from"), "a login was sent");
    let (answer, _host) = asked(&mock, &with([in_the_clear()])).await;
    assert_eq!(answer.cell(), json!(1));
}

#[tokio::test]
async fn certificates_are_verified_in_both() {
    let other = MockTds::start(Mode::None);
    for (mode, options) in [(Mode::Negotiated, json!({})), (Mode::Strict, json!({ "encryption": "strict" }))] {
        let mock = MockTds::start(mode);
        let options = ("options", options);
        let (answer, _host) = asked(&mock, &with([verified(&other), options.clone()])).await;
        assert!(answer.error().to_string().to_lowercase().contains("certificate"), "{mode:?}: {}", answer.error());
        let name = [verified(&mock), ("host", json!("127.0.0.1")), options.clone()];
        let (answer, _host) = asked(&mock, &with(name)).await;
        assert!(answer.error().to_string().to_lowercase().contains("certificate"), "{mode:?}: {}", answer.error());
        assert!(!mock.log().contains("Login7 from"), "{mode:?}: a login was sent");
        let (answer, _host) = asked(&mock, &with([("tls", json!({ "mode": "require-unverified" })), options])).await;
        assert_eq!(answer.cell(), json!(1), "{mode:?}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused() {
    let mock = MockTds::start(Mode::None);
    for mode in ["verify-full", "require-unverified", "login-only"] {
        let (answer, _host) = asked(&mock, &with([("tls", json!({ "mode": mode, "ca_file": mock.ca_file() }))])).await;
        assert!(answer.error().to_string().contains("does not offer TLS"), "{mode}: {}", answer.error());
    }
    assert!(!mock.log().contains("Login7 from"), "a login was sent");
}

#[tokio::test]
async fn a_server_that_insists_on_tls_is_not_spoken_to_without() {
    let mock = MockTds::start(Mode::Negotiated);
    let (answer, _host) = asked(&mock, &with([in_the_clear()])).await;
    assert!(answer.error().to_string().contains("requires TLS"), "{}", answer.error());
}

#[tokio::test]
async fn an_access_token() {
    for (mode, options) in [(Mode::Negotiated, json!({})), (Mode::Strict, json!({ "encryption": "strict" }))] {
        let mock = MockTds::start(mode);
        let keys = [verified(&mock), ("access_token", json!(TOKEN)), ("options", options)];
        let (answer, _host) = asked(&mock, &keys).await;
        assert_eq!(answer.cell(), json!(1), "{mode:?}");
        let told = format!("FedAuth detected with {} byte token", TOKEN.len() * 2);
        assert!(mock.log().contains(&told), "{mode:?}: {}", mock.log());
    }
}

#[tokio::test]
async fn a_login_that_is_sent_on_goes_to_a_listed_endpoint_alone() {
    let replica = MockTds::start(Mode::None);
    let primary = MockTds::start_routing("localhost", replica.port());
    let (answer, _host) = asked(&primary, &with([in_the_clear()])).await;
    let route = format!("localhost:{}", replica.port());
    assert!(answer.error().to_string().contains(&route), "{}", answer.error());
    assert!(!replica.log().contains("New connection"), "{}", replica.log());
    let (answer, _host) = asked(&primary, &with([in_the_clear(), ("endpoints", json!([route]))])).await;
    assert_eq!(answer.cell(), json!(1));
    assert!(replica.log().contains("Executing SQL"), "{}", replica.log());
}

#[tokio::test]
async fn an_endpoint_that_is_down_is_passed_over() {
    let mock = MockTds::start(Mode::None);
    let down = bulkhead_tests::free_port();
    let keys = with([in_the_clear(), ("port", json!(down)), ("endpoints", json!([format!("localhost:{}", mock.port())]))]);
    assert_eq!(asked(&mock, &keys).await.0.cell(), json!(1));
}
