//! Where keys come from: each place of AWS's provider chain that can be tried without AWS; and that they are loaded anew in time.

use bulkhead_tests::postgres::{Server, User};
use bulkhead_tests::rds::{Fixture, Keys};
use bulkhead_tests::{Client, Config, Host};
use serde_json::{Value, json};

/// None of the environment's own.
const NO_KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];

struct Rig {
    fixture: Fixture,
    host: Host,
    client: Client,
}

fn keys(number: u32) -> Keys {
    Keys {
        id: format!("ASIATEST{number:08}"),
        secret: format!("secret-of-{number:024}"),
        token: Some(format!("token-of-{number:024}")),
    }
}

fn fixture(more: Value) -> Fixture {
    let server = Server::from_environment();
    let role: User = server.role("credentials");
    Fixture::start_as(&server, &role, true, &[keys(1), keys(2)], more)
}

async fn start(fixture: Fixture, entry: Value, environment: &[(&str, &str)]) -> Rig {
    let environment = [&NO_KEYS, environment].concat();
    let host = Host::start_with(Config::new().database("rds", entry), &environment).await;
    let client = host.client().await;
    Rig { fixture, host, client }
}

impl Rig {
    /// Which key the last request was signed with.
    async fn signed_with(&self) -> String {
        let seen = self.fixture.seen().await;
        let requests = seen["requests"].as_array().expect("requests");
        let authorization = requests.last().expect("a request")["headers"]["authorization"].to_string();
        authorization.split(['=', '/']).nth(1).expect("a key").to_owned()
    }

    async fn works_with(&self, key: &str) {
        let answer = self.client.query("rds", "SELECT 'signed'").await;
        assert!(!answer.is_error(), "{}\n{}", answer.raw(), self.host.log());
        assert_eq!(self.signed_with().await, key);
    }

    async fn loads(&self) -> u64 {
        self.fixture.seen().await["loads"].as_u64().expect("a count")
    }
}

#[tokio::test]
async fn from_the_environment_with_a_session() {
    let fixture = fixture(json!({}));
    let (entry, keys) = (fixture.entry(), keys(1));
    let token = keys.token.as_deref().unwrap_or_default();
    let own = [("AWS_ACCESS_KEY_ID", keys.id.as_str()), ("AWS_SECRET_ACCESS_KEY", &keys.secret), ("AWS_SESSION_TOKEN", token)];
    start(fixture, entry, &own).await.works_with(&keys.id).await;
}

#[tokio::test]
async fn from_a_profile() {
    let fixture = fixture(json!({}));
    let file = fixture.folder().join("credentials");
    let text: Vec<String> = [("default", keys(1)), ("other", keys(2))]
        .map(|(name, keys)| {
            let token = keys.token.unwrap_or_default();
            format!(
                "[{name}]\naws_access_key_id = {}\naws_secret_access_key = {}\naws_session_token = {token}\n",
                keys.id, keys.secret
            )
        })
        .into();
    std::fs::write(&file, text.concat()).expect("a file");
    let path = file.to_str().expect("UTF-8").to_owned();
    let own = [("AWS_SHARED_CREDENTIALS_FILE", path.as_str())];
    let entry = fixture.entry();
    let rig = start(fixture, entry.clone(), &own).await;
    rig.works_with(&keys(1).id).await;
    // The same, but for the profile that the database names.
    let mut named = entry;
    named["aws"]["profile"] = json!("other");
    let rig = start(rig.fixture, named, &own).await;
    rig.works_with(&keys(2).id).await;
}

