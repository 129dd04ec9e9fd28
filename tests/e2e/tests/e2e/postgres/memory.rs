//! A driver that authenticated by SCRAM and then shows its whole memory: the password isn't in it.

use bulkhead_tests::postgres::Server;
use bulkhead_tests::{Config, Host};
use serde_json::json;

#[tokio::test]
async fn a_driver_that_dumps_its_memory_does_not_contain_the_password() {
    let server = Server::from_environment();
    for (tls, user) in [
        ("verify-full", server.user("superuser")),
        ("off", server.user("superuser")),
    ] {
        let password = user.password.clone().expect("a password");
        let mut entry = server.entry(user);
        entry["driver"] = json!("hostile");
        entry["options"] = json!({"fault": "dump-memory"});
        if tls == "off" {
            entry["tls"] = json!({"mode": "off"});
        }
        let host = Host::start(Config::new().database("pg", entry)).await;
        let answer = host.client().await.query("pg", "SELECT 1").await;
        let rows = answer.rows();
        assert_eq!(rows[0][0], json!(true), "it logged in, by SCRAM");
        let dump = base64(rows[0][1].as_str().expect("the memory"));

        let holds = |needle: &[u8]| dump.windows(needle.len()).any(|window| window == needle);
        // What has to be there, if this is the memory of a driver that logged in.
        assert!(
            holds(b"bulkheadhostilenonce0123"),
            "the client's nonce: {} bytes",
            dump.len()
        );
        assert!(holds(b"SCRAM-SHA-256"), "the mechanism");
        assert!(holds(user.name.as_bytes()), "the user's name");
        // And what mustn't, in any of the forms that a login or a server has it in.
        for secret in [
            password.as_bytes(),
            password
                .as_bytes()
                .iter()
                .rev()
                .copied()
                .collect::<Vec<_>>()
                .as_slice(),
        ] {
            assert!(!holds(secret), "the password");
        }
        let utf16: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(!holds(&utf16), "the password as UTF-16");
    }
}

/// What the host gives as base64.
fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut value, mut bits) = (0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let digit = ALPHABET
            .iter()
            .position(|letter| *letter == byte)
            .expect("base64");
        value = (value << 6 | u32::try_from(digit).expect("a digit")) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(value >> bits & 0xFF).expect("a byte"));
        }
    }
    out
}
