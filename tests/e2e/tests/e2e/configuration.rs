//! Files that can't be used are refused before anything listens, with the key; and the cache of compiled drivers is believed
//! only where it is whole and this user's own.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bulkhead_tests::{Config, Host, environment, run};
use serde_json::{Value, json};

async fn refused(config: Config) -> String {
    let (status, told) = Host::refused(&config).await;
    assert!(!status.success(), "{told}");
    assert!(!told.contains("panicked"), "{told}");
    told
}

#[tokio::test]
async fn mistakes_are_named_by_their_key() {
    let base = || Config::new().hostile("main", json!({}));
    let of = |path: &[&str], value: Value| base().set(path, value);
    for (config, words) in [
        (of(&["databases", "main", "prot"], json!(1)), &["prot"][..]),
        (of(&["databases", "main", "port"], json!(70_000)), &["databases.main.port", "65535", "bulkhead.yaml:"]),
        (of(&["databases", "main", "statement_timeout"], json!("soon")), &["statement_timeout", "30s"]),
        (of(&["databases", "main", "pool"], json!({"max": 0})), &["pool.max"]),
        (of(&["databases", "main", "pool"], json!({"max": 1, "min": 2})), &["pool.min"]),
        (of(&["databases", "main", "tls"], json!({"mode": "perhaps"})), &["databases.main.tls.mode", "verify-full"]),
        (of(&["databases", "main", "tls"], json!({"client_certificate": "c.pem"})), &["client_key"]),
        (of(&["databases", "main", "options"], json!({"fault": 7})), &["fault", "main"]),
        (of(&["databases", "main", "options"], json!({"surprise": 7})), &["surprise", "main"]),
        (of(&["databases", "white space"], json!({"driver": "hostile", "host": "h"})), &["white space"]),
        (of(&["default_database"], json!("other")), &["other"]),
        (of(&["drivers", "settings", "hostile", "sha256"], json!("abc")), &["sha256"]),
        (
            of(&["drivers", "settings", "hostile", "grants"], json!(["everything"])),
            &["drivers.settings.hostile.grants", "signed-http"],
        ),
        (of(&["server", "listen"], json!("not an address")), &["server.listen", "127.0.0.1:8000"]),
        (of(&["surprise"], json!(true)), &["surprise"]),
    ] {
        let told = refused(config).await;
        for word in words {
            assert!(told.contains(word), "{word}: {told}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_none() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text, word) in [
        ("broken.yaml", "databases: [", "broken.yaml"),
        ("list.yaml", "- 1\n- 2\n", "list.yaml"),
        ("empty.yaml", "", "empty.yaml"),
        ("bomb.yaml", BOMB, "bomb.yaml"),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("a file");
        let (status, told) = run(&["serve", "--config", file.to_str().expect("UTF-8")]).await;
        assert!(!status.success() && told.contains(word), "{name}: {told}");
        assert!(told.len() < 10_000, "{name}: {} bytes of error", told.len());
    }
    let (status, told) = run(&["serve", "--config", "/nowhere/bulkhead.yaml"]).await;
    assert!(!status.success() && told.contains("/nowhere/bulkhead.yaml"), "{told}");
}

/// Nine references in nine levels: written out, a gigabyte.
const BOMB: &str = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: &h [*g,*g,*g,*g,*g,*g,*g,*g,*g]\ndatabases: *h\n";

#[tokio::test]
async fn a_port_that_is_taken() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    let told = refused(Config::new().hostile("main", json!({})).set(&["server", "listen"], json!(address))).await;
    assert!(told.contains(&address), "{told}");
}

async fn answers(config: Config) -> String {
    let host = Host::start(config).await;
    assert_eq!(host.client().await.query("main", "SELECT 1").await.cell(), "SELECT 1");
    host.log()
}

/// The one compiled driver in a cache.
fn entry(cache: &Path) -> PathBuf {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(cache).expect("the cache").map(|entry| entry.expect("an entry").path()).collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.remove(0)
}

#[tokio::test]
async fn compiled_drivers_are_kept_and_never_believed_blindly() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join("cache");
    let config = || Config::new().hostile("main", json!({})).set(&["drivers", "cache"], json!(cache));
    let _ = answers(config()).await;
    let file = entry(&cache);
    let whole = std::fs::read(&file).expect("the entry");
    let mode = |path: &Path| std::fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
    assert_eq!((mode(&cache), mode(&file)), (0o700, 0o600));

    let written = std::fs::metadata(&file).expect("metadata").modified().expect("a time");
    let _ = answers(config()).await;
    assert_eq!(std::fs::metadata(&file).expect("metadata").modified().expect("a time"), written, "it was used as it is");

    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let foreign = std::fs::read(environment::hostile_drivers().join("hostile.wasm")).expect("the driver");
    for (what, damaged) in [
        ("a flipped bit at the end", flipped(whole.len() - 1)),
        ("a flipped bit in the middle", flipped(whole.len() / 2)),
        ("a flipped bit at the start", flipped(0)),
        ("half of it", whole[..whole.len() / 2].to_vec()),
        ("nothing", Vec::new()),
        ("something else", foreign),
    ] {
        std::fs::write(&file, damaged).expect("written");
        let log = answers(config()).await;
        assert_eq!(std::fs::read(entry(&cache)).expect("the entry").len(), whole.len(), "{what}: compiled again");
        assert!(log.contains("compiling it again"), "{what}: {log}");
    }
}

#[tokio::test]
async fn a_cache_that_others_can_write_is_not_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join("cache");
    std::fs::create_dir(&cache).expect("a folder");
    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o777)).expect("a mode");
    let log = answers(Config::new().hostile("main", json!({})).set(&["drivers", "cache"], json!(cache))).await;
    assert!(log.contains("0700"), "{log}");
    assert_eq!(std::fs::read_dir(&cache).expect("the cache").count(), 0);
}
