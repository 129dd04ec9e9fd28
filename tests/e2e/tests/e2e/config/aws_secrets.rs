//! Passwords in AWS Secrets Manager: moto's, behind a check of every request's signature.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bulkhead_tests::postgres::{Server, User, wait_until};
use bulkhead_tests::proxy::Proxy;
use bulkhead_tests::rds::{Fixture, Keys};
use bulkhead_tests::{Answer, Client, Config, Host};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const REGION: &str = "us-west-2";
const TARGET: &str = "/secretsmanager.GetSecretValue";
/// As a provider is given, and what answering takes on a busy machine.
const BOUNDED: Duration = Duration::from_secs(9);
/// A secret that can't be had is asked for again in this.
const HEALED: Duration = Duration::from_secs(30);

fn fixture(server: &Server, role: &User, more: Value) -> Fixture {
    fixture_with(server, role, false, more)
}

fn fixture_with(server: &Server, role: &User, tls: bool, more: Value) -> Fixture {
    let mut settings = json!({"secretsmanager": true, "region": REGION});
    for (key, value) in more.as_object().into_iter().flatten() {
        settings[key] = value.clone();
    }
    Fixture::start_as(server, role, tls, &[Keys::from_environment()], settings)
}

/// As the service writes a database's secret.
fn secret(user: &User, password: &str) -> String {
    json!({"engine": "postgres", "username": user.name, "password": password, "port": 5432}).to_string()
}

/// An entry whose user and password are a secret's; each call connects anew.
fn entry(server: &Server, role: &User, password: &str) -> Value {
    let mut entry = server.entry(role);
    entry.as_object_mut().expect("an object").remove("user");
    entry["password"] = json!(password);
    entry["region"] = json!(REGION);
    entry["pool"] = json!({"max_lifetime": "1ms"});
    entry
}

async fn host(config: Config, fixture: &Fixture) -> Host {
    Host::start_with(config, &[("AWS_ENDPOINT_URL_SECRETS_MANAGER", &fixture.secrets_manager())]).await
}

async fn user(client: &Client, id: &str) -> Answer {
    tokio::time::sleep(Duration::from_millis(5)).await;
    client.query(id, "SELECT current_user::text").await
}

async fn asked(fixture: &Fixture) -> usize {
    fixture.paths().await.iter().filter(|path| *path == TARGET).count()
}

