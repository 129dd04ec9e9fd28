//! A driver that authenticated by SCRAM and then shows its whole memory: the password isn't in it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bulkhead_tests::postgres::Server;
use bulkhead_tests::{Config, Host, environment};
use serde_json::{Value, json};

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
        let path = environment::hostile_drivers().join("hostile-postgres.wasm");
        let mut entry = server.entry(user);
        entry["driver"] = json!("hostile-postgres");
        entry["pool"] = json!({"max": 1});
        let config = Config::new().set(&["drivers", "settings", "hostile-postgres"], json!({"path": path})).database("pg", entry);
        let host = Host::start(config).await;
        let client = host.client().await;
        for _ in 0..3 {
            let answer = client.query("pg", "SELECT current_user::text, 'a marker in memory'").await;
            assert_eq!(answer.rows()[0][0], json!(user.name));
        }
        let memory = Memory::of(&client.query("pg", "SELECT 'DUMP MEMORY'").await.cell());
        assert!(memory.holds(b"a marker in memory"), "{purpose}: it is this connection's memory");
        assert!(memory.holds(user.name.as_bytes()), "{purpose}: the user's name");
        memory.holds_no_secret(user.password.as_deref().expect("a password"));
    }
}

struct Memory(Vec<u8>);

impl Memory {
    fn of(cell: &Value) -> Memory {
        let bytes = BASE64_STANDARD.decode(cell.as_str().expect("bytes")).expect("base64");
        assert!(bytes.len() > 10_000, "all of the memory: {} bytes", bytes.len());
        Memory(bytes)
    }

    fn holds(&self, needle: &[u8]) -> bool {
        self.0.windows(needle.len()).any(|window| window == needle)
    }

    /// Not the password, in no form that a protocol sends it in, and no part of it that would be most of it.
    fn holds_no_secret(&self, password: &str) {
        assert!(!self.holds(password.as_bytes()), "the password");
        let utf16: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(!self.holds(&utf16), "the password in UTF-16");
        assert!(!self.holds(BASE64_STANDARD.encode(password).as_bytes()), "the password in base64");
        // Passwords of the tests are a word, a hyphen and 24 random digits: any 12 of those are too many.
        let random = password.rsplit_once('-').expect("a random part").1;
        for part in random.as_bytes().windows(12) {
            assert!(!self.holds(part), "a part of the password");
        }
    }
}
