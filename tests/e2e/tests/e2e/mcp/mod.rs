//! The protocol as clients see it: both transports, both eras, and who is let in.

mod bad_input;
mod clients;
mod conformance;
mod data_api;
mod doors;
mod family;
mod formats;
mod kept;
mod pool_registry;
mod resources;
mod saved;
mod sse;
mod tasks;
mod text_bytes;
mod tools;
mod view;

use bulkhead_tests::Config;
use bulkhead_tests::postgres::{Server, User};

/// Both drivers: `pg`, and `lite` with a table of three fruits.
struct Both {
    config: Config,
    server: Server,
    role: User,
}

fn both() -> Both {
    let server = Server::from_environment();
    let role = server.role("mcp");
    server.sql_as(&role, "CREATE TABLE fruit (id int PRIMARY KEY, name text NOT NULL); INSERT INTO fruit VALUES (1, 'apple'), (2, 'pear'), (3, 'fig')");
    let config = Config::new();
    let directory = config.folder().join("data");
    std::fs::create_dir(&directory).expect("a directory");
    crate::sqlite::command(
        &directory.join("fruit.db"),
        "CREATE TABLE fruit (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO fruit VALUES (1, 'apple'), (2, 'pear'), (3, 'fig');",
    );
    let config = config.database("pg", server.entry(&role)).sqlite("lite", &directory, "fruit.db");
    Both { config, server, role }
}
