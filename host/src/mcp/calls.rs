//! The calls that run: who still waits for each, and how they end with the process.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// How long running calls get to end by themselves once the process has been asked to stop: container runtimes kill after ten
/// seconds, and half of that is for closing connections.
const GRACE: Duration = Duration::from_secs(5);

/// All calls of the process. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Calls {
    running: TaskTracker,
    stop: CancellationToken,
}

impl Calls {
    /// Counts a call as running until the answer is dropped. None: no call begins any more.
    pub(super) fn begin(&self) -> Option<TaskTrackerToken> {
        (!self.running.is_closed()).then(|| self.running.token())
    }

    /// Returns when running calls must stop.
    pub(super) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Lets no call begin, waits for those that run, and stops the ones that outlast the grace period.
    pub(super) async fn finish(&self) {
        self.running.close();
        if tokio::time::timeout(GRACE, self.running.wait()).await.is_err() {
            tracing::warn!(calls = self.running.len(), "stopping calls that outlasted the grace period");
            self.abandon().await;
        }
    }

    /// Lets no call begin and stops those that run.
    pub(super) async fn abandon(&self) {
        self.running.close();
        self.stop.cancel();
        self.running.wait().await;
    }
}

/// In an HTTP request's extensions: its caller may hang up before the answer.
#[derive(Clone)]
pub(super) struct CallerGone(pub(super) CancellationToken);

impl CallerGone {
    /// Returns when the caller is gone; never where there is no way to tell.
    pub(super) async fn wait(this: Option<&CallerGone>) {
        match this {
            Some(CallerGone(token)) => token.cancelled().await,
            None => std::future::pending().await,
        }
    }
}