/// With the hosts that are here; that the ARNs are those of no region is the document's.
#[tokio::test]
async fn the_document_s_databases() {
    let server = Server::from_environment();
    let role = server.role("secret_document");
    let password = role.password.as_deref().expect("a password");
    let fixture = fixture(
        &server,
        &role,
        json!({
            "aliases": {"production": server.database},
            "secrets": {"arn:aws:secretsmanager:region:account:secret:primary": {"user": role.name, "password": password}},
        }),
    );
    fixture.put_secret("analytics", &secret(&role, password)).await;
    let config = Config::new();
    let settings: Value = serde_json::from_str(&std::fs::read_to_string(config.write()).expect("the file")).expect("JSON");
    let document = include_str!("../../../../../host/src/config/seeds/databases.yaml");
    let mut text = format!("server: {}\ndrivers: {}\n{document}", settings["server"], settings["drivers"]);
    for (theirs, ours) in [
        ("\"analytics.company.com\"", json!(server.host).to_string()),
        ("port: 5432", format!("port: {}", server.port)),
        ("\"warehouse\"", json!(server.database).to_string()),
    ] {
        assert!(text.contains(theirs), "{theirs}");
        text = text.replace(theirs, &ours);
    }
    let environment = [
        ("AWS_ENDPOINT_URL_RDS_DATA", fixture.endpoint()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", fixture.secrets_manager()),
        // Whom the system believes.
        ("SSL_CERT_FILE", server.ca_file.display().to_string()),
    ];
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let host = Host::start_from(config, &text, &environment).await;
    let client = host.client().await;
    assert_eq!(client.query("primary", "SELECT 'served'").await.cell(), json!("served"));
    for _ in 0..3 {
        assert_eq!(client.query("analytics", "SELECT current_user::text").await.cell(), json!(role.name), "{}", host.log());
    }
    assert_eq!(client.query("analytics", "CREATE TABLE t (n int)").await.error()["kind"], "read-only");
    let seen = fixture.seen().await;
    let requests = seen["requests"].as_array().expect("requests");
    let asked: Vec<&Value> = requests.iter().filter(|request| request["path"] == TARGET).collect();
    assert_eq!(asked.len(), 1, "{seen}");
    assert_eq!(asked[0]["body"], json!({"SecretId": "arn:aws:secretsmanager:region:account:secret:analytics"}));
    let signed = asked[0]["headers"]["authorization"].as_str().expect("a signature");
    assert!(signed.contains("/us-west-2/secretsmanager/aws4_request"), "{signed}");
    let log = host.log();
    assert!(!log.contains(password) && !log.contains("isn't read yet"), "{log}");
}

/// Tenants behind one secret: it is fetched once for all of them, also when it was rotated.
#[tokio::test]
async fn a_secret_of_many_databases() {
    const TENANTS: usize = 12;
    let server = Server::from_environment();
    let role = server.role("secret_shared");
    let first = role.password.clone().expect("a password");
    let fixture = fixture(&server, &role, json!({}));
    fixture.put_secret("prod/all", &secret(&role, &first)).await;
    let tenant =
        |config: Config, at: usize| config.database(&format!("t{at}"), entry(&server, &role, "aws-secrets:prod/all#password"));
    let host = host((0..TENANTS).fold(Config::new(), tenant), &fixture).await;
    let client = Arc::new(host.client().await);
    let all = || {
        let call = |at: usize| {
            let client = client.clone();
            async move { user(&client, &format!("t{at}")).await }
        };
        (0..TENANTS).map(call).collect::<JoinSet<_>>().join_all()
    };
    for answer in all().await {
        assert_eq!(answer.cell(), json!(role.name), "{}", host.log());
    }
    assert_eq!(asked(&fixture).await, 1);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    server.sql(&format!("ALTER ROLE {} PASSWORD 'hunter22-second'", role.name));
    fixture.put_secret("prod/all", &secret(&role, "hunter22-second")).await;
    for answer in all().await {
        assert_eq!(answer.cell(), json!(role.name), "{}", host.log());
    }
    assert_eq!(asked(&fixture).await, 2);
    assert!(!host.log().contains("hunter22"), "{}", host.log());
}

#[tokio::test]
async fn a_password_that_is_rotated() {
    let server = Server::from_environment();
    let role = server.role("secret_rotated");
    let first = role.password.clone().expect("a password");
    let fixture = fixture(&server, &role, json!({}));
    fixture.put_secret("prod/app", &secret(&role, &first)).await;
    let config = Config::new().database("app", entry(&server, &role, "aws-secrets:prod/app#password"));
    let host = host(config, &fixture).await;
    let client = host.client().await;
    for _ in 0..10 {
        assert_eq!(user(&client, "app").await.cell(), json!(role.name));
    }
    assert_eq!(asked(&fixture).await, 1, "not with each connection");
    let second = "hunter22-second";
    for (round, password) in [second, "hunter22-third"].into_iter().enumerate() {
        // It isn't asked for again within a second of the last time.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        server.sql(&format!("ALTER ROLE {} PASSWORD '{password}'", role.name));
        fixture.put_secret("prod/app", &secret(&role, password)).await;
        // The refused login is nobody's to see.
        for _ in 0..5 {
            assert_eq!(user(&client, "app").await.cell(), json!(role.name));
        }
        assert_eq!(asked(&fixture).await, 2 + round);
    }
    // One that is still the wrong one after it was fetched anew is refused, and heals once it is right.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    server.sql(&format!("ALTER ROLE {} PASSWORD '{second}'", role.name));
    let refused = user(&client, "app").await;
    assert_eq!((&refused.error()["kind"], &refused.error()["sqlstate"]), (&json!("authentication"), &json!("28P01")));
    fixture.put_secret("prod/app", &secret(&role, second)).await;
    healed(&client, "app").await;
    assert_eq!(user(&client, "app").await.cell(), json!(role.name));
    let said = format!("{}{}", host.log(), refused.raw());
    for password in [&first, second, "hunter22"] {
        assert!(!said.contains(password), "{password}");
    }
}

async fn state(client: &Client, id: &str) -> Value {
    let listed = client.call("list_databases", json!({})).await.ok();
    let all = listed.structured()["databases"].as_array().expect("databases").clone();
    all.into_iter().find(|entry| entry["database_id"] == id).expect("the database")
}

/// By itself: nobody calls it.
async fn healed(client: &Client, id: &str) {
    let began = Instant::now();
    while state(client, id).await["state"] == "down" {
        assert!(began.elapsed() < HEALED, "{}", state(client, id).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn one_that_cannot_be_had_is_its_databases_trouble_alone() {
    let server = Server::from_environment();
    let role = server.role("secret_missing");
    let password = role.password.clone().expect("a password");
    let fixture = fixture(&server, &role, json!({}));
    fixture.put_secret("there", &secret(&role, &password)).await;
    let config = Config::new()
        .database("app", entry(&server, &role, "aws-secrets:there#password"))
        .database("missing", entry(&server, &role, "aws-secrets:missing#password"))
        .database("keyless", entry(&server, &role, "aws-secrets:there#token"))
        .database("other", server.entry(&role));
    let always = |fault: Value| json!([{"path": TARGET, "times": 1_000_000, "kind": fault["kind"], "status": 400, "name": "X"}]);
    fixture.faults(always(json!({"kind": "stall"}))).await;
    // The start doesn't wait for it.
    let began = Instant::now();
    let host = host(config, &fixture).await;
    let client = host.client().await;
    assert!(began.elapsed() < BOUNDED, "{:?}", began.elapsed());
    assert_eq!(state(&client, "app").await["state"], "idle");
    // Many at once wait for one request, and no longer than that may take.
    let began = Instant::now();
    let (hanging, other) = tokio::join!(
        async { tokio::join!(user(&client, "app"), user(&client, "app"), user(&client, "app"), user(&client, "app")) },
        async {
            let other = user(&client, "other").await;
            (other, began.elapsed())
        }
    );
    assert!(began.elapsed() < BOUNDED, "{:?}", began.elapsed());
    assert_eq!(other.0.cell(), json!(role.name));
    assert!(other.1 < Duration::from_secs(3), "{:?}", other.1);
    for answer in [hanging.0, hanging.1, hanging.2, hanging.3] {
        let error = answer.error();
        assert_eq!(error["kind"], "authentication", "{error}");
        assert!(error["message"].as_str().expect("a message").contains("aws-secrets: no answer within 5 s"), "{error}");
    }
    let down = state(&client, "app").await;
    assert_eq!(down["state"], "down", "{down}");
    assert!(down["last_error"]["message"].as_str().expect("a message").contains("no answer within"), "{down}");
    // While it is down calls fail at once.
    let began = Instant::now();
    assert!(user(&client, "app").await.is_error() && user(&client, "other").await.cell() == json!(role.name));
    assert!(began.elapsed() < BOUNDED, "{:?}", began.elapsed());
    fixture.faults(json!([])).await;
    healed(&client, "app").await;
    assert_eq!(user(&client, "app").await.cell(), json!(role.name));

    for (id, word) in [("missing", "ResourceNotFoundException"), ("keyless", "\"token\"")] {
        let error = user(&client, id).await;
        assert!(error.error()["message"].as_str().expect("a message").contains(word), "{}", error.raw());
    }
    fixture.put_secret("missing", &secret(&role, &password)).await;
    healed(&client, "missing").await;
    assert_eq!(user(&client, "missing").await.cell(), json!(role.name));
    assert!(!host.log().contains(&password));
    wait_until("only what is used is open", Duration::from_secs(10), || server.backends(&role) <= 4).await;
}

#[tokio::test]
async fn keys_that_are_none() {
    let server = Server::from_environment();
    let role = server.role("secret_keys");
    let password = role.password.clone().expect("a password");
    let fixture = fixture(&server, &role, json!({}));
    fixture.put_secret("there", &secret(&role, &password)).await;
    let endpoint = fixture.secrets_manager();
    let config = || Config::new().database("app", entry(&server, &role, "aws-secrets:there#password"));
    for (variables, word) in [
        (vec![("AWS_SECRET_ACCESS_KEY", "not-it-81723")], "InvalidSignatureException"),
        (vec![("AWS_ACCESS_KEY_ID", "AKIDOTHER")], "UnrecognizedClientException"),
        (vec![("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:9")], "can't be reached"),
        (vec![("AWS_ENDPOINT_URL_SECRETS_MANAGER", "https://169.254.169.254")], "metadata"),
        (vec![("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://169.254.169.254")], "in the clear"),
    ] {
        let all = [vec![("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint.as_str())], variables].concat();
        let host = Host::start_with(config(), &all).await;
        let answer = user(&host.client().await, "app").await;
        let said = answer.error()["message"].as_str().expect("a message").to_owned();
        assert!(said.contains(word), "{word}: {said}");
        let log = host.log();
        assert!(!log.contains("81723") && !said.contains("81723") && !log.contains(&password));
    }
    // A value that isn't one of an object, and all of one.
    fixture.put_secret("whole", &password).await;
    let mut whole = entry(&server, &role, "aws-secrets:whole");
    whole["user"] = json!(role.name);
    let host =
        Host::start_with(Config::new().database("app", whole), &[("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint.as_str())]).await;
    assert_eq!(user(&host.client().await, "app").await.cell(), json!(role.name));
}

/// As the service is reached: nothing of its certificate is taken on trust.
#[tokio::test]
async fn under_tls() {
    let server = Server::from_environment();
    let role = server.role("secret_tls");
    let fixture = fixture_with(&server, &role, true, json!({}));
    fixture.put_secret("there", &secret(&role, role.password.as_deref().expect("a password"))).await;
    let (endpoint, believed) = (fixture.secrets_manager(), fixture.ca_file().display().to_string());
    let other = server.other_ca_file.display().to_string();
    for (believed, word) in [(&believed, None), (&other, Some("certificate"))] {
        let config = Config::new().database("app", entry(&server, &role, "aws-secrets:there#password"));
        let variables = [("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint.as_str()), ("SSL_CERT_FILE", believed.as_str())];
        let host = Host::start_with(config, &variables).await;
        let answer = user(&host.client().await, "app").await;
        match word {
            None => assert_eq!(answer.cell(), json!(role.name)),
            Some(word) => {
                assert!(answer.error()["message"].as_str().expect("a message").contains(word), "{}", answer.raw());
                assert!(!fixture.paths().await.iter().skip(1).any(|path| path == TARGET), "nothing was asked");
            }
        }
    }
}

/// Hundreds of databases, on one server and on many, whose secrets hang: what is well comes back beside them as ever.
#[tokio::test]
async fn those_that_hang_hold_up_nobody_else_s_return() {
    const HANGING: u16 = 200;
    let server = Server::from_environment();
    let role = server.role("secret_hangs");
    let fixture = fixture(&server, &role, json!({}));
    fixture.faults(json!([{"path": TARGET, "times": 1_000_000, "kind": "stall"}])).await;
    let proxy = Proxy::start(server.port).await;
    let mut app = server.entry(&role);
    (app["port"], app["pool"]) = (json!(proxy.port()), json!({"max_lifetime": "1ms"}));
    let mut config = Config::new().database("app", app);
    for number in 0..HANGING {
        let mut entry = entry(&server, &role, "aws-secrets:hangs#password");
        // Four on each of many servers, which are never dialled; the first twenty on that of the other.
        entry["port"] = json!(if number < 20 { proxy.port() } else { 1 + number / 4 });
        config = config.database(&format!("hangs-{number}"), entry);
    }
    let host = host(config, &fixture).await;
    let client = Arc::new(host.client().await);
    assert_eq!(user(&client, "app").await.cell(), json!(role.name));
    let began = Instant::now();
    let mut calls = JoinSet::new();
    for number in 0..HANGING {
        let client = client.clone();
        calls.spawn(async move { client.query(&format!("hangs-{number}"), "SELECT 1").await.is_error() });
    }
    assert!(calls.join_all().await.into_iter().all(|failed| failed));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    for round in 0..2 {
        proxy.go();
        assert!(user(&client, "app").await.is_error());
        tokio::time::sleep(Duration::from_secs(3)).await;
        proxy.come_back();
        let began = Instant::now();
        while state(&client, "app").await["state"] == "down" {
            assert!(began.elapsed() < Duration::from_secs(5), "round {round}: {}", state(&client, "app").await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(user(&client, "app").await.cell(), json!(role.name));
    }
    // And each of them comes back by itself.
    fixture.put_secret("hangs", &secret(&role, role.password.as_deref().expect("a password"))).await;
    fixture.faults(json!([])).await;
    healed(&client, "hangs-0").await;
    assert_eq!(user(&client, "hangs-0").await.cell(), json!(role.name));
}
