//! The administrator's changes, and the configuration as it stands.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::routes::Name;
use super::{Desk, routes};
use crate::config::{Section, wrong_key};
use crate::registry::Changes;
use crate::reload::Refused;

/// Reads the configuration anew.
pub(super) async fn reload(State(desk): State<Arc<Desk>>) -> Response {
    answer(desk.reloader.reload().await.map_err(Refused::Wrong))
}

/// Puts a database in the place of what there is.
pub(super) async fn put_database(State(desk): State<Arc<Desk>>, Name(id): Name, body: Bytes) -> Response {
    put(&desk, Section::Databases, &id, &body).await
}

/// Takes a database away.
pub(super) async fn delete_database(State(desk): State<Arc<Desk>>, Name(id): Name) -> Response {
    answer(desk.reloader.change(Section::Databases, &id, None).await)
}

/// Puts a policy.
pub(super) async fn put_policy(State(desk): State<Arc<Desk>>, Name(name): Name, body: Bytes) -> Response {
    put(&desk, Section::Policies, &name, &body).await
}

/// Takes a policy away.
pub(super) async fn delete_policy(State(desk): State<Arc<Desk>>, Name(name): Name) -> Response {
    answer(desk.reloader.change(Section::Policies, &name, None).await)
}

/// Puts a saved statement.
pub(super) async fn put_statement(State(desk): State<Arc<Desk>>, Name(name): Name, body: Bytes) -> Response {
    put(&desk, Section::Statements, &name, &body).await
}

/// Takes a saved statement away.
pub(super) async fn delete_statement(State(desk): State<Arc<Desk>>, Name(name): Name) -> Response {
    answer(desk.reloader.change(Section::Statements, &name, None).await)
}

/// Back to what the file says.
pub(super) async fn forget(State(desk): State<Arc<Desk>>) -> Response {
    answer(desk.reloader.forget_changes().await.map_err(Refused::Wrong))
}

/// How the configuration stands: what was changed over the file, and whether the last change was taken. No entry is shown.
pub(super) async fn show(State(desk): State<Arc<Desk>>) -> Response {
    let overlay = desk.reloader.overlay().await;
    let said = |section| -> Map<String, Value> {
        overlay.entries(section).map(|(name, put)| (name.to_owned(), json!(if put { "put" } else { "removed" }))).collect()
    };
    let changes: Map<String, Value> =
        Section::ALL.into_iter().map(|section| (section.key().to_owned(), said(section).into())).collect();
    let status = desk.registry.status();
    let refused = status.refused.map(|(at, why)| json!({"at": humantime::format_rfc3339_seconds(at).to_string(), "reason": why}));
    let snapshot = desk.registry.current();
    routes::answer(
        StatusCode::OK,
        &json!({
            "databases": snapshot.databases().count(),
            "unavailable": snapshot.unavailable().count(),
            "taken": status.taken,
            "refusals": status.refusals,
            "refused": refused,
            "changes": changes,
        }),
    )
}

async fn put(desk: &Desk, section: Section, name: &str, body: &[u8]) -> Response {
    // Not the parser's words: they may repeat a value.
    let Ok(entry) = serde_json::from_slice::<Value>(body) else {
        return routes::error(
            StatusCode::BAD_REQUEST,
            "bad-request",
            "the body is the entry as JSON, as it would stand in the file",
        );
    };
    if let Some(fault) = std::str::from_utf8(body).ok().and_then(wrong_key) {
        return routes::error(StatusCode::BAD_REQUEST, "bad-request", &fault.to_string());
    }
    answer(desk.reloader.change(section, name, Some(entry)).await)
}

fn answer(outcome: Result<Changes, Refused>) -> Response {
    match outcome {
        Ok(Changes { added, changed, removed, down }) => {
            routes::answer(StatusCode::OK, &json!({"added": added, "changed": changed, "removed": removed, "down": down}))
        }
        Err(Refused::Unknown(what)) => routes::error(StatusCode::NOT_FOUND, "not-found", &what),
        Err(Refused::Wrong(why)) => {
            routes::error(StatusCode::UNPROCESSABLE_ENTITY, "refused", &format!("{why:#}; everything stays as it was"))
        }
    }
}
