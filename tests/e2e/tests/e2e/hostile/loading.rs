//! Components that don't fit: refused at load, with the exact mismatch or the name of what they asked for.

use bulkhead_tests::misfits::{self, Edit};
use bulkhead_tests::{Config, Host, environment, run};
use serde_json::json;

/// What callers and the log are told of the database `bad`, whose driver can't be used.
pub(super) async fn refusal(config: Config) -> String {
    let host = Host::start(config).await;
    let answer = host.client().await.query("bad", "SELECT 1").await;
    let message = answer.error()["message"].as_str().expect("words").to_owned();
    assert!(message.contains("down since"), "it was not refused: {message}");
    format!("{message}\n{}", host.log())
}

/// Puts the component where a database's driver is expected, and gives what both the server and `driver inspect` say.
async fn told_of(component: &[u8]) -> (String, String) {
    let config = Config::new();
    let file = misfits::save(config.folder(), "misfit", component);
    let config = config
        .set(&["drivers", "settings", "misfit"], json!({"path": file}))
        .hostile("bad", json!({}))
        .set(&["databases", "bad", "driver"], json!("misfit"));
    let (_, inspected) = run(&["driver", "inspect", file.to_str().expect("UTF-8")]).await;
    (refusal(config).await, inspected)
}

#[tokio::test]
async fn components_that_do_not_fit_are_refused_with_the_mismatch() {
    let misfits: &[(&str, &[Edit<'_>], &[&str])] = &[
        ("another version", &[("bulkhead:driver@0.1.0", "bulkhead:driver@0.2.0")], &["@0.2.0"]),
        ("no exports", &[("  export driver;\n", "")], &["bulkhead:driver/driver@0.1.0"]),
        ("a function missing", &[("    ping: func() -> result<readiness, error>;\n", "")], &["ping"]),
        ("a record's field of another type", &[("rows-affected: option<u64>", "rows-affected: option<u32>")], &["rows-affected"]),
        ("a record's field missing", &[("    command-tag: option<string>,\n", "")], &["command-tag", "fields"]),
        ("a variant's case added", &[("    authentication,\n", "    authentication,\n    surprise,\n")], &["16 names"]),
        ("another result", &[("manifest: func() -> driver-manifest;", "manifest: func() -> string;")], &["manifest"]),
    ];
    let mut vague = Vec::new();
    for (what, edits, words) in misfits {
        let (served, inspected) = told_of(&misfits::component(edits, &[])).await;
        for told in [served, inspected] {
            if !words.iter().any(|word| told.contains(word)) {
                vague.push(format!("{what}: none of {words:?} in: {told}"));
            }
        }
    }
    assert!(vague.is_empty(), "{}", vague.join("\n"));
}

#[tokio::test]
async fn asking_for_more_is_refused_by_name() {
    let http = "package wasi:http@0.2.3;\ninterface outgoing-handler { handle: func(); }\n";
    let sockets = "package wasi:sockets@0.2.3;\ninterface tcp { connect: func(); }\n";
    let foreign = "package someone:tool@1.0.0;\ninterface anything { all: func(); }\n";
    for (import, package, word) in [
        ("wasi:http/outgoing-handler@0.2.3", http, "wasi:http/outgoing-handler"),
        ("wasi:sockets/tcp@0.2.3", sockets, "wasi:sockets/tcp"),
        ("someone:tool/anything@1.0.0", foreign, "someone:tool/anything"),
    ] {
        let asked = format!("  import log;\n  import {import};\n");
        let component = misfits::component(&[("  import log;\n", &asked)], &[package]);
        let (served, inspected) = told_of(&component).await;
        assert!(served.contains(word), "{import}: {served}");
        assert!(inspected.contains(word), "{import}: {inspected}");
    }
}

/// A real component, made by a real compiler from code that uses the standard library's sockets.
#[tokio::test]
async fn a_driver_with_its_own_sockets_is_refused() {
    let file = environment::hostile_drivers().join("hostile-sockets.wasm");
    let config = Config::new()
        .set(&["drivers", "settings", "hostile-sockets"], json!({"path": file}))
        .hostile("bad", json!({}))
        .set(&["databases", "bad", "driver"], json!("hostile-sockets"));
    let told = refusal(config).await;
    assert!(told.contains("wasi:sockets/"), "{told}");
}

#[tokio::test]
async fn what_is_no_component_is_refused() {
    let whole = std::fs::read(environment::hostile_drivers().join("hostile.wasm")).expect("the driver");
    let module = b"\0asm\x01\0\0\0";
    let cut = &whole[..whole.len() / 2];
    let mut flipped = whole.clone();
    for at in (flipped.len() / 4..flipped.len()).step_by(997) {
        flipped[at] ^= 0x55;
    }
    for (what, bytes) in [("nothing", &b""[..]), ("text", b"not wasm"), ("a module", module), ("half", cut), ("noise", &flipped)]
    {
        let (served, inspected) = told_of(bytes).await;
        assert!(served.contains("misfit"), "{what}: {served}");
        assert!(!inspected.contains("panicked"), "{what}: {inspected}");
    }
}

/// Its manifest is asked for at load: a driver that traps there is no driver.
#[tokio::test]
async fn a_trap_in_the_manifest_is_refused() {
    let (served, inspected) = told_of(&misfits::component(&[], &[])).await;
    assert!(served.contains("misfit"), "{served}");
    assert!(served.contains("trap") || served.contains("unreachable"), "{served}");
    assert!(!inspected.contains("panicked"), "{inspected}");
}

#[tokio::test]
async fn a_component_of_another_sha256_is_refused() {
    let config =
        |sha256: &str| Config::new().hostile("bad", json!({})).set(&["drivers", "settings", "hostile", "sha256"], json!(sha256));
    let wrong = "0".repeat(64);
    let told = refusal(config(&wrong)).await;
    assert!(told.contains(&wrong) && told.contains("sha256"), "{told}");

    let (status, printed) =
        run(&["driver", "inspect", environment::hostile_drivers().join("hostile.wasm").to_str().expect("UTF-8")]).await;
    assert!(status.success(), "{printed}");
    let right = printed
        .split(|character: char| !character.is_ascii_hexdigit())
        .find(|word| word.len() == 64)
        .expect("`driver inspect` prints the sha256");
    let host = Host::start(config(right)).await;
    assert_eq!(host.client().await.query("bad", "SELECT 1").await.cell(), "SELECT 1");
}
