//! SQL Server named by callers: where a server sends a login on to has to be listed like everything else.

use bulkhead_tests::raw::Raw;
use bulkhead_tests::sqlserver::{Server, User};
use bulkhead_tests::{Client, Config, Era, Host};
use serde_json::{Value, json};

use super::{call, connected, query, structured};

async fn host(server: &Server, ports: &[u16]) -> Host {
    let dynamic = json!({
        "drivers": ["sqlserver"],
        "hosts": [server.host],
        "ports": ports,
        "tls_modes": ["verify-full", "login-only"],
        "ca_file": server.ca_file,
        "header": true,
    });
    Host::start(Config::new().set(&["dynamic"], dynamic)).await
}

fn string(server: &Server, user: &User, port: u16, more: &str) -> String {
    let Server { host, database, .. } = server;
    format!("Server=tcp:{host},{port};Database={database};User ID={};Password={{{}}};{more}", user.name, user.password)
}

async fn by_header(host: &Host, string: &str, sql: &str) -> (Value, String) {
    let mut raw = Raw::http(&host.url(), Era::Stateless).await;
    let reply = call(&mut raw, Some(string), false, "query", json!({"sql": sql})).await;
    (structured(&reply)["rows"][0][0].clone(), reply.text)
}

#[tokio::test]
async fn by_string_by_parts_and_by_header() {
    let server = Server::from_environment();
    let login = server.login("dynamic");
    let port = server.port("on");
    let host = host(&server, &[port]).await;
    let good = string(&server, &login, port, "Encrypt=true");
    let parts = json!({"driver": "sqlserver", "host": server.host, "port": port, "database": server.database,
                       "user": login.name, "password": login.password});
    for era in [Era::Stateless, Era::Sessions] {
        for arguments in [json!({"connection_string": good}), parts.clone()] {
            let client = Client::http(&host.url(), era).await;
            let (_, place) = connected(&client, arguments).await;
            assert_eq!(query(&client, &place, "SELECT SUSER_SNAME()").await.cell(), json!(login.name));
            assert_eq!(query(&client, &place, "DROP TABLE t").await.error()["kind"], "read-only");
            let _ = client.call("disconnect_database", place).await.ok();
        }
    }
    assert_eq!(by_header(&host, &good, "SELECT SUSER_SNAME()").await.0, json!(login.name));
    assert!(!host.log().contains(&login.password));
}

#[tokio::test]
async fn what_is_not_listed_is_refused() {
    let server = Server::from_environment();
    let login = server.login("dynamic");
    let port = server.port("on");
    let host = host(&server, &[port]).await;
    let client = Client::http(&host.url(), Era::Sessions).await;
    let server_is =
        |text: &str| string(&server, &login, port, "Encrypt=true").replace(&format!("tcp:{},{port}", server.host), text);
    for (given, word) in [
        (server_is(&format!("tcp:127.0.0.1,{port}")), "dynamic.hosts"),
        (server_is(&format!("tcp:169.254.169.254,{port}")), "never dialled"),
        (server_is("tcp:localhost,1"), "dynamic.ports"),
        (server_is(r"np:\\localhost\pipe\sql\query"), "TCP"),
        (server_is(r"localhost\other"), "port"),
        (string(&server, &login, port, "Encrypt=true;TrustServerCertificate=true"), "dynamic.tls_modes"),
        (string(&server, &login, port, "Encrypt=true;HostNameInCertificate=evil.test"), "operator"),
        (string(&server, &login, port, "Encrypt=true;Failover Partner=evil.test"), "isn't known"),
        (string(&server, &login, port, "Encrypt=true;AttachDbFilename=C:\\x.mdf"), "isn't known"),
        (string(&server, &login, port, "Encrypt=true;Server=evil.test"), "twice"),
    ] {
        let answer = client.call("connect_database", json!({"connection_string": given})).await;
        let said = answer.error()["message"].as_str().expect("a message").to_owned();
        assert!(said.contains(word) && !answer.raw().to_string().contains(&login.password), "{word}: {said}");
        let (_, text) = by_header(&host, &given, "SELECT 1").await;
        assert!(text.contains(word) && !text.contains(&login.password), "{word}: {text}");
    }
    assert!(server.sessions(&login, "login_name").is_empty(), "nobody logged in");
}

/// The login `moved` is sent on to the port that always encrypts. That the operator listed the port is not enough: an endpoint is one
/// that the caller named.
#[tokio::test]
async fn a_login_is_sent_on_to_named_endpoints_alone() {
    let server = Server::from_environment();
    let moved = server.user("moved");
    let (login, on) = (server.port("login"), server.port("on"));
    for ports in [vec![login], vec![login, on]] {
        let host = host(&server, &ports).await;
        let client = Client::http(&host.url(), Era::Sessions).await;
        let given = string(&server, moved, login, "Encrypt=true");
        let refused = client.call("connect_database", json!({"connection_string": given})).await;
        let said = refused.error()["message"].as_str().expect("a message");
        assert!(said.contains(&on.to_string()), "{said}");
        let (cell, text) = by_header(&host, &given, "SELECT 1").await;
        assert!(cell.is_null() && text.contains(&on.to_string()), "{text}");
        let listed = client.call("list_databases", json!({})).await.ok();
        assert_eq!(listed.structured()["databases"], json!([]), "{}", listed.raw());
        assert!(!host.log().contains(&moved.password));
    }
}
