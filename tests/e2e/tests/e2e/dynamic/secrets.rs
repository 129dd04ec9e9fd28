//! A caller's password is in nothing that the host says: no answer, no log at any level, no list.

use std::time::Duration;

use bulkhead_tests::postgres::{Server, User};
use bulkhead_tests::raw::Raw;
use bulkhead_tests::{Era, Host};
use serde_json::json;

use super::{call, config, string};

/// Everything that can be logged, but for the compiler's own.
const LOG: &str =
    "trace,cranelift_codegen=off,cranelift_frontend=off,cranelift_wasm=off,wasmtime_cranelift=off,wasmtime=off,regalloc2=off";

#[tokio::test]
async fn it_is_nowhere() {
    let server = Server::from_environment();
    let (role, other) = (server.role("dynamic_secret"), server.role("dynamic_secret"));
    let wrong = User { password: Some("wr0ng-tr0ub4dor".to_owned()), ..other.clone() };
    let secrets = [other.password.clone().unwrap(), wrong.password.clone().unwrap()];
    let host = Host::start_with(config(&server, &role, &[]), &[("BULKHEAD_LOG", LOG)]).await;
    let (good, bad) = (string(&server, &other), string(&server, &wrong));
    let mut said = String::new();
    for era in [Era::Stateless, Era::Sessions] {
        let mut raw = Raw::http(&host.url(), era).await;
        for through in [false, true] {
            for given in [&good, &bad] {
                for (tool, arguments) in [
                    ("query", json!({"sql": "SELECT 1"})),
                    ("query", json!({"sql": "SELECT nonsense"})),
                    ("query", json!({"sql": "SELECT 1", "as_resource": true})),
                    ("list_databases", json!({})),
                    ("health_check", json!({})),
                    ("user_info", json!({})),
                    ("list_sessions", json!({})),
                    ("nothing", json!({})),
                ] {
                    said += &call(&mut raw, Some(given), through, tool, arguments).await.text;
                }
                said += &call(&mut raw, None, through, "connect_database", json!({"connection_string": given})).await.text;
                let parts = json!({"driver": "postgres", "host": server.host, "port": server.port, "user": other.name, "password": secrets[1]});
                said += &call(&mut raw, None, through, "connect_database", parts).await.text;
                said += &call(&mut raw, None, through, "list_databases", json!({})).await.text;
            }
            for method in ["tools/list", "resources/list", "prompts/list"] {
                let request = raw.request(method, json!({})).to_string();
                said += &raw.send(request.as_bytes(), &[("mcp-method", method), (super::HEADER, &good)]).await.text;
            }
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let log = host.log();
    assert!(log.contains("DEBUG"), "everything is logged");
    for secret in secrets {
        assert!(!said.contains(&secret), "an answer holds it");
        let line = log.lines().find(|line| line.contains(&secret));
        assert!(line.is_none(), "a log line holds it: {line:?}");
    }
}
