//! Encryption: verified in full unless the operator says otherwise, in words that say what was wrong.

use bulkhead_tests::Answer;
use bulkhead_tests::postgres::Server;
use serde_json::{Value, json};

use super::Rig;

/// Whether this connection is encrypted, by the server's own account.
const ENCRYPTED: &str = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

async fn asked(keys: &[(&[&str], Value)]) -> Answer {
    let rig = Rig::start_with("tls", keys).await;
    rig.client.query("pg", ENCRYPTED).await
}

#[tokio::test]
async fn verified_in_full() {
    assert_eq!(asked(&[]).await.cell(), json!(true));
}

#[tokio::test]
async fn another_authority_is_refused() {
    let server = Server::from_environment();
    let answer = asked(&[(&["tls", "ca_file"], json!(server.other_ca_file))]).await;
    assert!(answer.error().to_string().to_lowercase().contains("certificate"), "{}", answer.error());
}

#[tokio::test]
async fn the_systems_authorities_do_not_know_it() {
    let answer = asked(&[(&["tls"], json!({"mode": "verify-full"}))]).await;
    assert!(answer.error().to_string().to_lowercase().contains("certificate"), "{}", answer.error());
}

#[tokio::test]
async fn another_name_is_refused() {
    let server = Server::from_environment();
    let answer = asked(&[(&["host"], json!(server.address))]).await;
    let text = answer.error().to_string().to_lowercase();
    assert!(text.contains("certificate") && text.contains("127.0.0.1"), "{text}");
}

#[tokio::test]
async fn another_name_that_was_configured() {
    let server = Server::from_environment();
    let keys: &[(&[&str], _)] = &[(&["host"], json!(server.address)), (&["tls", "server_name"], json!(server.host))];
    assert_eq!(asked(keys).await.cell(), json!(true));
}

#[tokio::test]
async fn the_chain_alone() {
    let server = Server::from_environment();
    let keys: &[(&[&str], _)] = &[(&["host"], json!(server.address)), (&["tls", "mode"], json!("verify-ca"))];
    assert_eq!(asked(keys).await.cell(), json!(true));
    let keys: &[(&[&str], _)] = &[(&["tls", "mode"], json!("verify-ca")), (&["tls", "ca_file"], json!(server.other_ca_file))];
    assert!(asked(keys).await.is_error());
}

#[tokio::test]
async fn encrypted_to_whoever_answers() {
    let server = Server::from_environment();
    let keys: &[(&[&str], _)] = &[(&["host"], json!(server.address)), (&["tls"], json!({"mode": "require-unverified"}))];
    assert_eq!(asked(keys).await.cell(), json!(true));
}

#[tokio::test]
async fn none_where_none_is_wanted() {
    assert_eq!(asked(&[(&["tls"], json!({"mode": "off"}))]).await.cell(), json!(false));
}

/// A server without TLS, and a host that wants it: an error, never a connection in the clear.
#[tokio::test]
async fn a_server_without_tls_is_refused() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let seen = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut received = vec![0; 8];
        stream.read_exact(&mut received).await.expect("an SSLRequest");
        stream.write_all(b"N").await.expect("no");
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), stream.read_to_end(&mut received)).await;
        received
    });
    let answer = asked(&[(&["port"], json!(port))]).await;
    assert!(answer.error().to_string().contains("TLS"), "{}", answer.error());
    assert_eq!(seen.await.expect("the bytes").len(), 8, "nothing but the SSLRequest was sent");
}

/// CVE-2021-23222: what comes before the handshake is not to be taken for what comes after it.
#[tokio::test]
async fn bytes_stuffed_before_the_handshake_are_refused() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let _server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut received = [0; 8];
        stream.read_exact(&mut received).await.expect("an SSLRequest");
        // `S`, and an AuthenticationOk that no TLS protects.
        stream.write_all(b"SR\0\0\0\x08\0\0\0\0Z\0\0\0\x05I").await.expect("sent");
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    });
    let answer = asked(&[(&["port"], json!(port)), (&["pool", "connect_timeout"], json!("3s"))]).await;
    assert!(answer.is_error(), "{}", answer.raw());
}

#[tokio::test]
async fn a_client_certificate() {
    let server = Server::from_environment();
    let user = server.user("certificate").clone();
    let certificate = |cert: &std::path::Path, key: &std::path::Path| json!({"mode": "verify-full", "ca_file": server.ca_file, "client_certificate": cert, "client_key": key});
    let run = async |tls: Value| {
        let config = bulkhead_tests::Config::new().database("pg", server.entry(&user)).set(&["databases", "pg", "tls"], tls);
        let host = bulkhead_tests::Host::start(config).await;
        host.client().await.query("pg", "SELECT current_user::text").await
    };
    let good = run(certificate(&server.client_cert, &server.client_key)).await;
    assert_eq!(good.cell(), json!(user.name));
    assert!(run(certificate(&server.other_client_cert, &server.other_client_key)).await.is_error(), "an untrusted one");
    assert!(run(json!({"mode": "verify-full", "ca_file": server.ca_file})).await.is_error(), "none");
}
