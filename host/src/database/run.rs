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
use crate::signal::Signal;
use crate::supervise::{Detach, SHUTDOWN_WAIT, until_grace};

/// What is done on a connection.
pub(super) type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, CallError>> + Send + 'a>>;

impl Database {
    /// Runs `work` on a connection. Past `timeout` (None: the database's statement timeout), or when this future is dropped,
    /// the driver is told to stop; the connection goes back to the pool if it is still good.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        timeout: Option<Duration>,
        work: impl for<'a> FnOnce(&'a mut Connection) -> Work<'a, T> + Send + 'static,
    ) -> Result<T, CallError> {
        let mut lease = self.pool.get().await.map_err(|why| why.of(&self.id))?;
        let limit = timeout
            .unwrap_or(self.statement_timeout())
            .min(self.statement_timeout());
        let signal = Arc::new(Signal::default());
        let entry = self.active.enter(signal.clone());
        let driver = self.manifest.name.clone();
        let told = signal.clone();
        let call = async move {
            let _entry = entry;
            lease.begin(told.clone());
            let outcome = until_grace(&told, Some(Instant::now() + limit), work(&mut lease)).await;
            let outcome = match outcome {
                Ok(done) => done,
                Err(why) => {
                    lease.condemn();
                    Err(fault::unresponsive(&driver, kind(why)))
                }
            };
            lease.give_back().await;
            outcome
        };
        Detach::new(signal, call)
            .await
            .map_err(|why| explain_timeout(why, limit).of(&self.id))
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
        return why.hint(format!("the limit was {} ms: ask for less, pass a longer timeout_ms, or have statement_timeout raised", limit.as_millis()));
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
        Entry {
            calls: self.0.clone(),
            number,
        }
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
        self.running
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.calls.lock().remove(&self.number);
        self.calls.ended.notify_waiters();
    }
}
