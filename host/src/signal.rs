//! How a running call is told to end.
//!
//! One signal for each call of a connection. It is raised at most once, by the caller's going, by the deadline or by shutdown;
//! the driver sees it as one `cancelled` or `timeout` answer of the stream call that waits or comes next.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use tokio::sync::Notify;

use crate::contract::call::Interruption;

const RUNNING: u8 = 0;
const CANCELLED: u8 = 1;
const TIMED_OUT: u8 = 2;

/// A call's end, asked for.
#[derive(Default)]
pub(crate) struct Signal {
    state: AtomicU8,
    delivered: AtomicBool,
    notify: Notify,
}

impl Signal {
    /// Asks the call to end. The first reason stays.
    pub(crate) fn raise(&self, why: Interruption) {
        let state = match why {
            Interruption::Cancelled => CANCELLED,
            Interruption::Timeout => TIMED_OUT,
        };
        if self.state.compare_exchange(RUNNING, state, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            self.notify.notify_waiters();
        }
    }

    /// Why the call should end, if it should.
    pub(crate) fn raised(&self) -> Option<Interruption> {
        match self.state.load(Ordering::Acquire) {
            CANCELLED => Some(Interruption::Cancelled),
            TIMED_OUT => Some(Interruption::Timeout),
            _ => None,
        }
    }

    /// Waits until the call should end.
    pub(crate) async fn wait(&self) -> Interruption {
        loop {
            let notified = self.notify.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if let Some(why) = self.raised() {
                return why;
            }
            notified.await;
        }
    }

    /// As [`Signal::raised`], but once: after that the driver is left to clean up.
    pub(crate) fn deliver(&self) -> Option<Interruption> {
        let why = self.raised()?;
        (!self.delivered.swap(true, Ordering::AcqRel)).then_some(why)
    }

    /// Runs a stream operation until it ends or the signal is to be delivered.
    pub(crate) async fn interrupt<T>(&self, work: impl Future<Output = T>) -> Result<T, Interruption> {
        if let Some(why) = self.deliver() {
            return Err(why);
        }
        if self.delivered.load(Ordering::Acquire) {
            return Ok(work.await);
        }
        tokio::pin!(work);
        tokio::select! {
            biased;
            done = &mut work => Ok(done),
            _ = self.wait() => match self.deliver() {
                Some(why) => Err(why),
                None => Ok(work.await),
            },
        }
    }
}
