//! The calls that run: who still waits for each, and how they end with the process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rmcp::model::RequestId;
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
    closing: CancellationToken,
    stop: CancellationToken,
    cancellable: Arc<Mutex<Sessions>>,
}

/// Running calls that a client can cancel by their request's id, by session.
type Sessions = HashMap<Arc<str>, HashMap<RequestId, CancellationToken>>;

impl Calls {
    /// Counts a call as running until the answer is dropped. None: no call begins any more.
    pub(super) fn begin(&self) -> Option<TaskTrackerToken> {
        (!self.running.is_closed()).then(|| self.running.token())
    }

    /// Returns when no call begins any more.
    pub(super) async fn closing(&self) {
        self.closing.cancelled().await;
    }

    /// Returns when running calls must stop.
    pub(super) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Lets no call begin, waits for those that run, and stops the ones that outlast the grace period.
    pub(super) async fn finish(&self) {
        self.finish_within(GRACE).await;
    }

    async fn finish_within(&self, grace: Duration) {
        self.running.close();
        self.closing.cancel();
        if tokio::time::timeout(grace, self.running.wait()).await.is_err() {
            tracing::warn!(calls = self.running.len(), "stopping calls that outlasted the grace period");
            self.abandon().await;
        }
    }

    /// Lets no call begin and stops those that run.
    pub(super) async fn abandon(&self) {
        self.running.close();
        self.closing.cancel();
        self.stop.cancel();
        self.running.wait().await;
    }

    /// Makes a call one that can be cancelled by its id, until what this gives is dropped. None: that id is taken by another.
    pub(super) fn cancellable(&self, session: Arc<str>, id: RequestId) -> Option<Cancellable> {
        let token = CancellationToken::new();
        let mut sessions = self.lock();
        let calls = sessions.entry(session.clone()).or_default();
        if calls.contains_key(&id) {
            return None;
        }
        calls.insert(id.clone(), token.clone());
        drop(sessions);
        Some(Cancellable { calls: self.clone(), session, id, token })
    }

    /// Cancels a session's call. Without such a call: nothing.
    pub(super) fn cancel(&self, session: &str, id: &RequestId) {
        if let Some(token) = self.lock().get(session).and_then(|calls| calls.get(id)) {
            token.cancel();
        }
    }

    /// Cancels all calls of a session.
    pub(super) fn cancel_all(&self, session: &str) {
        self.lock().get(session).into_iter().flat_map(HashMap::values).for_each(CancellationToken::cancel);
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.cancellable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that its client can cancel.
pub(super) struct Cancellable {
    calls: Calls,
    session: Arc<str>,
    id: RequestId,
    token: CancellationToken,
}

impl Cancellable {
    /// Returns when the call is cancelled; never for one that can't be.
    pub(super) async fn wait(this: Option<&Cancellable>) {
        match this {
            Some(call) => call.token.cancelled().await,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Cancellable {
    fn drop(&mut self) {
        let mut sessions = self.calls.lock();
        if let Some(calls) = sessions.get_mut(&self.session) {
            calls.remove(&self.id);
            if calls.is_empty() {
                sessions.remove(&self.session);
            }
        }
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_is_cancelled_by_its_id_in_its_session() {
        let calls = Calls::default();
        let id = RequestId::Number(1);
        let mine = calls.cancellable("a".into(), id.clone()).unwrap();
        let other = calls.cancellable("b".into(), id.clone()).unwrap();
        assert!(calls.cancellable("a".into(), id.clone()).is_none());
        calls.cancel("a", &RequestId::Number(2));
        assert!(!mine.token.is_cancelled());
        calls.cancel("a", &id);
        Cancellable::wait(Some(&mine)).await;
        assert!(!other.token.is_cancelled());
        calls.cancel_all("b");
        Cancellable::wait(Some(&other)).await;
        drop((mine, other));
        assert!(calls.lock().is_empty());
        assert!(calls.cancellable("a".into(), id).is_some());
    }

    #[tokio::test]
    async fn finishing_waits_then_stops() {
        const SHORT: Duration = Duration::from_millis(50);
        let calls = Calls::default();
        let began = calls.begin().unwrap();
        let before = std::time::Instant::now();
        let finishing = tokio::spawn({
            let calls = calls.clone();
            async move { calls.finish_within(SHORT).await }
        });
        calls.stopped().await;
        assert!(before.elapsed() >= SHORT);
        assert!(calls.begin().is_none());
        assert!(!finishing.is_finished());
        drop(began);
        finishing.await.unwrap();
    }

    #[tokio::test]
    async fn finishing_without_calls_is_immediate() {
        let before = std::time::Instant::now();
        Calls::default().finish().await;
        assert!(before.elapsed() < GRACE / 2);
    }
}
