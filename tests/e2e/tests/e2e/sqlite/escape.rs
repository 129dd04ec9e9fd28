//! One directory, and nothing outside of it.

use bulkhead_tests::{Config, Host};

use super::{Rig, command};

#[tokio::test]
async fn attach_and_extensions_are_refused_in_words() {
    let rig = Rig::start("CREATE TABLE t (n)").await;
    command(&rig.directory.join("other.db"), "CREATE TABLE secret (n); INSERT INTO secret VALUES (42)");
    for (sql, word) in [
        ("ATTACH 'other.db' AS other", "attach"),
        ("ATTACH '/etc/passwd' AS other", "attach"),
        ("SELECT load_extension('other')", "load_extension"),
        ("VACUUM INTO '../stolen.db'", ""),
        ("VACUUM INTO '/tmp/bulkhead-stolen.db'", ""),
    ] {
        let answer = rig.client.query("lite", sql).await;
        let text = answer.error().to_string().to_lowercase();
        assert!(text.contains(word), "{sql}: {text}");
    }
    assert!(!rig.directory.join("../stolen.db").exists() && !std::path::Path::new("/tmp/bulkhead-stolen.db").exists());
    assert_eq!(rig.cell("SELECT count(*) FROM t").await, "0");
}

#[tokio::test]
async fn paths_outside_of_the_directory_cannot_be_opened() {
    let outside = tempfile::tempdir().expect("a folder");
    let secret = outside.path().join("secret.db");
    command(&secret, "CREATE TABLE secret (n); INSERT INTO secret VALUES ('out of reach')");
    let config = Config::new();
    let directory = config.folder().join("data");
    std::fs::create_dir(&directory).expect("a directory");
    std::fs::create_dir(directory.join("sub")).expect("a directory");
    std::os::unix::fs::symlink(&secret, directory.join("link.db")).expect("a link");
    std::os::unix::fs::symlink(outside.path(), directory.join("sub/link")).expect("a link");
    let up = format!("../../{}/secret.db", outside.path().file_name().expect("a name").to_str().expect("UTF-8"));
    let catalogs = [
        secret.to_str().expect("UTF-8").to_owned(),
        up,
        "link.db".into(),
        "sub/link/secret.db".into(),
        "sub/../../data/../secret.db".into(),
        format!("file:{}?mode=ro", secret.display()),
        "/proc/self/root/etc/passwd".into(),
        "link.db\0.db".into(),
    ];
    let config = catalogs
        .iter()
        .enumerate()
        .fold(config, |config, (number, catalog)| config.sqlite(&format!("lite{number}"), &directory, catalog));
    let host = Host::start(config).await;
    let client = host.client().await;
    for (number, catalog) in catalogs.iter().enumerate() {
        let answer = client.query(&format!("lite{number}"), "SELECT * FROM secret").await;
        assert!(answer.is_error(), "{catalog}: {}", answer.raw());
        assert!(!answer.raw().to_string().contains("out of reach"), "{catalog}");
    }
    assert_eq!(command(&secret, "SELECT count(*) FROM secret"), "1");
}
