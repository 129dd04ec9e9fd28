//! Ways to log in: the driver proves the password without having it, and the host never sends it in the clear.

use bulkhead_tests::postgres::{Server, User};
use bulkhead_tests::{Answer, Config, Host};
use serde_json::{Value, json};

async fn log_in(user: &User, keys: &[(&[&str], Value)]) -> (Answer, Host) {
    let server = Server::from_environment();
    let mut config = Config::new().database("pg", server.entry(user));
    for (path, value) in keys {
        config = config.set(&[&["databases", "pg"], *path].concat(), value.clone());
    }
    let host = Host::start(config).await;
    (host.client().await.query("pg", "SELECT current_user::text").await, host)
}

#[tokio::test]
async fn every_method_over_tls() {
    let server = Server::from_environment();
    for purpose in ["owner", "md5", "cleartext", "tls_only"] {
        let user = server.user(purpose);
        let (answer, host) = log_in(user, &[]).await;
        assert_eq!(answer.cell(), json!(user.name), "{purpose}");
        assert!(!host.log().contains(user.password.as_deref().expect("a password")), "{purpose}: the log");
    }
}

#[tokio::test]
async fn scram_and_a_certificate() {
    let server = Server::from_environment();
    let user = server.user("scram_and_certificate");
    let keys: &[(&[&str], _)] =
        &[(&["tls", "client_certificate"], json!(server.client_cert)), (&["tls", "client_key"], json!(server.client_key))];
    assert_eq!(log_in(user, keys).await.0.cell(), json!(user.name));
    assert!(log_in(user, &[]).await.0.is_error());
}

#[tokio::test]
async fn without_tls_scram_and_md5_but_never_the_password_itself() {
    let server = Server::from_environment();
    let off: &[(&[&str], _)] = &[(&["tls"], json!({"mode": "off"}))];
    for purpose in ["owner", "md5"] {
        let user = server.user(purpose);
        assert_eq!(log_in(user, off).await.0.cell(), json!(user.name), "{purpose}");
    }
    let (answer, _) = log_in(server.user("cleartext"), off).await;
    assert_eq!(answer.error()["kind"], "authentication", "{}", answer.error());
    assert!(answer.error().to_string().contains("TLS"), "{}", answer.error());
    assert!(log_in(server.user("tls_only"), off).await.0.is_error());
}

/// With TLS a server that offers it is asked for SCRAM-SHA-256-PLUS, and `channel_binding: require` insists on it.
#[tokio::test]
async fn channel_binding() {
    let server = Server::from_environment();
    let user = server.user("owner");
    for binding in ["prefer", "require", "disable"] {
        let (answer, _) = log_in(user, &[(&["options", "channel_binding"], json!(binding))]).await;
        assert_eq!(answer.cell(), json!(user.name), "{binding}");
    }
    let without: &[(&[&str], _)] = &[(&["options", "channel_binding"], json!("require")), (&["tls"], json!({"mode": "off"}))];
    assert!(log_in(user, without).await.0.is_error(), "no TLS to bind to");
    let md5 = server.user("md5");
    let (answer, _) = log_in(md5, &[(&["options", "channel_binding"], json!("require"))]).await;
    assert!(answer.is_error(), "md5 binds nothing");
}

#[tokio::test]
async fn a_wrong_password_is_an_authentication_error() {
    let server = Server::from_environment();
    for purpose in ["owner", "md5", "cleartext"] {
        let wrong = User { name: server.user(purpose).name.clone(), password: Some("wrong-but-secret-81723".into()) };
        let (answer, host) = log_in(&wrong, &[]).await;
        assert_eq!(answer.error()["kind"], "authentication", "{purpose}: {}", answer.error());
        assert_eq!(answer.error()["sqlstate"], "28P01", "{purpose}: {}", answer.error());
        assert!(!answer.raw().to_string().contains("81723") && !host.log().contains("81723"), "{purpose}");
    }
    let nobody = User { name: server.user("owner").name.clone(), password: None };
    let (answer, _) = log_in(&nobody, &[]).await;
    assert_eq!(answer.error()["kind"], "authentication", "{}", answer.error());
}

#[tokio::test]
async fn a_password_from_the_environment_or_a_file() {
    let server = Server::from_environment();
    let user = server.user("owner");
    let password = user.password.clone().expect("a password");
    let entry = |reference: &str| {
        let mut entry = server.entry(user);
        entry["password"] = json!(reference);
        entry
    };
    let config = Config::new();
    let file = config.folder().join("password");
    std::fs::write(&file, format!("{password}\n")).expect("a file");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
    let config = config.database("from-env", entry("env:TEST_DATABASE_PASSWORD")).database("from-file", entry("file:password"));
    let host = Host::start_with(config, &[("TEST_DATABASE_PASSWORD", &password)]).await;
    let client = host.client().await;
    for database in ["from-env", "from-file"] {
        assert_eq!(client.query(database, "SELECT current_user::text").await.cell(), json!(user.name));
    }
}

/// SASLprep: a password outside of ASCII is prepared as the server prepared it.
#[tokio::test]
async fn passwords_outside_of_ascii() {
    let server = Server::from_environment();
    for password in ["pässwörd ✓ 密码", "I\u{00AD}X", "ª\u{00A0}b", "plain'quote\\back"] {
        let mut role = server.role("saslprep");
        server.sql(&format!("ALTER ROLE {} PASSWORD $pw${password}$pw$", role.name));
        role.password = Some(password.into());
        assert_eq!(log_in(&role, &[]).await.0.cell(), json!(role.name), "{password}");
    }
}
