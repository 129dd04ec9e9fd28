//! All of a driver's memory, and what mustn't be in it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::{Config, environment};

/// The statement that watched drivers answer with all of their memory: see `tests/watched`.
pub const DUMP: &str = "SELECT 'DUMP MEMORY'";
/// Less than this isn't all of it.
const LEAST: usize = 10_000;
/// Passwords and tokens of the tests are a word, a hyphen and 24 random digits or more: so many of those are too many.
const PART: usize = 12;

/// Adds a database that is served by a watched driver, `entry` but for that, with one connection: the one whose memory is shown.
#[must_use]
pub fn watched(config: Config, driver: &str, id: &str, mut entry: Value) -> Config {
    let path = environment::hostile_drivers().join(format!("{driver}.wasm"));
    entry["driver"] = json!(driver);
    entry["pool"] = json!({"max": 1});
    config.set(&["drivers", "settings", driver], json!({"path": path})).database(id, entry)
}

/// What a driver's memory held.
pub struct Memory(Vec<u8>);

impl Memory {
    /// From the cell that it came in.
    ///
    /// # Panics
    /// If that isn't all of a memory.
    #[must_use]
    pub fn of(cell: &Value) -> Memory {
        let bytes = BASE64_STANDARD.decode(cell.as_str().expect("bytes")).expect("base64");
        assert!(bytes.len() > LEAST, "all of the memory: {} bytes", bytes.len());
        Memory(bytes)
    }

    /// Whether this is in it.
    #[must_use]
    pub fn holds(&self, needle: &[u8]) -> bool {
        self.0.windows(needle.len()).any(|window| window == needle)
    }

    /// Not the secret, in no form that a protocol sends it in, and no part of it that would be most of it.
    ///
    /// # Panics
    /// If it is.
    pub fn holds_no_secret(&self, secret: &str) {
        assert!(!self.holds(BASE64_STANDARD.encode(secret).as_bytes()), "the secret in base64");
        let random = secret.rsplit_once('-').expect("a random part").1;
        assert!(random.len() >= PART, "enough of it to look for");
        for part in std::iter::once(secret).chain((0..=random.len() - PART).map(|at| &random[at..at + PART])) {
            assert!(!self.holds(part.as_bytes()), "the secret, or a part of it");
            assert!(!self.holds(&utf16(part)), "in UTF-16");
            assert!(!self.holds(&obfuscated(part)), "as LOGIN7 has it");
        }
    }
}

/// As TDS and Windows spell text.
#[must_use]
pub fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// As a password stands in LOGIN7: each byte's halves swapped, and 0xA5 over it (MS-TDS 2.2.6.4).
#[must_use]
pub fn obfuscated(text: &str) -> Vec<u8> {
    utf16(text).into_iter().map(|byte| byte.rotate_left(4) ^ 0xA5).collect()
}
