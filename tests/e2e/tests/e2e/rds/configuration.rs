//! The configuration and the command line as documents of other servers write them.

use bulkhead_tests::postgres::Server;
use bulkhead_tests::rds::{Fixture, Keys};
use bulkhead_tests::{Client, Config, Era, Host, environment};
use serde_json::{Value, json};
use tokio::process::Command;

/// As it is written where this way of configuring comes from, but for a second database of another kind.
const DOCUMENT: &str = r#"
# config.yaml
default_database: "primary"
databases:
  primary:
    type: "rds_data_api"
    resource_arn: "arn:aws:rds:region:account:cluster:primary"
    secret_arn: "arn:aws:secretsmanager:region:account:secret:primary"
    database: "production"
    region: "us-west-2"
    readonly: true
"#;

/// The document's command line.
const ARGUMENTS: &[&str] = &[
    "--resource_arn",
    "arn:aws:rds:region:account:cluster:primary",
    "--secret_arn",
    "arn:aws:secretsmanager:region:account:secret:primary",
    "--database",
    "production",
    "--region",
    "us-west-2",
    "--readonly",
    "true",
];

/// A stand-in that knows the document's names; the endpoint is the environment's, as for AWS's own tools.
fn production() -> Fixture {
    let server = Server::from_environment();
    let role = server.role("document");
    let settings = json!({
        "aliases": {"production": server.database},
        "secrets": {"arn:aws:secretsmanager:region:account:secret:primary": {"user": role.name, "password": role.password}},
        "region": "us-west-2",
    });
    Fixture::start_as(&server, &role, false, &[Keys::from_environment()], settings)
}

async fn works(client: &Client, fixture: &Fixture, named: bool) {
    let mut arguments = json!({"sql": "SELECT 'served'"});
    if named {
        arguments["database_id"] = json!("primary");
    }
    assert_eq!(client.call("query", arguments).await.cell(), "served");
    let refused = client.call("query", json!({"sql": "CREATE TABLE t (n int)"})).await;
    assert_eq!(refused.error()["kind"], "read-only", "{}", refused.raw());
    let seen = fixture.seen().await;
    let body = &seen["requests"][0]["body"];
    assert_eq!(body["resourceArn"], "arn:aws:rds:region:account:cluster:primary");
    assert_eq!(body["database"], "production");
    let signed = seen["requests"][0]["headers"]["authorization"].as_str().unwrap_or_default();
    assert!(signed.contains("/us-west-2/rds-data/aws4_request"), "{signed}");
}

#[tokio::test]
async fn the_documents_configuration() {
    let fixture = production();
    let config = Config::new();
    let settings: Value = serde_json::from_str(&std::fs::read_to_string(config.write()).expect("the file")).expect("JSON");
    // The document's own text, after what every test's host is told: where to listen, and where the drivers are.
    let text = format!("server: {}\ndrivers: {}\n{DOCUMENT}", settings["server"], settings["drivers"]);
    let host = Host::start_from(config, &text, &[("AWS_ENDPOINT_URL_RDS_DATA", &fixture.endpoint())]).await;
    works(&host.client().await, &fixture, true).await;
}

fn command(verb: &str, fixture: &Fixture) -> Command {
    // Without a file the drivers are in a folder of that name, here or beside the binary.
    let drivers = fixture.folder().join("drivers");
    if !drivers.exists() {
        std::os::unix::fs::symlink(environment::drivers(), drivers).expect("a link");
    }
    let mut command = Command::new(environment::binary());
    command.arg(verb).env("AWS_ENDPOINT_URL", fixture.endpoint()).current_dir(fixture.folder());
    command.env("XDG_CACHE_HOME", environment::hostile_drivers().join("cache-of-command-lines"));
    command
}

#[tokio::test]
async fn the_documents_command_line() {
    let fixture = production();
    let mut command = command("stdio", &fixture);
    command.args(ARGUMENTS);
    let client = Client::command(command, Era::Sessions).await;
    works(&client, &fixture, false).await;
    client.close().await;
}

/// The rest from the environment, as that document has it.
#[tokio::test]
async fn the_environment() {
    let fixture = production();
    let mut command = command("stdio", &fixture);
    command
        .env("POSTGRES_RESOURCE_ARN", ARGUMENTS[1])
        .env("POSTGRES_SECRET_ARN", ARGUMENTS[3])
        .env("POSTGRES_DATABASE", ARGUMENTS[5])
        .env("AWS_REGION", "us-west-2")
        .arg("--readonly");
    let client = Client::command(command, Era::Stateless).await;
    works(&client, &fixture, false).await;
    client.close().await;
}

#[tokio::test]
async fn what_is_missing_is_named() {
    for (arguments, word) in [
        (&["stdio"][..], "--config"),
        (&["stdio", "--resource_arn", "a"], "secret_arn"),
        (&["stdio", "--resource_arn", "a", "--secret_arn", "s"], "region"),
        (&["stdio", "--secret_arn", "s"], "--config"),
        (&["stdio", "--resource_arn", "a", "--secret_arn", "s", "--region", "Us West!"], "region"),
    ] {
        let (status, told) = bulkhead_tests::run(arguments).await;
        assert!(!status.success() && told.contains(word), "{arguments:?}: {told}");
    }
    let of = |key: &str, value: Value| {
        let entry = json!({"driver": "rds-data-api", "resource_arn": "r", "secret_arn": "s", "region": "us-west-2"});
        Config::new().database("rds", entry).set(&["databases", "rds", key], value)
    };
    for (config, word) in [
        (of("options", json!({"engine": "oracle"})), "engine"),
        (of("options", json!({"engien": "mysql"})), "engien"),
        (of("host", json!("localhost")), "host"),
        (of("aws", json!({"service": "rds-data", "region": "us-west-2", "endpoint": "http://localhost:1"})), "region"),
        (
            of("aws", json!({"service": "rds-data", "region": "us-west-2", "endpoint": "http://localhost:1"}))
                .set(&["databases", "rds", "region"], Value::Null),
            "tls.mode",
        ),
        (of("secret_arn", Value::Null), "secret_arn"),
    ] {
        let (status, told) = Host::refused(&config).await;
        assert!(!status.success() && told.contains(word), "{word}: {told}");
    }
}
