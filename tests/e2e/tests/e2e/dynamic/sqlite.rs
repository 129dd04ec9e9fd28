//! Embedded databases that callers name: the files of listed directories, and no way out of one.

use std::path::{Path, PathBuf};

use bulkhead_tests::raw::Raw;
use bulkhead_tests::{Client, Config, Era, Host};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{call, connected, query, structured};
use crate::sqlite::command;

/// Found in no other text: it is in the databases that mustn't be reached.
const SECRET: &str = "out-of-reach-5519";

/// A listed directory, and what is beside it.
struct Folders {
    all: TempDir,
    listed: PathBuf,
    beside: PathBuf,
}

impl Folders {
    fn new() -> Folders {
        let all = tempfile::tempdir().expect("a folder");
        let (listed, beside) = (all.path().join("listed"), all.path().join("beside"));
        for folder in [&listed, &beside, &listed.join("sub")] {
            std::fs::create_dir(folder).expect("a folder");
        }
        command(&listed.join("test.db"), "CREATE TABLE t (n); INSERT INTO t VALUES (42)");
        for file in [beside.join("secret.db"), listed.join("sub/secret.db"), listed.join(".hidden.db")] {
            command(&file, &format!("CREATE TABLE t (n); INSERT INTO t VALUES ('{SECRET}')"));
        }
        for (to, link) in [
            (beside.join("secret.db"), listed.join("link.db")),
            (beside.clone(), listed.join("way")),
            (listed.clone(), all.path().join("door")),
        ] {
            std::os::unix::fs::symlink(to, link).expect("a link");
        }
        Folders { all, listed, beside }
    }

    /// A file by its path, as a connection string.
    fn string(&self, path: &str) -> String {
        format!("sqlite://{}/{path}", self.all.path().display())
    }

    async fn host(&self, keys: &[(&str, Value)]) -> Host {
        let mut config = Config::new()
            .set(&["server", "toolsets"], json!(["sessions", "transactions", "scripts"]))
            .set(&["dynamic"], json!({"drivers": ["sqlite"], "allow_directories": [self.listed], "header": true}));
        for (key, value) in keys {
            config = config.set(&["dynamic", key], value.clone());
        }
        Host::start(config).await
    }

    /// Strings that lead to something else than a file that lies in the listed directory.
    fn hostile(&self) -> Vec<String> {
        let (listed, beside) = (self.listed.display(), self.beside.display());
        let mut strings: Vec<String> = [
            "beside/secret.db",
            "listed/../beside/secret.db",
            "listed/way/secret.db",
            "listed/sub/secret.db",
            "listed/sub/../../beside/secret.db",
            "listed/link.db",
            "listed/.hidden.db",
            "listed/none/../test.db",
            "listed/..",
            "listed/",
            "listed",
            "listed/none.db?mode=rwc",
            "listed/test.db?mode=rwc",
            "listed/test.db?cache=shared",
            "listed/test.db?vfs=unix-none&mode=ro",
            "listed/test.db?immutable=1",
            "listed/test.db?mode=memory",
            "listed/test.db#x",
            "listed/%2e%2e/beside/secret.db",
            "listed/test.db%00",
        ]
        .map(|path| self.string(path))
        .into();
        strings.extend([
            format!("file:{beside}/secret.db?mode=ro"),
            format!("file:{listed}/test.db?mode=ro&nolock=1"),
            format!("sqlite:file:{beside}/secret.db?mode=ro"),
            format!("/proc/self/root{beside}/secret.db"),
            format!("{listed}/test.db/../../beside/secret.db"),
            format!("sqlite://localhost{beside}/secret.db"),
            ":memory:".to_owned(),
            "sqlite::memory:".to_owned(),
            "sqlite:///etc/passwd".to_owned(),
            "sqlite:secret.db".to_owned(),
            "../secret.db".to_owned(),
        ]);
        strings
    }
}

fn cell(answer: &Value) -> &Value {
    &answer["rows"][0][0]
}

