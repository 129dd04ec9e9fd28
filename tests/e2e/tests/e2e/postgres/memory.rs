//! A driver that authenticated by SCRAM and then shows its whole memory: the password isn't in it.

use bulkhead_tests::memory::{DUMP, Memory, watched};
use bulkhead_tests::postgres::Server;
use bulkhead_tests::{Config, Host};
use serde_json::json;

/// A driver written to steal: it logs in with a SCRAM of its own, and then shows all that it has.
#[tokio::test]
async fn a_driver_that_dumps_its_memory_does_not_contain_the_password() {
    let server = Server::from_environment();
    let user = server.user("superuser");
    for tls in ["verify-full", "off"] {
        let mut entry = server.entry(user);
        entry["driver"] = json!("hostile");
        entry["options"] = json!({"fault": "dump-memory"});
        if tls == "off" {
            entry["tls"] = json!({"mode": "off"});
        }
        let host = Host::start(Config::new().database("pg", entry)).await;
        let rows = host.client().await.query("pg", "SELECT 1").await.rows();
        assert_eq!(rows[0][0], json!(true), "it logged in, by SCRAM");
        let memory = Memory::of(&rows[0][1]);
        // What has to be there, if this is the memory of a driver that logged in.
        assert!(memory.holds(b"bulkheadhostilenonce0123"), "the client's nonce");
        assert!(memory.holds(user.name.as_bytes()), "the user's name");
        memory.holds_no_secret(user.password.as_deref().expect("a password"));
    }
}

/// The real driver, through each way to log in, in use and reset, as it is on every day.
#[tokio::test]
async fn the_real_driver_does_not_contain_the_password() {
    let server = Server::from_environment();
    for purpose in ["owner", "md5", "cleartext"] {
        let user = server.user(purpose);
        let host = Host::start(watched(Config::new(), "hostile-postgres", "pg", server.entry(user))).await;
        let client = host.client().await;
        for _ in 0..3 {
            let answer = client.query("pg", "SELECT current_user::text, 'a marker in memory'").await;
            assert_eq!(answer.rows()[0][0], json!(user.name));
        }
        let memory = Memory::of(&client.query("pg", DUMP).await.cell());
        assert!(memory.holds(b"a marker in memory"), "{purpose}: it is this connection's memory");
        assert!(memory.holds(user.name.as_bytes()), "{purpose}: the user's name");
        memory.holds_no_secret(user.password.as_deref().expect("a password"));
    }
}
