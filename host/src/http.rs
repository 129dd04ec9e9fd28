//! `wasi:http/outgoing-handler`, for drivers of databases that are reached by signed requests: one database's endpoint, and
//! nothing else.
//!
//! A request goes this way: `hooks` takes it from the guest and refuses what isn't for the database's endpoint, `sign` adds
//! the signature (AWS Signature Version 4) with what `credentials` holds, `client` sends it on a pooled connection whose dial is
//! the database's own. The guest's request and the one that is sent are two: what is added here it never sees. An answer is
//! read whole before the guest gets it, within a limit; redirects are answers like any other.

mod client;
mod credentials;
mod hooks;
mod sign;

use std::time::SystemTime;

use bytes::Bytes;
use http::{Request, Response};

pub(crate) use hooks::HttpState;

use crate::config::AwsConfig;
use crate::transport::{PRIMARY, TlsClient};
use client::Client;
use credentials::CredentialsCache;

/// A request's body: the services' own limit is at or below it.
const MAX_REQUEST: usize = 4 * 1024 * 1024;
/// An answer's body. Services that answer in JSON limit it themselves, the one this is for at 1 MiB before escapes.
const MAX_RESPONSE: usize = 8 * 1024 * 1024;
/// Requests that one connection may have in flight: its own, and one to end what it does.
const MAX_IN_FLIGHT: usize = 4;

/// What services that don't answer so with 403 call keys that aren't good any more.
const BAD_KEYS: [&[u8]; 2] = [b"ExpiredTokenException", b"UnrecognizedClientException"];

/// One database's signed HTTP, or that of a service that the host asks itself.
pub(crate) struct SignedHttp {
    service: String,
    region: String,
    client: Client,
    credentials: CredentialsCache,
}

/// Why a request had no answer. Its text names no secret and may be shown.
#[derive(Debug)]
pub(crate) enum HttpError {
    /// The request isn't one that this database allows.
    Denied(String),
    /// There are no credentials.
    Credentials(String),
    /// No connection.
    Unreachable(String),
    /// The connection was lost, or what came on it isn't HTTP.
    Lost(String),
    /// The answer is too large.
    TooLarge,
}

impl SignedHttp {
    /// Prepares; loads no credentials and connects to nothing.
    pub(crate) fn new(aws: &AwsConfig, tls: Option<TlsClient>) -> Result<SignedHttp, String> {
        Ok(SignedHttp {
            service: aws.service.clone(),
            region: aws.region.clone(),
            client: Client::new(aws.endpoint()?, tls),
            credentials: CredentialsCache::new(aws),
        })
    }

    /// Signs and sends one request. Its URI's authority is the endpoint's name in the contract.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        if request.uri().authority().map(http::uri::Authority::as_str) != Some(PRIMARY) {
            return Err(HttpError::Denied(format!(
                "a request goes to an endpoint of this database, by its name ({PRIMARY}), and nowhere else"
            )));
        }
        let mut request = self.client.address(request)?;
        let credentials = self.credentials.current().await?;
        sign::sign(&mut request, &credentials, &self.service, &self.region, SystemTime::now())?;
        let answer = self.client.send(request).await?;
        if doubts_keys(&answer) {
            self.credentials.doubt(&credentials).await;
        }
        Ok(answer)
    }
}

fn doubts_keys(answer: &Response<Bytes>) -> bool {
    let named = |name: &[u8]| answer.body().windows(name.len()).any(|part| part == name);
    match answer.status() {
        http::StatusCode::FORBIDDEN => true,
        http::StatusCode::BAD_REQUEST => BAD_KEYS.into_iter().any(named),
        _ => false,
    }
}
