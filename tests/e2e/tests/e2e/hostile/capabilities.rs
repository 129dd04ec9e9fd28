//! What a driver finds when it looks where it has no business: nothing.

use bulkhead_tests::{Config, HOSTILE_PASSWORD, Host, environment};
use serde_json::json;

#[tokio::test]
async fn the_environment_and_the_arguments_are_empty() {
    for fault in ["read-environment", "read-arguments"] {
        let config = Config::new().hostile("bad", json!({"fault": fault}));
        let host = Host::start_with(config, &[("PGPASSWORD", "from-the-environment")]).await;
        let found = host.client().await.query("bad", "SELECT 1").await.cell_text();
        assert_eq!(found, "", "{fault}");
    }
}

/// The standard library's files: there are none, whatever is asked for.
#[tokio::test]
async fn there_are_no_files() {
    let path = environment::hostile_drivers().join("hostile-files.wasm");
    let config = Config::new()
        .set(&["drivers", "settings", "hostile-files"], json!({"path": path}))
        .hostile("bad", json!({}))
        .set(&["databases", "bad", "driver"], json!("hostile-files"))
        .set(&["databases", "bad", "options"], json!({}));
    let host = Host::start(config).await;
    let client = host.client().await;
    for target in ["/etc/passwd", "bulkhead.yaml", "../bulkhead.yaml", "/proc/self/environ"] {
        let found = client.query("bad", target).await.cell_text();
        assert_eq!(found, "", "{target}");
    }
    assert!(!std::path::Path::new("/tmp/bulkhead-escape").exists());
}

/// A grant to one driver, by name: then, and only then, it sees the password.
#[tokio::test]
async fn reveal_is_granted_by_name() {
    let path = environment::hostile_drivers().join("hostile-reveal.wasm");
    let config = |grants: serde_json::Value| {
        Config::new()
            .set(&["drivers", "settings", "hostile-reveal"], json!({"path": path, "grants": grants}))
            .hostile("bad", json!({}))
            .set(&["databases", "bad", "driver"], json!("hostile-reveal"))
    };
    let host = Host::start(config(json!(["reveal-secrets"]))).await;
    assert_eq!(host.client().await.query("bad", "SELECT 1").await.cell(), HOSTILE_PASSWORD);
    assert!(!host.log().contains(HOSTILE_PASSWORD));

    let told = super::loading::refusal(&config(json!([]))).await;
    assert!(told.contains("secrets-reveal"), "{told}");
}
