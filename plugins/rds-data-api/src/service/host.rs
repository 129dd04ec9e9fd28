//! The service of a component: `wasi:http`, whose requests the host signs.

use super::{Answer, Service, Unanswered};
use crate::protocol::Operation;
use bulkhead_driver::call::{self, Interruption};
use bulkhead_driver::log::{self, Level};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme};
use wasip2::io::streams::StreamError;

/// The name of the database's endpoint: the host puts its address in.
const ENDPOINT: &str = "primary";
/// What one write into a body may be without asking (`wasi:io` allows 4,096 bytes).
const CHUNK: usize = 4_096;
/// What one read is asked for: an answer is at most a few of these.
const READ: u64 = 256 * 1024;
/// Where the exception's name is.
const ERROR_TYPE: &str = "x-amzn-errortype";

/// The host.
#[derive(Debug, Default)]
pub struct Host;

impl Service for Host {
    fn call(&mut self, operation: Operation, body: &[u8]) -> Result<Answer, Unanswered> {
        let response = send(operation, body)?;
        let headers = response.headers();
        let error_type = headers.get(ERROR_TYPE).into_iter().next().and_then(|value| String::from_utf8(value).ok());
        drop(headers);
        Ok(Answer { status: response.status(), error_type, body: read(&response)? })
    }

    fn wait(&mut self, milliseconds: u32) -> Option<Interruption> {
        call::wait(milliseconds)
    }

    fn random(&mut self) -> u32 {
        getrandom::u32().unwrap_or_default()
    }

    fn note(&mut self, message: &str) {
        log::log(Level::Info, message);
    }
}

fn send(operation: Operation, body: &[u8]) -> Result<IncomingResponse, Unanswered> {
    let wrong = || Unanswered::Lost("a request can't be made".to_owned());
    let fields = Fields::from_list(&[
        ("content-type".to_owned(), b"application/json".to_vec()),
        ("content-length".to_owned(), body.len().to_string().into_bytes()),
    ])
    .map_err(|_| wrong())?;
    let request = OutgoingRequest::new(fields);
    request.set_method(&Method::Post).map_err(|()| wrong())?;
    request.set_scheme(Some(&Scheme::Https)).map_err(|()| wrong())?;
    request.set_authority(Some(ENDPOINT)).map_err(|()| wrong())?;
    request.set_path_with_query(Some(operation.path())).map_err(|()| wrong())?;
    let outgoing = request.body().map_err(|()| wrong())?;
    let future = handle(request, None).map_err(unanswered)?;
    let written = write(&outgoing, body);
    // Whether all was written or not, what the host says of it is in the answer.
    if written.is_ok() {
        OutgoingBody::finish(outgoing, None).map_err(unanswered)?;
    }
    future.subscribe().block();
    match future.get() {
        Some(Ok(answer)) => answer.map_err(unanswered),
        _ => Err(wrong()),
    }
}

fn write(outgoing: &OutgoingBody, body: &[u8]) -> Result<(), StreamError> {
    let Ok(stream) = outgoing.write() else {
        return Err(StreamError::Closed);
    };
    for chunk in body.chunks(CHUNK) {
        stream.blocking_write_and_flush(chunk)?;
    }
    Ok(())
}

fn read(response: &IncomingResponse) -> Result<Vec<u8>, Unanswered> {
    let lost = |why: &str| Unanswered::Lost(why.to_owned());
    let body: IncomingBody = response.consume().map_err(|()| lost("there is no body"))?;
    let stream = body.stream().map_err(|()| lost("there is no body"))?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(READ) {
            Ok(mut part) if bytes.is_empty() => bytes = std::mem::take(&mut part),
            Ok(part) => bytes.extend_from_slice(&part),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(why)) => return Err(lost(&why.to_debug_string())),
        }
    }
}

/// What the host says in the codes of `wasi:http`.
fn unanswered(code: ErrorCode) -> Unanswered {
    match code {
        ErrorCode::ConnectionTerminated => Unanswered::Interrupted(Interruption::Cancelled),
        ErrorCode::HttpResponseTimeout => Unanswered::Interrupted(Interruption::Timeout),
        ErrorCode::HttpRequestDenied => Unanswered::Denied,
        ErrorCode::HttpResponseBodySize(_) => Unanswered::TooLarge,
        ErrorCode::InternalError(Some(words)) => match words.split_once(": ") {
            Some(("credentials", why)) => Unanswered::Credentials(why.to_owned()),
            Some(("unreachable", why)) => Unanswered::Unreachable(why.to_owned()),
            Some(("lost", why)) => Unanswered::Lost(why.to_owned()),
            _ => Unanswered::Lost(words),
        },
        other => Unanswered::Lost(format!("{other:?}")),
    }
}
