//! What of `wasi:http` is the host's to decide, for one instance.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderName, Request, Response, header, uri::Scheme};
use http_body_util::{BodyExt, Full, Limited};
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, Result, WasiBody, WasiHttpCtx, WasiHttpCtxView,
    WasiHttpHooks, WasiHttpView,
};

use super::{HttpError, MAX_IN_FLIGHT, MAX_REQUEST, SignedHttp};
use crate::contract::call::Interruption;
use crate::signal::Signal;
use crate::state::State;

/// What begins a header that only a signer may set.
const SIGNER: &str = "x-amz-";

/// One instance's side of `wasi:http`.
pub(crate) struct HttpState {
    context: WasiHttpCtx,
    hooks: Hooks,
}

struct Hooks {
    http: Option<Arc<SignedHttp>>,
    signal: Arc<Signal>,
    in_flight: Arc<AtomicUsize>,
}

impl HttpState {
    pub(crate) fn new(http: Option<Arc<SignedHttp>>, signal: Arc<Signal>) -> HttpState {
        HttpState { context: WasiHttpCtx::new(), hooks: Hooks { http, signal, in_flight: Arc::default() } }
    }

    /// The call in hand.
    pub(crate) fn begin(&mut self, signal: Arc<Signal>) {
        self.hooks.signal = signal;
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.http.hooks, table: &mut self.table, ctx: &mut self.http.context }
    }
}

type Answer = (Response<WasiBody>, Box<dyn Future<Output = Result<()>> + Send>);

impl WasiHttpHooks for Hooks {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(forbidden)
    }

    /// A driver always says `https`; whether there is TLS is the operator's word.
    fn is_supported_scheme(&mut self, scheme: &Scheme) -> bool {
        *scheme == Scheme::HTTPS
    }

    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        _options: Option<RequestOptions>,
        _sent: Box<dyn Future<Output = Result<()>> + Send>,
    ) -> Box<dyn Future<Output = Result<Answer>> + Send> {
        let (http, signal) = (self.http.clone(), self.signal.clone());
        let Some(place) = Place::take(&self.in_flight) else {
            return Box::new(async { Err(Error::ConnectionLimitReached) });
        };
        Box::new(async move {
            let _place = place;
            let Some(http) = http else {
                return Err(denied("this database has no endpoint for signed requests"));
            };
            let exchanged = signal.interrupt(exchange(&http, request)).await;
            let answer = exchanged.map_err(|why| match why {
                Interruption::Cancelled => Error::ConnectionTerminated,
                Interruption::Timeout => Error::HttpResponseTimeout,
            })??;
            let body = answer.map(|bytes| Full::new(bytes).map_err(|never| match never {}).boxed_unsync());
            Ok((body, Box::new(async { Ok(()) }) as Box<dyn Future<Output = Result<()>> + Send>))
        })
    }
}

async fn exchange(http: &SignedHttp, request: Request<WasiBody>) -> Result<Response<Bytes>> {
    let (head, body) = request.into_parts();
    if head.headers.keys().any(forbidden) {
        return Err(denied("a request may not carry a header of the signature's"));
    }
    let body = Limited::new(Pin::new(Box::new(body)), MAX_REQUEST)
        .collect()
        .await
        .map_err(|_| Error::HttpRequestBodySize(u64::try_from(MAX_REQUEST).ok()))?
        .to_bytes();
    http.send(Request::from_parts(head, body)).await.map_err(Error::from)
}

/// Headers that are the host's: those of a connection, and those of the signature.
fn forbidden(name: &HeaderName) -> bool {
    *name == header::AUTHORIZATION || DEFAULT_FORBIDDEN_HEADERS.contains(name) || name.as_str().starts_with(SIGNER)
}

/// A driver that does this is at fault: the operator is told, the driver only that it was refused.
fn denied(why: &str) -> Error {
    tracing::warn!(target: "driver", why, "a driver's HTTP request was refused");
    Error::HttpRequestDenied
}

impl From<HttpError> for Error {
    fn from(error: HttpError) -> Error {
        match error {
            HttpError::Denied(why) => denied(&why),
            HttpError::TooLarge => Error::HttpResponseBodySize(u64::try_from(super::MAX_RESPONSE).ok()),
            // The codes that would fit have no room for words, and these are what a person needs.
            HttpError::Credentials(why) => Error::InternalError(Some(format!("credentials: {why}"))),
            HttpError::Unreachable(why) => Error::InternalError(Some(format!("unreachable: {why}"))),
            HttpError::Lost(why) => Error::InternalError(Some(format!("lost: {why}"))),
        }
    }
}

/// One of the requests that an instance may have in flight.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(count: &Arc<AtomicUsize>) -> Option<Place> {
        if count.fetch_add(1, Ordering::AcqRel) >= MAX_IN_FLIGHT {
            count.fetch_sub(1, Ordering::AcqRel);
            return None;
        }
        Some(Place(count.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_signature_are_not_a_guests_to_set() {
        for name in ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "host", "transfer-encoding"] {
            assert!(forbidden(&HeaderName::from_static(name)), "{name}");
        }
        for name in ["content-type", "content-length", "x-amzn-errortype", "accept"] {
            assert!(!forbidden(&HeaderName::from_static(name)), "{name}");
        }
    }

    #[test]
    fn requests_in_flight_are_counted() {
        let count = Arc::default();
        let taken: Vec<_> = (0..MAX_IN_FLIGHT).map(|_| Place::take(&count).unwrap()).collect();
        assert!(Place::take(&count).is_none());
        drop(taken);
        assert!(Place::take(&count).is_some());
    }
}
