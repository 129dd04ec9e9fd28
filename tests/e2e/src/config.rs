//! A configuration file for one test, in a folder of its own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::environment;

/// The password of every database of the hostile driver, to be looked for where it mustn't be.
pub const HOSTILE_PASSWORD: &str = "correct-horse-battery-staple-7163";

/// What will be written into the file. JSON is YAML.
pub struct Config {
    value: Value,
    folder: TempDir,
}

impl Config {
    /// No database yet; the real drivers and the hostile one can be used.
    #[must_use]
    pub fn new() -> Config {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let value = json!({
            "server": { "listen": format!("127.0.0.1:{}", free_port()) },
            "drivers": {
                "folder": environment::drivers(),
                "cache": shared_cache(),
                "settings": { "hostile": { "path": environment::hostile_drivers().join("hostile.wasm") } },
            },
            "databases": {},
        });
        Config { value, folder }
    }

    /// Adds a database.
    #[must_use]
    pub fn database(self, id: &str, entry: Value) -> Config {
        self.set(&["databases", id], entry)
    }

    /// Adds a database of the hostile driver. `options` are the driver's: `{"fault": "spin"}`.
    #[must_use]
    pub fn hostile(self, id: &str, options: Value) -> Config {
        let entry = json!({
            "driver": "hostile",
            "host": "127.0.0.1",
            "port": 9,
            "user": "nobody",
            "password": HOSTILE_PASSWORD,
            "tls": { "mode": "off" },
            "statement_timeout": "2s",
            "pool": { "max": 2, "connect_timeout": "2s", "acquire_timeout": "1s" },
            "options": options,
        });
        self.database(id, entry)
    }

    /// Adds an SQLite database in a folder.
    #[must_use]
    pub fn sqlite(self, id: &str, directory: &Path, file: &str) -> Config {
        self.database(id, json!({ "driver": "sqlite", "directory": directory, "catalog": file }))
    }

    /// Sets one key, making the objects on the way.
    #[must_use]
    pub fn set(mut self, path: &[&str], value: Value) -> Config {
        self.put(path, value);
        self
    }

    /// The same, in place.
    ///
    /// # Panics
    /// If something on the way is no object.
    pub fn put(&mut self, path: &[&str], value: Value) {
        let mut place = &mut self.value;
        for key in path {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = place.as_object_mut().expect("an object").entry(*key).or_insert(Value::Null);
        }
        *place = value;
    }

    /// Removes one key of an object.
    ///
    /// # Panics
    /// If there is no such object.
    pub fn remove(&mut self, path: &[&str], key: &str) {
        let mut place = &mut self.value;
        for key in path {
            place = &mut place[*key];
        }
        place.as_object_mut().expect("an object").remove(key);
    }

    /// The folder of the file, for what a test wants to put beside it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the server will listen.
    #[must_use]
    pub fn address(&self) -> String {
        self.value["server"]["listen"].as_str().expect("listen").to_owned()
    }

    /// Writes the file.
    #[must_use]
    pub fn write(&self) -> PathBuf {
        self.write_text(&serde_json::to_string_pretty(&self.value).expect("JSON"))
    }

    /// Writes a text in the file's place, whole, as editors do.
    pub(crate) fn write_text(&self, text: &str) -> PathBuf {
        let (file, new) = (self.folder.path().join("bulkhead.yaml"), self.folder.path().join("bulkhead.yaml.new"));
        std::fs::write(&new, text).expect("the file is written");
        std::fs::rename(&new, &file).expect("the file is put in its place");
        file
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::new()
    }
}

/// A port that was free a moment ago.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// One cache of compiled drivers for all tests, beside the hostile drivers: each is compiled once.
fn shared_cache() -> PathBuf {
    environment::hostile_drivers().join("cache")
}
