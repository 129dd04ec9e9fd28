//! What instances cost.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::book::Measured;

/// An instance, counted while this lives.
pub(crate) struct Instance {
    pub(crate) measured: Arc<Measured>,
    memory: i64,
}

impl Instance {
    /// Counts one more.
    pub(crate) fn new(measured: Arc<Measured>) -> Instance {
        measured.created.fetch_add(1, Ordering::Relaxed);
        measured.alive.fetch_add(1, Ordering::Relaxed);
        Instance { measured, memory: 0 }
    }

    /// Says how much linear memory it has now.
    pub(crate) fn holds(&mut self, bytes: usize) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        if bytes != self.memory {
            self.measured.memory.fetch_add(bytes - self.memory, Ordering::Relaxed);
            self.memory = bytes;
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.measured.alive.fetch_sub(1, Ordering::Relaxed);
        self.measured.memory.fetch_sub(self.memory, Ordering::Relaxed);
    }
}

/// Counts the time in which a guest, and what it calls of the host, computes: by the clock, from each time it is woken to the next
/// time that it waits. Waiting for the database isn't in it.
pub(crate) async fn timed<T>(measured: &Measured, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    poll_fn(|context| {
        let began = Instant::now();
        let polled = work.as_mut().poll(context);
        let spent = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        measured.guest.fetch_add(spent, Ordering::Relaxed);
        polled
    })
    .await
}
