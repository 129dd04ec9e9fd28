//! Running a call so that it always ends well: in time, or told to stop, or thrown away.
//!
//! A call owns its connection. While the caller waits, it is polled by the caller's own task; when the caller goes, the call is
//! told so and finishes in a task of its own, because only then can the driver tell its server and leave the connection clean.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use crate::contract::call::Interruption;
use crate::limits::GRACE;
use crate::signal::Signal;

/// Polls `work` until it ends; after the deadline or once the signal is raised, for a grace period more.
///
/// # Errors
/// Why it should have ended, where it didn't.
pub(crate) async fn until_grace<T>(
    signal: &Signal,
    deadline: Option<Instant>,
    work: impl Future<Output = T>,
) -> Result<T, Interruption> {
    tokio::pin!(work);
    let late = async {
        match deadline {
            Some(deadline) => tokio::time::sleep_until(deadline).await,
            None => std::future::pending().await,
        }
    };
    let why = tokio::select! {
        biased;
        done = &mut work => return Ok(done),
        why = signal.wait() => why,
        () = late => {
            signal.raise(Interruption::Timeout);
            Interruption::Timeout
        }
    };
    tokio::time::timeout(GRACE, work).await.map_err(|_| why)
}

/// A future that, dropped before its end, is told to stop and finishes by itself.
pub(crate) struct Detach<T: Send + 'static> {
    work: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    signal: Arc<Signal>,
}

impl<T: Send + 'static> Detach<T> {
    pub(crate) fn new(signal: Arc<Signal>, work: impl Future<Output = T> + Send + 'static) -> Detach<T> {
        Detach { work: Some(Box::pin(work)), signal }
    }
}

impl<T: Send + 'static> Future for Detach<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let Some(work) = &mut self.work else {
            return Poll::Pending;
        };
        let done = work.as_mut().poll(cx);
        if done.is_ready() {
            self.work = None;
        }
        done
    }
}

impl<T: Send + 'static> Drop for Detach<T> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            self.signal.raise(Interruption::Cancelled);
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(work);
            }
        }
    }
}

/// How long shutting down waits for calls that were told to stop.
pub(crate) const SHUTDOWN_WAIT: Duration = GRACE.saturating_add(Duration::from_secs(1));
