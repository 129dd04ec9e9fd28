//! Databases, as whoever runs the server sees them.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::routes::Name;
use super::{Desk, routes};
use crate::database::Database;
use crate::error::kind_name;
use crate::registry::{Snapshot, Unavailable};
use crate::render;

/// How long a probe is waited for: as long as a person watches. It goes on without us.
const PATIENCE: Duration = Duration::from_secs(15);

/// All of them.
pub(super) async fn list(State(desk): State<Arc<Desk>>) -> Response {
    let snapshot = desk.registry.current();
    let mut entries: Vec<(&str, Value)> = snapshot.databases().map(|database| (database.id(), open(database))).collect();
    entries.extend(snapshot.unavailable().map(|(id, known)| (id, unavailable(id, known))));
    entries.sort_by_key(|(id, _)| *id);
    let entries: Vec<Value> = entries.into_iter().map(|(_, entry)| entry).collect();
    routes::answer(StatusCode::OK, &json!({"databases": entries}))
}

/// One.
pub(super) async fn show(State(desk): State<Arc<Desk>>, Name(id): Name) -> Response {
    match found(&desk.registry.current(), &id) {
        Some((_, entry)) => routes::answer(StatusCode::OK, &entry),
        None => none(&id),
    }
}

/// Connects to one, down or not, and shows it then.
pub(super) async fn probe(State(desk): State<Arc<Desk>>, Name(id): Name) -> Response {
    let Some((database, entry)) = found(&desk.registry.current(), &id) else { return none(&id) };
    // What can't be opened is tried by the registry itself.
    let Some(database) = database else { return routes::answer(StatusCode::OK, &entry) };
    let probing = {
        let database = database.clone();
        tokio::spawn(async move { database.probe().await })
    };
    let error = match tokio::time::timeout(PATIENCE, probing).await {
        Ok(Ok(Ok(_))) => None,
        Ok(Ok(Err(why))) => Some(json!({"kind": kind_name(why.record().kind), "message": why.record().message})),
        Ok(Err(_)) => Some(json!({"kind": "internal", "message": "the probe broke off"})),
        Err(_) => Some(json!({"kind": "timeout", "message": format!("no answer in {} s", PATIENCE.as_secs())})),
    };
    let mut entry = open(&database);
    if let (Some(entry), Some(error)) = (entry.as_object_mut(), error) {
        entry.insert("error".to_owned(), error);
    }
    routes::answer(StatusCode::OK, &entry)
}

fn found(snapshot: &Snapshot, id: &str) -> Option<(Option<Arc<Database>>, Value)> {
    if let Some(database) = snapshot.databases().find(|database| database.id() == id) {
        return Some((Some(database.clone()), open(database)));
    }
    snapshot.unavailable().find(|(known, _)| *known == id).map(|(id, known)| (None, unavailable(id, known)))
}

fn open(database: &Database) -> Value {
    let mut entry = Map::new();
    entry.insert("database_id".to_owned(), database.id().into());
    entry.insert("driver".to_owned(), database.driver().into());
    entry.insert("read_only".to_owned(), database.read_only().into());
    entry.extend(render::health(&database.health(), true));
    entry.insert("pool".to_owned(), render::pool(database.pool()));
    Value::Object(entry)
}

fn unavailable(id: &str, known: &Unavailable) -> Value {
    let since = humantime::format_rfc3339_seconds(known.since).to_string();
    json!({"database_id": id, "driver": known.driver(), "read_only": known.read_only(), "state": "down", "since": since, "error": known.reason})
}

fn none(id: &str) -> Response {
    routes::error(StatusCode::NOT_FOUND, "not-found", &format!("there is no database {id:?}"))
}
