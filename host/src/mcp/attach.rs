//! `X-Database-Connection-String`: a request's own database.
//!
//! The header is taken out before anything else sees the request, so that nothing that logs requests can log it, and is refused where the
//! operator didn't allow it: a client that sends it believes that it is used.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::failure;
use super::handler::Handler;
use super::http::Endpoint;
use crate::config::Secret;
use crate::contract::ErrorKind;
use crate::dynamic::Attached;
use crate::error::CallError;

/// The header.
const HEADER: &str = "x-database-connection-string";
/// JSON-RPC's code for a request that can't be served as it is.
const INVALID_REQUEST: i32 = -32600;

/// A connection string that came with a request.
pub(super) struct Brought(Result<Option<Secret>, CallError>);

/// Takes the header out of a request.
pub(super) fn take(headers: &mut HeaderMap) -> Brought {
    let mut values = headers.get_all(HEADER).iter();
    let outcome = match (values.next(), values.next()) {
        (None, _) => return Brought(Ok(None)),
        (Some(_), Some(_)) => {
            Err(CallError::new(ErrorKind::InvalidValue, format!("the header {HEADER} is there more than once")))
        }
        (Some(value), None) => match std::str::from_utf8(value.as_bytes()) {
            Ok(text) => Ok(Some(Secret::new(text.to_owned()))),
            Err(_) => Err(CallError::new(ErrorKind::InvalidValue, format!("the header {HEADER} is not UTF-8"))),
        },
    };
    headers.remove(HEADER);
    Brought(outcome)
}

impl<H: Handler> Endpoint<H> {
    /// The database that a request brings with it. Who isn't let in at the endpoint learns nothing here, and changes nothing.
    ///
    /// # Errors
    /// The answer where it can't be used.
    pub(super) async fn attached(&self, brought: Brought, parts: &Parts) -> Result<Option<Attached>, Response> {
        let brought = match brought.0 {
            Ok(None) => return Ok(None),
            Ok(Some(string)) => Ok(string),
            Err(why) => Err(why),
        };
        if let Some(refusal) = self.refusal(parts).await {
            return Err(refusal);
        }
        let attached = brought.and_then(|string| self.direct.handler.attach(string)).map_err(|why| refused(&why))?;
        // Of what lasts longer than a call none has use for it.
        Ok(Some(attached).filter(|_| parts.method == Method::POST))
    }

    /// What a client is answered that isn't let in: rmcp looks at `Host` and `Origin` before anything else, and then has no answer to this
    /// method.
    pub(super) async fn refusal(&self, parts: &Parts) -> Option<Response> {
        let mut knock = Request::new(Body::empty());
        *knock.method_mut() = Method::OPTIONS;
        *knock.uri_mut() = parts.uri.clone();
        *knock.headers_mut() = parts.headers.clone();
        let answer = self.rmcp.handle(knock).await;
        (answer.status() != StatusCode::METHOD_NOT_ALLOWED).then(|| answer.map(Body::new))
    }
}

fn refused(why: &CallError) -> Response {
    let status = if why.record().retryable { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::BAD_REQUEST };
    let error = json!({"code": INVALID_REQUEST, "message": failure::text(why, None), "data": failure::document(why)});
    let body = json!({"jsonrpc": "2.0", "id": null, "error": error}).to_string();
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("X-Database-Connection-String", HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn it_is_taken_out_whatever_it_is() {
        let all: [&[&[u8]]; 4] = [&[], &[b"one"], &[b"one", b"two"], &[b"\xff"]];
        for values in all {
            let mut headers = headers(values);
            let taken = take(&mut headers).0;
            assert!(headers.is_empty());
            match values {
                [] => assert!(taken.unwrap().is_none()),
                [b"one"] => assert_eq!(taken.unwrap().unwrap().expose(), "one"),
                _ => assert_eq!(taken.unwrap_err().record().kind, ErrorKind::InvalidValue),
            }
        }
    }
}
