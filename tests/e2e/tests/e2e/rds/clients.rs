//! The stand-in, seen by the service's own clients: if they all take it for the service, what our driver does with it counts.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use bulkhead_tests::environment;
use bulkhead_tests::postgres::Server;
use bulkhead_tests::rds::{Fixture, REGION, RESOURCE, SECRET};
use serde_json::{Value, json};
use tokio::process::Command;

/// The slowest of them needs two seconds to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn fixture() -> Fixture {
    let server = Server::from_environment();
    Fixture::start(&server, &server.role("clients"))
}

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../rds-fixture/clients").join(name)
}

/// What a command printed; its words if it failed.
async fn run(command: &mut Command) -> Result<Value, String> {
    let run = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(PATIENCE, run).await.expect("it ends").expect("it starts");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&output.stdout).expect("JSON"))
}

fn expected() -> Value {
    json!({
        "names": ["n", "d", "b", "t"],
        "record": [{"longValue": 7}, {"stringValue": "1.50"}, {"blobValue": [0, 255]}, {"isNull": true}],
        "committed": "Transaction Committed",
        "rolled_back": "Rollback Complete",
        "rows": 3,
        "error": ["DatabaseErrorException", true],
    })
}

#[tokio::test]
async fn boto3() {
    let fixture = fixture();
    let mut command = Command::new(environment::python());
    command.arg(script("boto.py")).args([&fixture.endpoint(), fixture.ca_file().to_str().expect("UTF-8"), RESOURCE, SECRET]);
    assert_eq!(run(&mut command).await.expect("it works"), expected());
}

#[tokio::test]
async fn the_sdk_for_node() {
    let fixture = fixture();
    let modules = environment::wanted("BULKHEAD_TEST_NPM_RDS");
    let mut command = Command::new("node");
    command.arg(script("sdk.mjs")).args([&modules, &fixture.endpoint(), RESOURCE, SECRET]);
    command.env("NODE_EXTRA_CA_CERTS", fixture.ca_file());
    assert_eq!(run(&mut command).await.expect("it works"), expected());
}

#[tokio::test]
async fn the_command_line() {
    let fixture = fixture();
    let ask = async |operation: &str, more: &[&str]| {
        let mut command = Command::new(environment::python());
        command.args(["-m", "awscli", "rds-data", operation, "--region", REGION, "--output", "json"]);
        command.args(["--endpoint-url", &fixture.endpoint()]).arg("--ca-bundle").arg(fixture.ca_file());
        command.args(["--resource-arn", RESOURCE, "--secret-arn", SECRET]).args(more).env("AWS_PAGER", "");
        run(&mut command).await
    };
    let parameters = r#"[{"name": "d", "value": {"stringValue": "1.50"}, "typeHint": "DECIMAL"}]"#;
    let sql = "SELECT 7 AS n, :d::numeric";
    let answer = ask("execute-statement", &["--sql", sql, "--parameters", parameters, "--include-result-metadata"])
        .await
        .expect("it works");
    assert_eq!(answer["records"], json!([[{"longValue": 7}, {"stringValue": "1.50"}]]));
    assert_eq!(answer["columnMetadata"][0]["typeName"], "int4");
    let begun = ask("begin-transaction", &[]).await.expect("it works");
    let transaction = begun["transactionId"].as_str().expect("an id");
    let ended = ask("rollback-transaction", &["--transaction-id", transaction]).await.expect("it works");
    assert_eq!(ended["transactionStatus"], "Rollback Complete");
    let failed = ask("execute-statement", &["--sql", "SELECT * FROM nowhere"]).await.expect_err("it fails");
    assert!(failed.contains("DatabaseErrorException") && failed.contains("42P01"), "{failed}");
}

/// And a signature that isn't right is refused: else nothing above would mean anything.
#[tokio::test]
async fn a_wrong_key_is_refused() {
    let fixture = fixture();
    let mut command = Command::new(environment::python());
    command.arg(script("boto.py")).args([&fixture.endpoint(), fixture.ca_file().to_str().expect("UTF-8"), RESOURCE, SECRET]);
    command.env("AWS_SECRET_ACCESS_KEY", "another");
    let failed = run(&mut command).await.expect_err("it is refused");
    assert!(failed.contains("InvalidSignatureException"), "{failed}");
}
