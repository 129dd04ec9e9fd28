//! Who is let in.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONNECTION, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;

use super::routes;
use super::token::Token;
use crate::config::AdminConfig;
use crate::mcp::hosts;
use crate::status;

/// The largest request: a database's entry is a few kilobytes.
const MAX_BODY_BYTES: usize = 256 * 1024;
const SCHEME: &str = "bearer";

/// What requests are held against.
pub(super) struct Guard {
    token: Token,
    hosts: Vec<String>,
}

impl Guard {
    pub(super) fn new(config: &AdminConfig) -> anyhow::Result<Guard> {
        anyhow::ensure!(
            config.listen.ip().is_loopback() || config.allow_remote,
            "admin.listen: {} is not a loopback address; other machines reach it only with admin.allow_remote: true",
            config.listen
        );
        let token = Token::new(config.token.clone()).map_err(|why| anyhow::anyhow!("admin.token: {why}"))?;
        Ok(Guard { token, hosts: hosts::allowed(config.listen, &config.allowed_hosts) })
    }

    async fn refusal(&self, headers: &HeaderMap, target: &Uri) -> Option<Response> {
        let named = single(headers, HOST).filter(|host| hosts::is_allowed(&self.hosts, host));
        // A request may also name its host in place of a path alone.
        let target = target.authority().is_none_or(|host| hosts::is_allowed(&self.hosts, host.as_str()));
        if named.is_none() || !target {
            return Some(routes::error(
                StatusCode::FORBIDDEN,
                "forbidden",
                "this host isn't served: name a loopback address, or see admin.allowed_hosts",
            ));
        }
        if headers.contains_key(ORIGIN) {
            return Some(routes::error(StatusCode::FORBIDDEN, "forbidden", "this isn't for web pages"));
        }
        let presented = single(headers, AUTHORIZATION).and_then(|value| value.split_once(' '));
        let presented = presented.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME)).map(|(_, token)| token);
        let right = match presented {
            Some(token) => self.token.is(token).await,
            None => Ok(false),
        };
        match right {
            Ok(true) => None,
            Ok(false) => {
                let mut refusal = routes::error(StatusCode::UNAUTHORIZED, "unauthorized", "the admin token is missing or wrong");
                refusal.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                Some(refusal)
            }
            Err(why) => {
                tracing::error!("admin.token: {why}");
                Some(routes::error(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unavailable",
                    "the admin token can't be read; the log says why",
                ))
            }
        }
    }
}

/// Lets a request through, or answers in its place.
pub(super) async fn check(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    if [status::HEALTH, status::READY].contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    if let Some(mut refusal) = guard.refusal(&parts.headers, &parts.uri).await {
        // What else it sends isn't read.
        refusal.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        return refusal;
    }
    match crate::mcp::read(body, MAX_BODY_BYTES).await {
        Ok(body) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(refusal) => {
            let status = refusal.status();
            let mut refusal =
                routes::error(status, "bad-request", "the request is larger than 256 KiB, came too slowly, or broke off");
            refusal.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            refusal
        }
    }
}

/// The text of a header that is there exactly once.
fn single(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { None } else { first.to_str().ok() }
}
