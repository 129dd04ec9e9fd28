//! How many connections a session may have in use at once.

use serde_json::{Value, json};

use super::Rig;

#[tokio::test]
async fn connections_of_a_session() {
    let rig = Rig::start_with(
        "limits",
        &[
            (&["server", "sessions", "max_connections"], json!(2)),
            (&["databases", "pg", "pool", "acquire_timeout"], json!("300ms")),
            (&["databases", "pg", "pool", "max"], json!(6)),
        ],
    )
    .await;
    let session = rig.session(json!({})).await;
    let query = async |session: Option<&str>, arguments: Value| {
        let mut all = json!({"sql": "SELECT 1"});
        all.as_object_mut().expect("an object").extend(arguments.as_object().expect("an object").clone());
        if let Some(session) = session {
            all["session"] = json!(session);
        }
        rig.client.call("query", all).await
    };
    let first = rig.begin(json!({"session": session})).await;
    let _ = query(Some(&session), json!({})).await.ok();
    let second = rig.begin(json!({"session": session})).await;
    for (tool, more) in [("query", json!({"sql": "SELECT 1"})), ("list_tables", json!({})), ("begin_transaction", json!({}))] {
        let mut arguments = more;
        arguments["session"] = json!(session);
        let refused = rig.client.call(tool, arguments).await;
        let error = refused.error();
        assert_eq!((&error["kind"], &error["retryable"]), (&json!("resources"), &json!(true)), "{tool}: {error}");
        assert!(error["message"].as_str().is_some_and(|why| why.contains("max_connections")), "{error}");
    }
    // What has its connection goes on, and so does everybody else.
    let _ = query(None, json!({"transaction": first})).await.ok();
    let _ = query(None, json!({})).await.ok();
    let other = rig.session(json!({})).await;
    let _ = query(Some(&other), json!({})).await.ok();
    let _ = rig.client.call("session_info", json!({"session": session})).await.ok();
    let _ = rig.client.call("rollback", json!({"transaction": second})).await.ok();
    let _ = query(Some(&session), json!({})).await.ok();
    // Open results make room for statements, and are told of.
    let cut = json!({"sql": "SELECT n FROM generate_series(1, 9) n", "max_rows": 2});
    let cursor = query(Some(&session), cut.clone()).await.ok().structured()["cursor"].clone();
    let _ = query(Some(&session), json!({})).await.ok();
    let gone = rig.client.call("fetch_rows", json!({"cursor": cursor})).await;
    assert!(gone.error()["message"].as_str().is_some_and(|why| why.contains("make room")), "{}", gone.raw());
    // Nothing stays counted: ever so often.
    let _ = rig.client.call("commit", json!({"transaction": first})).await.ok();
    for _ in 0..5 {
        let cursor = query(Some(&session), cut.clone()).await.ok().structured()["cursor"].clone();
        let rest = rig.client.call("fetch_rows", json!({"cursor": cursor, "max_rows": 100})).await.ok();
        assert_eq!(rest.rows().len(), 7);
        let transaction = rig.begin(json!({"session": session})).await;
        let _ = rig.client.call("commit", json!({"transaction": transaction})).await.ok();
    }
    let (one, two) = (rig.begin(json!({"session": session})).await, rig.begin(json!({"session": session})).await);
    for transaction in [one, two] {
        let _ = rig.client.call("rollback", json!({"transaction": transaction})).await.ok();
    }
}

#[tokio::test]
async fn calls_of_a_session_wait_for_each_other() {
    let rig = Rig::start_with(
        "waiting",
        &[
            (&["server", "sessions", "max_connections"], json!(1)),
            (&["databases", "pg", "pool", "acquire_timeout"], json!("30s")),
        ],
    )
    .await;
    let session = rig.session(json!({})).await;
    let pid = async || {
        let arguments = json!({"session": session, "sql": "SELECT pg_backend_pid() FROM pg_sleep(0.2)"});
        rig.client.call("query", arguments).await.cell_text()
    };
    let (one, two, three) = tokio::join!(pid(), pid(), pid());
    assert!(one == two && two == three, "one after the other, on the same connection: {one} {two} {three}");
}

#[tokio::test]
async fn the_last_error_of_a_database() {
    let rig = Rig::start("trouble").await;
    let health = async || {
        let answer = rig.client.call("health_check", json!({"database_id": "pg"})).await.ok();
        answer.structured()["databases"][0].clone()
    };
    rig.server.sql(&format!("ALTER ROLE {} NOLOGIN", rig.role.name));
    let refused = rig.client.query("pg", "SELECT 1").await;
    let kind = refused.error()["kind"].clone();
    rig.server.sql(&format!("ALTER ROLE {} LOGIN", rig.role.name));
    let after = health().await;
    assert_eq!((&after["state"], after.get("error")), (&json!("healthy"), None), "{after}");
    assert_eq!(after["last_error"]["kind"], kind, "{after}");
    assert!(after["last_error"]["message"].as_str().is_some_and(|why| why.contains("log in")), "{after}");
    let at = after["last_error"]["at"].as_str().expect("a time").to_owned();
    assert!(at.ends_with('Z') && at.contains('T'), "{at}");
    assert!(!after.to_string().contains(rig.role.password.as_deref().unwrap_or("?")));
    // What a statement does wrong is nothing of the database's.
    let _ = rig.client.query("pg", "SELECT nothing").await.error();
    assert_eq!(health().await["last_error"]["at"], json!(at));
    // A lost connection is.
    let lost = rig.client.query("pg", "SELECT pg_terminate_backend(pg_backend_pid())").await;
    assert_eq!(health().await["last_error"]["kind"], lost.error()["kind"]);
    let lite = rig.client.call("health_check", json!({"database_id": "lite"})).await.ok();
    assert!(lite.structured()["databases"][0].get("last_error").is_none(), "{}", lite.raw());
}
