//! What can be asked for, and how answers are written.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use serde_json::{Value, json};

use super::{Desk, changes, databases};

/// Every route behind the guard.
pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/admin/databases", get(databases::list))
        .route("/admin/databases/{id}", get(databases::show).put(changes::put_database).delete(changes::delete_database))
        .route("/admin/policies/{name}", put(changes::put_policy).delete(changes::delete_policy))
        .route("/admin/statements/{name}", put(changes::put_statement).delete(changes::delete_statement))
        .route("/admin/changes", delete(changes::forget))
        .route("/admin/configuration", get(changes::show))
        .route("/admin/reload", post(changes::reload))
        .route("/admin/databases/{id}/probe", post(databases::probe))
}

/// What a path names.
pub(super) struct Name(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Name, Response> {
        let wrong = |_| error(StatusCode::BAD_REQUEST, "bad-request", "the name in the path isn't UTF-8, percent-encoded");
        Path::from_request_parts(parts, state).await.map(|Path(name)| Name(name)).map_err(wrong)
    }
}

/// There is no such route.
pub(super) async fn nothing(uri: Uri) -> Response {
    error(StatusCode::NOT_FOUND, "not-found", &format!("there is nothing at {:?}", uri.path()))
}

/// It is there, but not for this method.
pub(super) async fn no_method(uri: Uri) -> Response {
    error(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", &format!("not with this method: {:?}", uri.path()))
}

/// An answer.
pub(super) fn answer(status: StatusCode, document: &Value) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (status, headers, format!("{document}\n")).into_response()
}

/// An error: `kind` for programs, the message for people.
pub(super) fn error(status: StatusCode, kind: &str, message: &str) -> Response {
    answer(status, &json!({"error": {"kind": kind, "message": message}}))
}
