//! A session's stream of events, as a body.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use rmcp::RoleServer;
use rmcp::service::TxJsonRpcMessage;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, interval_at};
use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};

use crate::mcp::http::KEEP_ALIVE;

/// The stream: first where to post, then the answers as they come. Dropping it cancels `gone`; cancelling `gone` ends it, once what
/// waits has been sent.
pub(super) fn response(
    address: &str,
    answers: mpsc::Receiver<TxJsonRpcMessage<RoleServer>>,
    gone: CancellationToken,
) -> Response {
    let events = Events {
        first: Some(Bytes::from(format!("event: endpoint\ndata: {address}\n\n"))),
        answers,
        quiet: interval_at(Instant::now() + KEEP_ALIVE, KEEP_ALIVE),
        ended: Box::pin(gone.clone().cancelled_owned()),
        _gone: gone.drop_guard(),
    };
    let headers =
        [(CONTENT_TYPE, HeaderValue::from_static("text/event-stream")), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    (headers, Body::from_stream(events)).into_response()
}

struct Events {
    first: Option<Bytes>,
    answers: mpsc::Receiver<TxJsonRpcMessage<RoleServer>>,
    quiet: Interval,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    _gone: DropGuard,
}

impl Stream for Events {
    type Item = Result<Bytes, serde_json::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        match self.answers.poll_recv(context) {
            Poll::Ready(Some(message)) => {
                self.quiet.reset();
                return Poll::Ready(Some(event(&message)));
            }
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => {}
        }
        if self.ended.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        ready!(self.quiet.poll_tick(context));
        Poll::Ready(Some(Ok(Bytes::from_static(b":\n\n"))))
    }
}

fn event(message: &TxJsonRpcMessage<RoleServer>) -> Result<Bytes, serde_json::Error> {
    // JSON has no line break of its own, so it is one line of data.
    let mut event = b"event: message\ndata: ".to_vec();
    serde_json::to_writer(&mut event, message)?;
    event.extend_from_slice(b"\n\n");
    Ok(Bytes::from(event))
}
