//! Signed requests are for the database's endpoint. A driver that would have more of them is refused, and nothing leaves the
//! host: not for another address, not in another's name.

use bulkhead_tests::postgres::Server;
use bulkhead_tests::rds::Fixture;
use bulkhead_tests::{Client, Config, Host};
use serde_json::{Value, json};

/// The driver that sends what a statement orders.
struct Rig {
    fixture: Fixture,
    host: Host,
    client: Client,
}

async fn rig() -> Rig {
    let server = Server::from_environment();
    let fixture = Fixture::start(&server, &server.role("capability"));
    let host = Host::start(super::secrecy::hostile(Config::new(), &fixture)).await;
    let client = host.client().await;
    Rig { fixture, host, client }
}

impl Rig {
    async fn send(&self, order: Value) -> String {
        self.client.query("bad", &format!("SELECT 'SEND {order}'")).await.cell_text()
    }
}

#[tokio::test]
async fn only_the_databases_endpoint() {
    let rig = rig().await;
    let other = Fixture::start(&Server::from_environment(), &Server::from_environment().role("other"));
    let address = format!("localhost:{}", rig.fixture.port);
    let others = format!("localhost:{}", other.port);
    for authority in [
        json!("example.com"),
        json!("169.254.169.254"),
        json!("rds-data.eu-central-1.amazonaws.com"),
        json!(address),
        json!(others),
        json!("primary:443"),
        json!("primary@example.com"),
        json!("PRIMARY"),
        json!(""),
        Value::Null,
    ] {
        let told = rig.send(json!({"authority": authority})).await;
        assert!(told.contains("refused"), "{authority}: {told}");
    }
    assert!(rig.fixture.paths().await.is_empty() && other.paths().await.is_empty(), "nothing was sent");
    // What is allowed gets there; that it is no statement is the service's to say.
    assert_eq!(rig.send(json!({"authority": "primary", "path": "/Nothing"})).await, "status 404");
    assert_eq!(rig.fixture.paths().await, ["/Nothing"]);
    assert!(rig.host.log().contains("a driver's HTTP request was refused"), "the operator is told");
}

#[tokio::test]
async fn a_path_does_not_lead_elsewhere() {
    let rig = rig().await;
    let other = Fixture::start(&Server::from_environment(), &Server::from_environment().role("other"));
    let at = format!("@localhost:{}/Execute", other.port);
    for path in [at.clone(), format!(".{at}"), format!("/{at}"), format!("//localhost:{}/Execute", other.port), "\\\\h".into()] {
        let told = rig.send(json!({"authority": "primary", "path": path})).await;
        assert!(!told.contains("status 200"), "{path}: {told}");
    }
    assert!(other.paths().await.is_empty(), "nothing came elsewhere");
}

#[tokio::test]
async fn only_its_scheme() {
    let rig = rig().await;
    for scheme in ["http", "ftp", "httpss"] {
        let told = rig.send(json!({"authority": "primary", "scheme": scheme})).await;
        assert!(told.contains("refused"), "{scheme}: {told}");
    }
    assert!(rig.fixture.paths().await.is_empty());
}

/// The signature is the host's: whoever could set a part of it could sign for something else.
#[tokio::test]
async fn no_header_of_the_signatures() {
    let rig = rig().await;
    for name in [
        "authorization",
        "Authorization",
        "x-amz-date",
        "x-amz-security-token",
        "X-Amz-Content-Sha256",
        "x-amz-target",
        "host",
        "connection",
        "transfer-encoding",
    ] {
        let told = rig.send(json!({"authority": "primary", "headers": [[name, "mine"]]})).await;
        assert!(told.contains("refused"), "{name}: {told}");
    }
    assert!(rig.fixture.paths().await.is_empty());
    assert_eq!(rig.send(json!({"authority": "primary", "path": "/Nothing", "headers": [["x-own", "1"]]})).await, "status 404");
}

#[tokio::test]
async fn requests_have_limits() {
    let rig = rig().await;
    let told = rig.send(json!({"authority": "primary", "body": 5 << 20})).await;
    assert!(told.contains("HttpRequestBodySize"), "{told}");
    rig.fixture.faults(json!([{"kind": "exception", "status": 400, "name": "X", "message": "", "times": 100}])).await;
    let told = rig.send(json!({"authority": "primary", "times": 20})).await;
    let refused = told.split("; ").filter(|one| one.contains("ConnectionLimitReached")).count();
    assert_eq!((refused, told.split("; ").count()), (16, 20), "{told}");
    let told = rig.send(json!({"authority": "primary", "times": 4})).await;
    assert_eq!(told, ["status 400"; 4].join("; "), "places are given back");
}

/// Without `aws` there is nobody to sign for, and the driver isn't loaded.
#[tokio::test]
async fn it_is_given_by_the_operator() {
    let server = Server::from_environment();
    let fixture = Fixture::start(&server, &server.role("capability"));
    let config = super::secrecy::hostile(Config::new(), &fixture)
        .set(&["databases", "bad", "aws"], Value::Null)
        .set(&["databases", "bad", "host"], json!("localhost"));
    let host = Host::start(config).await;
    let answer = host.client().await.query("bad", "SELECT 1").await;
    let told = answer.error()["message"].as_str().expect("words");
    assert!(told.contains("wasi:http") && told.contains("signed-http"), "{told}");
}