#[tokio::test]
async fn a_file_of_a_listed_directory() {
    let folders = Folders::new();
    let host = folders.host(&[]).await;
    let good = folders.string("listed/test.db");
    // Another name of the same directory is the same directory; and asking for less is no asking for more.
    let same = [good.clone(), folders.listed.join("test.db").display().to_string(), folders.string("door/test.db")];
    for string in same.into_iter().chain([format!("{good}?mode=ro")]) {
        for era in [Era::Stateless, Era::Sessions] {
            let client = Client::http(&host.url(), era).await;
            let (_, place) = connected(&client, json!({"connection_string": string})).await;
            assert_eq!(query(&client, &place, "SELECT n FROM t").await.cell(), json!(42), "{string}");
            assert_eq!(query(&client, &place, "INSERT INTO t VALUES (1)").await.error()["kind"], "read-only");
            let mut raw = Raw::http(&host.url(), era).await;
            let reply = call(&mut raw, Some(&string), false, "query", json!({"sql": "SELECT n FROM t"})).await;
            assert_eq!(cell(&structured(&reply)), &json!(42), "{}", reply.text);
        }
    }
}

#[tokio::test]
async fn where_writing_is_allowed_a_caller_may_still_ask_for_less() {
    let folders = Folders::new();
    let host = folders.host(&[("read_only", json!(false))]).await;
    let client = host.client().await;
    let (_, place) = connected(&client, json!({"connection_string": folders.string("listed/test.db")})).await;
    let _ = query(&client, &place, "INSERT INTO t VALUES (43)").await.ok();
    let (_, place) = connected(&client, json!({"connection_string": folders.string("listed/test.db?mode=ro")})).await;
    assert_eq!(query(&client, &place, "INSERT INTO t VALUES (44)").await.error()["kind"], "read-only");
    assert_eq!(command(&folders.listed.join("test.db"), "SELECT group_concat(n) FROM t"), "42,43");
}

#[tokio::test]
async fn nothing_leads_out_of_it() {
    let folders = Folders::new();
    for read_only in [true, false] {
        let host = folders.host(&[("read_only", json!(read_only)), ("max_per_session", json!(100))]).await;
        let client = Client::http(&host.url(), Era::Sessions).await;
        let mut raw = Raw::http(&host.url(), Era::Stateless).await;
        for string in folders.hostile() {
            for arguments in
                [json!({"connection_string": string}), json!({"connection_string": string, "test": false, "select": true})]
            {
                let answer = client.call("connect_database", arguments).await;
                if !answer.is_error() {
                    // It isn't looked at before it is used.
                    let used = client.call("query", json!({"sql": "SELECT * FROM t"})).await;
                    assert!(used.is_error() && !used.raw().to_string().contains(SECRET), "{string}: {}", used.raw());
                }
            }
            for sql in ["SELECT * FROM t", "SELECT 1"] {
                let reply = call(&mut raw, Some(&string), false, "query", json!({"sql": sql})).await;
                let result = structured(&reply);
                assert!(result["rows"].is_null() && !reply.text.contains(SECRET), "{string}: {}", reply.text);
            }
        }
        let parts = json!({"driver": "sqlite", "host": folders.beside, "database": "secret.db"});
        assert!(client.call("connect_database", parts).await.is_error());
        assert!(!folders.listed.join("none.db").exists());
    }
}

#[tokio::test]
async fn from_within_nothing_else_is_opened() {
    let folders = Folders::new();
    let host = folders.host(&[("read_only", json!(false))]).await;
    let client = host.client().await;
    let (_, place) = connected(&client, json!({"connection_string": folders.string("listed/test.db")})).await;
    let beside = folders.beside.join("secret.db").display().to_string();
    let stolen = folders.beside.join("stolen.db");
    for sql in [
        format!("ATTACH '{beside}' AS other"),
        format!("ATTACH 'file:{beside}?mode=ro' AS other"),
        "ATTACH '../beside/secret.db' AS other".to_owned(),
        "ATTACH 'link.db' AS other".to_owned(),
        "ATTACH 'sub/secret.db' AS other".to_owned(),
        "ATTACH '' AS other".to_owned(),
        format!("VACUUM INTO '{}'", stolen.display()),
        format!("SELECT load_extension('{beside}')"),
        "PRAGMA temp_store_directory = '/tmp'".to_owned(),
    ] {
        assert!(query(&client, &place, &sql).await.is_error(), "{sql}");
        let script = json!({"sql": sql, "database_id": place["database_id"], "session": place["session"]});
        assert!(client.call("execute_script", script).await.is_error(), "{sql}");
    }
    // Another file of the directory is another database, which the caller has to be let connect to.
    let mut other = place.clone();
    other["database"] = json!("link.db");
    assert!(query(&client, &other, "SELECT * FROM t").await.is_error());
    assert!(!stolen.exists());
    assert_eq!(query(&client, &place, "SELECT n FROM t").await.cell(), json!(42));
    assert!(Path::new(&beside).exists() && !host.log().contains(SECRET));
}
