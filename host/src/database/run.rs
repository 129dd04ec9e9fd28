//! One call on a connection of the pool, from taking it to giving it back.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::Database;
use crate::connection::{Connection, fault};
use crate::contract::ErrorKind;
use crate::contract::call::Interruption;
use crate::error::CallError;
use crate::metrics;
use crate::pool::Lease;
use crate::signal::Signal;
use crate::supervise::{Detach, SHUTDOWN_WAIT, until_grace};

/// What is done on a connection.
pub(super) type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, CallError>> + Send + 'a>>;

impl Database {
    /// Runs `work` on a connection of the pool and gives it back. Past `timeout` (None: the database's statement timeout), or
    /// when this future is dropped, the driver is told to stop; a connection that is still good is used again.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        timeout: Option<Duration>,
        work: impl for<'a> FnOnce(&'a mut Connection) -> Work<'a, T> + Send + 'static,
    ) -> Result<T, CallError> {
        let (_, answer) = self.run_keeping(timeout, work, |_| false).await?;
        Ok(answer)
    }

    /// As [`Database::run`], but that the connection comes with an answer that is to keep it.
    pub(super) async fn run_keeping<T: Send + 'static>(
        &self,
        timeout: Option<Duration>,
        work: impl for<'a> FnOnce(&'a mut Connection) -> Work<'a, T> + Send + 'static,
        keeps: impl FnOnce(&T) -> bool + Send + 'static,
    ) -> Result<(Option<Lease>, T), CallError> {
        let lease = self.lease().await?;
        let call = Call::new(self, timeout);
        let signal = call.signal.clone();
        let limit = call.limit;
        let told = signal.clone();
        let whole = async move {
            let (lease, outcome) = call.on(lease, work).await;
            let kept = match outcome {
                Ok(answer) if told.raised().is_none() && lease.alive() && keeps(&answer) => return Ok((Some(lease), answer)),
                other => other,
            };
            lease.give_back().await;
            kept.map(|answer| (None, answer))
        };
        self.explained(Detach::new(signal, whole).await, limit)
    }

    /// As [`Database::run`], on a connection that stays with its holder. None comes back if the call was cut short: what was
    /// in hand on the connection is then over.
    pub(super) async fn run_on<T: Send + 'static>(
        &self,
        lease: Lease,
        timeout: Option<Duration>,
        work: impl for<'a> FnOnce(&'a mut Connection) -> Work<'a, T> + Send + 'static,
    ) -> (Option<Lease>, Result<T, CallError>) {
        metrics::concerns(&self.line.measured);
        let call = Call::new(self, timeout);
        let signal = call.signal.clone();
        let limit = call.limit;
        let told = signal.clone();
        let whole = async move {
            let (lease, outcome) = call.on(lease, work).await;
            if told.raised().is_some() || !lease.alive() {
                lease.give_back().await;
                return (None, outcome);
            }
            (Some(lease), outcome)
        };
        let (lease, outcome) = Detach::new(signal, whole).await;
        (lease, self.explained(outcome, limit))
    }
}

impl Database {
    fn explained<T>(&self, outcome: Result<T, CallError>, limit: Duration) -> Result<T, CallError> {
        self.heard(&outcome);
        outcome.map_err(|why| explain_timeout(why, limit).of(&self.id))
    }
}

/// One call: its signal, its time, and its place among those that run.
struct Call {
    signal: Arc<Signal>,
    limit: Duration,
    driver: String,
    _entry: Entry,
}

impl Call {
    fn new(database: &Database, timeout: Option<Duration>) -> Call {
        let most = database.statement_timeout();
        let signal = Arc::new(Signal::default());
        Call {
            limit: timeout.map_or(most, |timeout| timeout.min(most)),
            driver: database.manifest.name.clone(),
            _entry: database.active.enter(signal.clone()),
            signal,
        }
    }

    async fn on<T>(
        self,
        mut lease: Lease,
        work: impl for<'a> FnOnce(&'a mut Connection) -> Work<'a, T>,
    ) -> (Lease, Result<T, CallError>) {
        lease.begin(self.signal.clone());
        let outcome = until_grace(&self.signal, Some(Instant::now() + self.limit), work(&mut lease)).await;
        let outcome = outcome.unwrap_or_else(|why| {
            lease.condemn();
            Err(fault::unresponsive(&self.driver, lease.measured(), kind(why)))
        });
        (lease, outcome)
    }
}

fn kind(why: Interruption) -> ErrorKind {
    match why {
        Interruption::Cancelled => ErrorKind::Cancelled,
        Interruption::Timeout => ErrorKind::Timeout,
    }
}

fn explain_timeout(why: CallError, limit: Duration) -> CallError {
    if why.is_timeout() && why.record().hint.is_none() {
        return why.hint(format!(
            "the limit was {} ms: ask for less, pass a longer timeout_ms, or have statement_timeout raised",
            limit.as_millis()
        ));
    }
    why
}

/// The calls that run now, so that shutting down can stop them.
#[derive(Default)]
pub(super) struct Active(Arc<Calls>);

#[derive(Default)]
struct Calls {
    next: AtomicU64,
    running: Mutex<HashMap<u64, Arc<Signal>>>,
    ended: Notify,
}

/// One running call.
pub(super) struct Entry {
    calls: Arc<Calls>,
    number: u64,
}

impl Active {
    fn enter(&self, signal: Arc<Signal>) -> Entry {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        self.0.lock().insert(number, signal);
        Entry { calls: self.0.clone(), number }
    }

    /// Tells every call to stop and waits until they have.
    pub(super) async fn stop_all(&self) {
        let stopped = async {
            loop {
                let ended = self.0.ended.notified();
                tokio::pin!(ended);
                ended.as_mut().enable();
                let running: Vec<Arc<Signal>> = self.0.lock().values().cloned().collect();
                if running.is_empty() {
                    return;
                }
                for signal in running {
                    signal.raise(Interruption::Cancelled);
                }
                ended.await;
            }
        };
        let _ = tokio::time::timeout(SHUTDOWN_WAIT, stopped).await;
    }
}

impl Calls {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<Signal>>> {
        self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.calls.lock().remove(&self.number);
        self.calls.ended.notify_waiters();
    }
}