/// By STS, from a token in a file, as pods have it.
#[tokio::test]
async fn from_a_web_identity() {
    let fixture = fixture(json!({"sts": true}));
    let file = fixture.folder().join("token");
    std::fs::write(&file, "header.payload.signature").expect("a file");
    let (path, sts, entry) = (file.to_str().expect("UTF-8").to_owned(), fixture.sts(), fixture.entry());
    let own = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", path.as_str()),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/reader"),
        ("AWS_ROLE_SESSION_NAME", "bulkhead"),
        ("AWS_ENDPOINT_URL_STS", &sts),
    ];
    let rig = start(fixture, entry, &own).await;
    let answer = rig.client.query("rds", "SELECT 'signed'").await;
    assert!(!answer.is_error(), "{}\n{}", answer.raw(), rig.host.log());
    let key = rig.signed_with().await;
    assert!(key.starts_with("ASIA"), "a session's key: {key}");
    rig.works_with(&key).await;
}

/// Loaded when they are needed, once, and anew before they expire.
#[tokio::test]
async fn from_a_container_and_loaded_anew() {
    let fixture = fixture(json!({}));
    fixture.give(&keys(1), 200).await;
    let (agent, entry) = (fixture.agent(), fixture.entry());
    let rig = start(fixture, entry, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &agent)]).await;
    assert_eq!(rig.loads().await, 0, "nobody has asked for anything");
    rig.works_with(&keys(1).id).await;
    assert_eq!(rig.loads().await, 1);
    rig.fixture.give(&keys(2), 3_600).await;
    rig.works_with(&keys(2).id).await;
    rig.works_with(&keys(2).id).await;
    assert_eq!(rig.loads().await, 2, "those of the first load would have expired within five minutes");
}

/// Whoever can't load them anew still has what hasn't expired.
#[tokio::test]
async fn what_is_left_is_used() {
    let fixture = fixture(json!({}));
    fixture.give(&keys(1), 200).await;
    let (agent, entry) = (fixture.agent(), fixture.entry());
    let rig = start(fixture, entry, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &agent)]).await;
    rig.works_with(&keys(1).id).await;
    rig.fixture.give_nothing().await;
    rig.works_with(&keys(1).id).await;
    let loads = rig.loads().await;
    rig.works_with(&keys(1).id).await;
    assert_eq!(rig.loads().await, loads, "it isn't tried at every request");
    assert!(rig.host.log().contains("loaded anew"), "the operator is told: {}", rig.host.log());
}

#[tokio::test]
async fn from_an_instances_metadata() {
    let fixture = fixture(json!({}));
    fixture.give(&keys(1), 3_600).await;
    let (metadata, entry) = (fixture.metadata(), fixture.entry());
    let own = [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.as_str())];
    start(fixture, entry, &own).await.works_with(&keys(1).id).await;
}

#[tokio::test]
async fn from_nowhere() {
    let fixture = fixture(json!({}));
    let entry = fixture.entry();
    let rig = start(fixture, entry, &[]).await;
    let answer = rig.client.query("rds", "SELECT 1").await;
    assert_eq!(answer.error()["kind"], "authentication", "{}", answer.error());
    assert!(answer.error()["message"].to_string().contains("credentials"), "{}", answer.error());
    assert!(rig.fixture.paths().await.is_empty(), "nothing unsigned is sent");
}

/// Keys that the service doesn't know, and a key whose secret is another.
#[tokio::test]
async fn wrong_ones() {
    for (id, secret, word) in [("ASIAUNKNOWN", keys(1).secret, "security token"), ("AKIDPLAIN", "wrong".to_owned(), "signature")]
    {
        let plain = Keys { id: "AKIDPLAIN".into(), secret: "right".into(), token: None };
        let server = Server::from_environment();
        let fixture = Fixture::start_with(&server, &server.role("credentials"), true, &[plain]);
        let entry = fixture.entry();
        let rig = start(fixture, entry, &[("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", &secret)]).await;
        let answer = rig.client.query("rds", "SELECT 1").await;
        assert_eq!(answer.error()["kind"], "authentication", "{}", answer.error());
        assert!(answer.error()["message"].to_string().contains(word), "{}", answer.error());
        assert_eq!(rig.fixture.paths().await.len(), 1, "it isn't tried again");
    }
}
