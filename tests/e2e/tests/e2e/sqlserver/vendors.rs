//! The tests' TDS server held against the world's clients: what they all accept, they accept of SQL Server.
//!
//! Each logs in by every encryption that it has, reads types, sends parameters, meets errors, reads several results, holds
//! a transaction; the scripts say how, and fail if anything isn't as it has to be.

use std::process::{Output, Stdio};
use std::time::Duration;

use bulkhead_tests::python;
use bulkhead_tests::sqlserver::Server;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// A client starts and does its job in this, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn python_tds() {
    let did = python::run("sqlserver_clients.py", &["python_tds"]).await;
    assert_eq!(did["modes"], json!({ "none": "none", "login": "login", "on": "on" }));
    assert_eq!(did["types"], 23);
}

#[tokio::test]
async fn pymssql() {
    let did = python::run("sqlserver_clients.py", &["pymssql"]).await;
    assert_eq!(did["modes"], json!({ "none": "none", "login": "login", "on": "on" }));
    assert_eq!(did["types"], 23);
}

#[tokio::test]
async fn mssql_python() {
    let did = python::run("sqlserver_clients.py", &["mssql_python"]).await;
    assert_eq!(did["modes"], json!({ "none": "none", "login": "login", "on": "on", "strict": "strict" }));
    assert_eq!(did["types"], 23);
}

#[tokio::test]
async fn tedious() {
    let server = Server::from_environment();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/node/tedious.cjs");
    let output = ended(Command::new(&server.node).arg(script), "").await;
    let (said, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complaint}");
    let did: serde_json::Value = serde_json::from_str(said.lines().last().unwrap_or_default()).expect("JSON");
    assert_eq!(did["modes"], json!({ "none": "none", "on": "on", "strict": "strict" }));
    // Sent there from another port, which lets nobody of that name in.
    assert_eq!(did["routed"], "on");
}

#[tokio::test]
async fn tsql() {
    let server = Server::from_environment();
    let script = "SELECT encryption FROM fixture.sessions WHERE session_id = @@SPID\nGO\n\
                  PRINT 'said'\nGO\n\
                  SELECT 1 / 0\nGO\n\
                  SELECT CAST('12.50' AS decimal(10, 2)), N'grüß', CAST(0xFF00 AS varbinary(4)), NULL; SELECT 2\nGO\n\
                  CREATE TABLE #kept (id int); BEGIN TRAN; INSERT #kept VALUES (1); ROLLBACK; SELECT count(*) FROM #kept\nGO\n";
    for (mode, asked) in [("none", "off"), ("login", "request"), ("on", "require")] {
        let (found, complaint) = asked_tsql(&server, mode, asked, &server.user("owner").password, script).await;
        let lines: Vec<&str> = found.lines().filter(|line| !line.trim().is_empty()).collect();
        assert_eq!(lines.get(..2), Some(&["encryption", mode][..]), "{found}\n{complaint}");
        assert!(lines.contains(&"12.50\tgrüß\tff00\tNULL"), "{found}\n{complaint}");
        assert_eq!(lines.last(), Some(&"0"), "{found}\n{complaint}");
        assert!(complaint.contains("said") && complaint.contains("Msg 8134 (severity 16, state 1)"), "{complaint}");
    }
    let (_, complaint) = asked_tsql(&server, "none", "off", "not it", "").await;
    assert!(complaint.contains("Msg 18456 (severity 14"), "{complaint}");
}

/// What `tsql` prints of a script, and what it complains of.
async fn asked_tsql(server: &Server, mode: &str, encryption: &str, password: &str, script: &str) -> (String, String) {
    let settings = tempfile::NamedTempFile::new().expect("a file");
    let text = format!(
        "[tests]\nhost = {}\nport = {}\ntds version = 7.4\nclient charset = UTF-8\nencryption = {encryption}\n",
        server.host,
        server.port(mode)
    );
    std::fs::write(settings.path(), text).expect("settings");
    let user = &server.user("owner").name;
    let mut command = Command::new(&server.tsql);
    command
        .args(["-o", "q", "-S", "tests", "-U", user, "-P", password, "-D", &server.database])
        .env("FREETDSCONF", settings.path());
    let output = ended(&mut command, script).await;
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

async fn ended(command: &mut Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env("LC_ALL", "C.UTF-8")
        .kill_on_drop(true)
        .spawn()
        .expect("the client starts");
    let mut stdin = child.stdin.take().expect("stdin");
    // A client that was refused doesn't read.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("the client ends").expect("its output")
}
