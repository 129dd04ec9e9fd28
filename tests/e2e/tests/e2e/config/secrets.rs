//! Passwords in files: as they are when a connection is made, and of nobody else's reading.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use bulkhead_tests::postgres::Server;
use bulkhead_tests::{Config, Host};
use serde_json::json;

fn write(path: &Path, text: &str, mode: u32) {
    let new = path.with_extension("new");
    std::fs::write(&new, format!("{text}\n")).expect("written");
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(mode)).expect("a mode");
    std::fs::rename(new, path).expect("put in its place");
}

#[tokio::test]
async fn a_password_that_was_changed_is_read_anew() {
    let server = Server::from_environment();
    let mut role = server.role("changing");
    let first = role.password.clone().expect("a password");
    let config = Config::new();
    let file = config.folder().join("password");
    write(&file, &first, 0o600);
    role.password = Some("unused".to_owned());
    let mut entry = server.entry(&role);
    entry["password"] = json!("file:password");
    entry["pool"] = json!({"max_lifetime": "1ms"});
    let host = Host::start(config.database("app", entry)).await;
    let client = host.client().await;
    assert_eq!(client.query("app", "SELECT current_user::text").await.cell(), json!(role.name));

    let second = "hunter22-second";
    server.sql(&format!("ALTER ROLE {} PASSWORD '{second}'", role.name));
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    assert_eq!(client.query("app", "SELECT 1").await.error()["sqlstate"], "28P01");
    write(&file, second, 0o600);
    // After a refused login calls fail at once for some seconds, but not with another password.
    assert_eq!(client.query("app", "SELECT 1::int").await.cell(), json!(1));
    assert!(!host.log().contains(second) && !host.log().contains(&first));
}

#[tokio::test]
async fn a_file_that_others_can_read_is_refused_unless_it_is_said() {
    let server = Server::from_environment();
    let user = server.user("owner");
    for (mode, allowed, fine) in [(0o600, false, true), (0o644, false, false), (0o644, true, true)] {
        let config = Config::new().set(&["secrets"], json!({"allow_readable_files": allowed}));
        write(&config.folder().join("password"), user.password.as_deref().expect("a password"), mode);
        let mut entry = server.entry(user);
        entry["password"] = json!("file:password");
        // The other works whatever becomes of the first.
        let host = Host::start(config.database("app", entry).database("other", server.entry(user))).await;
        let client = host.client().await;
        assert_eq!(client.query("other", "SELECT current_user::text").await.cell(), json!(user.name));
        let answer = client.query("app", "SELECT current_user::text").await;
        if fine {
            assert_eq!(answer.cell(), json!(user.name));
        } else {
            assert!(
                answer.error()["message"].as_str().expect("a message").contains("allow_readable_files"),
                "{}",
                answer.error()
            );
        }
    }
}
