//! What isn't allowed: other hosts, ports, drivers and modes, addresses in every spelling, and strings that are none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bulkhead_tests::{Answer, Era};
use serde_json::json;
use tokio::net::TcpListener;

use super::{HEADER, Rig};

/// Counts who comes to a port of every loopback address.
async fn trap() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("a port");
    let (port, came) = (listener.local_addr().expect("its address").port(), Arc::new(AtomicUsize::new(0)));
    let counted = came.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, came)
}

fn words(answer: &Answer, word: &str) {
    assert!(
        ["permission", "invalid-value", "connection"].contains(&answer.error()["kind"].as_str().unwrap()),
        "{}",
        answer.raw()
    );
    let said = answer.error()["message"].as_str().unwrap();
    assert!(said.contains(word), "{word:?} in {said}");
}

#[tokio::test]
async fn other_hosts_ports_and_modes() {
    let (port, came) = trap().await;
    let server = bulkhead_tests::postgres::Server::from_environment();
    let keys = [
        ("ports", json!([port, server.port])),
        ("hosts", json!([server.host, "db.internal.test", "*.other.test", "203.0.113.7"])),
    ];
    let rig = Rig::start_with("dynamic_refused", &keys).await;
    let client = rig.host.client().await;
    let connect = |string: String| {
        let client = &client;
        async move { client.call("connect_database", json!({"connection_string": string})).await }
    };
    for host in [
        "169.254.169.254",
        "127.0.0.1",
        "127.0.0.2",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "0",
        "0.0.0.0",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "localhost.evil.test",
        "evil.test",
        "other.test",
        "db.internal.test.evil.test",
        "203.0.113.8",
    ] {
        let answer = connect(format!("postgresql://u:p@{host}:{port}/db?sslmode=disable")).await;
        words(&answer, "");
        let parts = json!({"driver": "postgres", "host": host, "port": port, "user": "u", "password": "p", "tls": "off"});
        words(&client.call("connect_database", parts).await, "host");
    }
    for host in [
        "http://169.254.169.254",
        "/var/run/postgresql",
        "u@db.internal.test",
        "",
        "db.internal.test/x",
        "db.internal.test#",
        "１２７.0.0.1",
    ] {
        let parts = json!({"driver": "postgres", "host": host, "port": port, "user": "u", "password": "p"});
        words(&client.call("connect_database", parts).await, "host");
    }
    // Each of several hosts counts.
    for hosts in
        ["localhost:{},127.0.0.1:{}", "localhost:{},169.254.169.254:80", "localhost:{},[::1]:{}", "localhost:{},evil.test:{}"]
    {
        let hosts = hosts.replace("{}", &port.to_string());
        words(&connect(format!("postgresql://u:p@{hosts}/db?sslmode=disable")).await, "host");
    }
    words(&connect(format!("postgresql://u:p@localhost:{}/db?sslmode=verify-full", 22)).await, "dynamic.ports");
    words(&connect(format!("postgresql://u:p@localhost:{},localhost:22/db?sslmode=verify-full", port)).await, "dynamic.ports");
    words(&connect(format!("postgresql://u:p@localhost:{port}/db?sslmode=require")).await, "dynamic.tls_modes");
    words(&client.call("connect_database", json!({"driver": "sqlite", "host": "localhost"})).await, "dynamic.drivers");
    for (given, word) in [("sslrootcert=/etc/passwd", "operator"), ("sslcert=/a&sslkey=/b", "operator")] {
        words(&connect(format!("postgresql://u:p@localhost:{port}/db?sslmode=verify-full&{given}")).await, word);
    }
    for given in
        ["passfile=/etc/passwd", "service=x", "sslmode=verify-full&sslmode=disable", "host=evil.test", "hostaddr=127.0.0.1"]
    {
        assert!(connect(format!("postgresql://u:p@localhost:{port}/db?{given}")).await.is_error(), "{given}");
    }
    assert_eq!(came.load(Ordering::SeqCst), 0, "nobody was dialled");
}

#[tokio::test]
async fn strings_that_are_none() {
    let rig = Rig::start("dynamic_strings").await;
    let password = "tr0ub4dor-and-more";
    let good = rig.string(&rig.other);
    let strings = [
        String::new(),
        " ".to_owned(),
        password.to_owned(),
        format!("postgresql://u:{password}@localhost:1/{}", "x".repeat(1_000_000)),
        format!("{good}&application_name={password}\0"),
        format!("postgresql://u:{password}@localhost\n:5432/db"),
        format!("postgresql://u:{password}/@localhost:5432/db"),
        format!("postgresql://u:{password}%zz@localhost:5432/db"),
        format!("postgresql://u:{password}@localhost:99999/db"),
        format!("postgresql://u:{password}@localhost:5432/db?{password}=1"),
        format!("host=localhost password={password}' user=u"),
        format!("Server=localhost;Password={password};{password}=x"),
        format!("mongodb://u:{password}@localhost/x"),
        format!("jdbc:postgresql://localhost/?password={password}"),
    ];
    for era in [Era::Stateless, Era::Sessions] {
        let client = bulkhead_tests::Client::http(&rig.host.url(), era).await;
        for string in &strings {
            let answer = client.call("connect_database", json!({"connection_string": string})).await;
            assert!(answer.is_error(), "{string:.60}");
            assert!(!answer.raw().to_string().contains(password), "{}", answer.raw());
        }
        for arguments in [
            json!({"connection_string": [password]}),
            json!({"password": {"is": password}}),
            json!({"driver": "postgres", "host": "localhost", "port": password}),
            json!({password: 1}),
            json!({"tls": password}),
            json!({"connection_string": good, "password": password}),
            json!({"driver": "postgres", "host": "localhost", "password": "env:HOME", "port": 1}),
            json!({"driver": password, "host": "localhost"}),
            json!({"connection_string": good, "description": "x\n"}),
            json!({"connection_string": good, "session": "session-1"}),
        ] {
            let answer = client.call("connect_database", arguments).await;
            assert!(answer.is_error() && !answer.raw().to_string().contains(password), "{}", answer.raw());
        }
    }
    let http = reqwest::Client::new();
    for string in strings.iter().filter(|string| !string.contains(['\0', '\n'])) {
        // Of longer heads the connection breaks.
        let string = string.get(..20_000).unwrap_or(string);
        let request = http.post(rig.host.url()).header(HEADER, string).header("content-type", "application/json").body("{}");
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_client_error(), "{string:.60}: {}", answer.status());
        let text = answer.text().await.unwrap();
        assert!(!text.contains(password), "{text}");
    }
    assert!(!rig.host.log().contains(password));
}
